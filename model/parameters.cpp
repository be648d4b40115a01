#include "model/parameters.hpp"

#include <cmath>
#include <numbers>

#include "core/buffer.hpp"
#include "core/random.hpp"
#include "core/size.hpp"

namespace dcrnn::model {

std::size_t ParameterTable::add(std::string name, std::vector<std::size_t> shape, Init init) {
  std::size_t size = 1;
  for (std::size_t extent : shape) size = checked_mul(size, extent, name);
  const std::size_t offset = total_;
  // Room for the rounding as well, so that round_up below cannot overflow.
  const std::size_t end = checked_add(total_, checked_add(size, kAlignment, name), name);
  checked_mul(end, sizeof(double), name);
  total_ = round_up(offset + size, kAlignment / sizeof(float));
  all_.push_back({std::move(name), std::move(shape), offset, size, init});
  return offset;
}

LinearLayout ParameterTable::add_linear(const std::string& name, std::size_t out, std::size_t in) {
  LinearLayout linear{in, out, 0, 0};
  linear.weight = add(name + ".weight", {out, in}, Init::uniform_fan_in);
  linear.bias = add(name + ".bias", {out}, Init::zeros);
  return linear;
}

GruLayout ParameterTable::add_gru(const std::string& name, Candidate candidate, std::size_t input,
                                  std::size_t state) {
  GruLayout gru;
  gru.candidate = candidate;
  gru.input = input;
  gru.state = state;
  const std::size_t inputs = checked_mul(gru.input_gates(), state, name);
  const std::size_t states = checked_mul(3, state, name);
  gru.weight_ih = add(name + ".weight_ih", {inputs, input}, Init::uniform_fan_in);
  gru.weight_hh = add(name + ".weight_hh", {states, state}, Init::uniform_fan_in);
  gru.bias_ih = add(name + ".bias_ih", {inputs}, Init::zeros);
  gru.bias_hh = add(name + ".bias_hh", {states}, Init::zeros);
  return gru;
}

ParameterTable::ParameterTable(const ModelConfig& config, std::span<const std::size_t> rows)
    : table_rows(rows.begin(), rows.end()) {
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    input_width = checked_add(input_width, field.width(), "the width of x0");
    tables.push_back(field.has_table() ? add("embedding." + field.name + ".weight",
                                             {table_rows[f], field.dim}, Init::embedding)
                                       : 0);
  }
  dense_begin_ = total_;

  const CrossConfig& cross_config = config.cross;
  const std::size_t sets = cross_config.layers == 0 ? 0 : cross_config.tied ? 1 : cross_config.layers;
  for (std::size_t l = 0; l < sets; ++l) {
    const std::string name = cross_config.tied ? "cross" : "cross." + std::to_string(l);
    cross.push_back(add_gru(name, cross_config.candidate, input_width, input_width));
  }

  std::size_t shared_width = input_width;  // of s^k
  std::size_t thin_width = input_width;    // of v_t^k
  for (std::size_t k = 0; k < config.sharing.size(); ++k) {
    const SharingConfig& block_config = config.sharing[k];
    SharingLayout block;
    block.shared_units = block_config.shared_units;
    block.private_units = block_config.private_units;
    block.gate = block.shared_units == 0 ? Gate::none : block_config.gate;
    const std::string prefix = "sharing." + std::to_string(k) + ".";
    if (block.shared_units > 0)
      block.shared = add_linear(prefix + "shared", block.shared_units, shared_width);
    for (const Task& task : config.tasks) {
      const std::string name = prefix + task.name;
      if (block.gate == Gate::input)
        block.gates.push_back(add_linear(name + ".gate", block.shared_units, thin_width));
      if (block.gate == Gate::fixed) {
        block.static_gates.push_back(add(name + ".gate.bias", {block.shared_units}, Init::zeros));
      }
      if (block.private_units > 0)
        block.privates.push_back(add_linear(name + ".private", block.private_units, thin_width));
    }
    shared_width = block.shared_units;
    thin_width = checked_add(block.shared_units, block.private_units, prefix);
    sharing.push_back(std::move(block));
  }

  for (const Task& task : config.tasks) {
    std::size_t width = thin_width;
    std::vector<LinearLayout> layers;
    for (std::size_t i = 0; i < config.tower.size(); ++i) {
      layers.push_back(add_linear("tower." + task.name + "." + std::to_string(i), config.tower[i], width));
      width = config.tower[i];
    }
    tower.push_back(std::move(layers));
    head_width = width;
    transfer.push_back(config.transfer && task.parent != kNoParent
                           ? add_gru("transfer." + task.name, Candidate::tanh, width, width)
                           : GruLayout{});
    head.push_back(add_linear("head." + task.name, 1, width));
  }
}

const Parameter* ParameterTable::find(std::string_view name) const {
  for (const Parameter& parameter : all_) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

void initialize(const ParameterTable& table, std::uint64_t seed, double init_scale, std::span<float> arena) {
  std::uint32_t stream = 0;
  for (const Parameter& parameter : table.all()) {
    float* to = arena.data() + parameter.offset;
    const double bound =
        parameter.shape.size() < 2 ? 0.0 : 1.0 / std::sqrt(static_cast<double>(parameter.shape[1]));
    for (std::size_t i = 0; i < parameter.size; ++i) {
      const auto words = philox(seed, RandomUse::init, stream, i);
      switch (parameter.init) {
        case Init::zeros:
          to[i] = 0;
          break;
        case Init::uniform_fan_in:
          to[i] = static_cast<float>(bound * (2 * to_unit(words[0]) - 1));
          break;
        case Init::embedding: {  // Box and Muller 1958
          const double radius = std::sqrt(-2 * std::log(1 - to_unit(words[0])));
          to[i] =
              static_cast<float>(init_scale * radius * std::cos(2 * std::numbers::pi * to_unit(words[1])));
          break;
        }
      }
    }
    ++stream;
  }
}

}  // namespace dcrnn::model
