#include "model/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include "core/buffer.hpp"
#include "core/failure.hpp"
#include "core/random.hpp"
#include "core/size.hpp"

namespace dcrnn::model {

std::size_t ParameterTable::add(std::string name, std::vector<std::size_t> shape, Init init, Owner owner) {
  std::size_t size = 1;
  for (std::size_t extent : shape) size = checked_mul(size, extent, name);
  const std::size_t offset = total_;
  // Room for the rounding as well, so that round_up below cannot overflow.
  const std::size_t end = checked_add(total_, checked_add(size, kAlignment, name), name);
  checked_mul(end, sizeof(double), name);
  total_ = round_up(offset + size, kAlignment / sizeof(float));
  values_ += size;
  if (refuse_ && values_ > most_) refuse_(values_);
  if (owner == kObjective) {
    objective_begin_ = std::min(objective_begin_, offset);
  } else if (objective_begin_ < offset) {
    fail(ErrorCode::internal, name + ": behind the parameters of the objective");
  }
  all_.push_back({std::move(name), std::move(shape), offset, size, init, owner});
  return offset;
}

std::size_t ParameterTable::add_lookup(std::string name, LookupTable lookup, Init init) {
  if (total_ != dense_begin_) fail(ErrorCode::internal, name + ": a table behind dense tensors");
  lookup.offset = add(std::move(name), {lookup.rows, lookup.width}, init, lookup.owner);
  lookups_.push_back(lookup);
  dense_begin_ = total_;
  return lookup.offset;
}

const Parameter* ParameterTable::find(std::string_view name) const {
  for (const Parameter& parameter : all_) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

const Parameter& ParameterTable::at(std::size_t offset) const {
  const auto behind = std::upper_bound(all_.begin(), all_.end(), offset,
                                       [](std::size_t at, const Parameter& one) { return at < one.offset; });
  return *std::prev(behind);
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
        case Init::mostly_own: {
          const std::size_t n = parameter.shape[1];
          to[i] = n == 1 ? 1.0f : i / n == i % n ? 0.9f : 0.1f / static_cast<float>(n - 1);
          break;
        }
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
