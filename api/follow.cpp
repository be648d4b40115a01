#include "dcrnn/follow.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "api/model_impl.hpp"
#include "config/json.hpp"
#include "config/writer.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "data/row_reader.hpp"
#include "model/page_of.hpp"
#include "model/trace.hpp"

namespace dcrnn {

namespace {

constexpr std::size_t kRowsAtATime = 4096;

Batch read_row(const Model::Impl& model, const std::string& path, std::uint64_t row) {
  const std::string where = path == "-" ? "standard input" : printable(path);
  data::RowReader reader(model.config.model, model.encoders, {path},
                         {.labels = data::RowReader::Labels::optional, .soft = true});
  Batch batch;
  for (std::uint64_t before = 0; row > 0;) {
    const std::uint64_t skipped = std::min<std::uint64_t>(row - 1 - before, kRowsAtATime);
    const std::size_t read =
        reader.read(static_cast<std::size_t>(std::max<std::uint64_t>(skipped, 1)), batch);
    if (read == 0) {
      fail(ErrorCode::usage,
           "row " + std::to_string(row) + ": " + where + " has " + std::to_string(before) + " rows",
           "rows are counted from 1, without the header");
    }
    if (skipped == 0) return batch;
    before += read;
  }
  fail(ErrorCode::usage, "row 0: " + where + " has none", "rows are counted from 1, without the header");
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= count ? kDigits[group >> (18 - 6 * j) & 63U] : '=';
  }
  return text;
}

/// What a tensor is in FollowedRow::json.
template <class Real>
Json tensor(const std::string& name, const std::vector<std::size_t>& shape, std::span<const Real> values) {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  std::vector<std::uint8_t> bytes;
  for (Real value : values) {
    const Bits bits = std::bit_cast<Bits>(value);
    for (std::size_t i = 0; i < sizeof bits; ++i)
      bytes.push_back(static_cast<std::uint8_t>(bits >> (8 * i) & 255U));
  }
  return Json::object()
      .with("name", name)
      .with("shape", shape)
      .with("type", sizeof(Real) == 4 ? "f32" : "f64")
      .with("data", base64(bytes));
}

/// The rows of a table that `ids` name, in order.
Json used_rows(const model::Parameter& parameter, const float* values, std::vector<std::uint32_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const std::size_t width = parameter.shape[1];
  std::vector<float> used;
  std::vector<std::size_t> rows;
  for (std::size_t id : ids) {
    used.insert(used.end(), values + id * width, values + (id + 1) * width);
    rows.push_back(id);
  }
  return tensor(parameter.name, parameter.shape, std::span<const float>(used)).with("rows", rows);
}

Json parameters_of(const Model::Impl& model, const Batch& batch) {
  Json::List list;
  const std::span<const float> first = model.member(0);
  for (const model::Parameter& parameter : model.table.all()) {
    const auto& lookups = model.table.lookups();
    const auto table = std::find_if(lookups.begin(), lookups.end(), [&](const model::LookupTable& lookup) {
      return lookup.offset == parameter.offset && !lookup.every_row;
    });
    const auto values = first.subspan(parameter.offset, parameter.size);
    list.push_back(table == lookups.end()
                       ? tensor(parameter.name, parameter.shape, values)
                       : used_rows(parameter, values.data(), batch.columns[table->field].ids));
  }
  return list;
}

Json row_of(const ModelConfig& config, const Batch& batch) {
  Json::List fields, tasks;
  std::size_t column = 0;
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    Json::List numbers;
    if (field.has_table()) {
      for (std::uint32_t id : batch.columns[f].ids) numbers.push_back(id);
    } else {
      for (double number : batch.columns[f].values) numbers.push_back(number);
    }
    const bool projected = field.type == FieldType::rate && config.project > 0;
    fields.push_back(Json::object()
                         .with(field.has_table() ? "ids" : "numbers", std::move(numbers))
                         .with("column", projected ? Json() : Json(column)));
    if (!projected) column += field.width();
  }
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    const bool labelled =
        !batch.labels.empty() && !batch.labels[t].empty() && batch.labels[t][0] != kMissingLabel;
    Json label, soft;
    if (labelled) {
      const double y = batch.labels[t][0], share = config.tasks[t].soft_share;
      label = y;
      // Its share in what is learnt from is known, not the cell.
      if (!batch.targets.empty() && !batch.targets[t].empty() && share > 0)
        soft = (batch.targets[t][0] - (1 - share) * y) / share;
    }
    tasks.push_back(Json::object().with("label", label).with("soft", soft));
  }
  return Json::object()
      .with("fields", std::move(fields))
      .with("tasks", std::move(tasks))
      .with("weight", batch.weights.empty() ? 1.0 : batch.weights[0]);
}

/// The layers in the order in which their pages are run.
class Layers {
 public:
  explicit Layers(const ModelConfig& config) {
    if (config.head) {
      add("input", "docs/embedding.md");
      if (config.project > 0) add("input", "docs/rates.md");
      add("cross", page(config.cross));
      for (std::size_t k = 0; k < config.sharing.size(); ++k) add_block(page(config.sharing[k]), k);
      add("tower", "docs/tower.md");
      add("transfer", page(config.transfer));
    }
    if (config.wide) add("wide", "docs/wide.md");
    add("objective", "docs/loss.md");
    const bool targets = std::any_of(config.tasks.begin(), config.tasks.end(), [](const Task& task) {
      return !task.soft.empty() || task.positive_weight != 1;
    });
    if (targets) add("objective", "docs/targets.md");
    if (config.calibrator > 0) add("objective", "docs/calibrator.md");
    if (config.weighting == model::Weighting::uncertainty) add("objective", "docs/uncertainty.md");
  }

  Json json() const {
    Json::List list;
    for (const Layer& layer : layers_) {
      list.push_back(
          Json::object().with("role", layer.role).with("page", layer.page).with("blocks", layer.blocks));
    }
    return list;
  }
  std::vector<std::string> pages() const {
    std::vector<std::string> found;
    for (const Layer& layer : layers_) {
      if (std::find(found.begin(), found.end(), layer.page) == found.end()) found.push_back(layer.page);
    }
    return found;
  }

 private:
  struct Layer {
    std::string role, page;
    std::vector<std::size_t> blocks;  ///< of sharing: neighbours of one page are run together
  };

  /// The page of a kind; empty for one that does nothing.
  template <class Config>
  static std::string page(const Config& config) {
    return std::visit(
        []<class Of>(const Of&) {
          using Kind = typename Of::Kind;
          return Kind::kWord == "none" ? std::string() : model::page_of<Kind>();
        },
        config);
  }
  void add(std::string role, std::string page) {
    if (!page.empty()) layers_.push_back({std::move(role), std::move(page), {}});
  }
  void add_block(const std::string& page, std::size_t k) {
    if (layers_.empty() || layers_.back().page != page) add("sharing", page);
    layers_.back().blocks.push_back(k);
  }

  std::vector<Layer> layers_;
};

}  // namespace

Result<FollowedRow> follow_row(const Model& model, const std::string& data, std::uint64_t row) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    const Batch batch = read_row(impl, data, row);
    ModelConfig config = impl.config.model;
    // What the optimizer makes of the gradients is not what they are.
    config.gradients = model::Combination::sum;
    const std::span<const float> first = impl.member(0);
    const std::vector<double> wide(first.begin(), first.end());
    Json::List trace;
    for (const auto& one :
         model::trace(config, impl.table, wide.data(), kernels::table<double>(Isa::reference), batch, 1,
                      {.every_gradient = true})) {
      constexpr std::string_view kGradient = "grad.";
      const bool of_parameter =
          one.name.starts_with(kGradient) && impl.table.find(one.name.substr(kGradient.size())) != nullptr;
      // The page makes these itself, and they are as large as the parameters.
      if (!of_parameter) trace.push_back(tensor(one.name, one.shape, std::span<const double>(one.values)));
    }
    const Layers layers(config);
    FollowedRow followed;
    followed.json = Json::object()
                        .with("config", Writer::write(impl.config, kConfigKeys, Writer::Defaults::all))
                        .with("members", impl.members())
                        .with("row", row_of(config, batch))
                        .with("layers", layers.json())
                        .with("parameters", parameters_of(impl, batch))
                        .with("trace", std::move(trace))
                        .dump();
    followed.pages = layers.pages();
    return followed;
  });
}

}  // namespace dcrnn
