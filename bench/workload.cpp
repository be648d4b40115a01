#include "bench/workload.hpp"

#include "core/random.hpp"

namespace dcrnn::bench {

namespace {

template <model::Candidate candidate>
void gru(ModelConfig& model) {
  std::get<model::GruCross::Config>(model.cross).candidate = candidate;
}

/// Hard sharing behind the cross, as its authors have one layer of units.
void dcn_v2(ModelConfig& model) {
  model.cross = model::DcnV2::Config{};
  model.sharing = {model::Partial::Config{.private_units = 0, .gate = model::Gate::none}};
  model.transfer = model::NoTransfer::Config{};
}

/// Experts alone, without a cross.
template <class Block>
void experts(ModelConfig& model) {
  model.cross = model::NoCross::Config{};
  model.sharing = {Block{}};
  model.transfer = model::NoTransfer::Config{};
}

}  // namespace

const Architecture kTanh = {"tanh", gru<model::Candidate::tanh>};
const Architecture kCross = {"cross", gru<model::Candidate::cross>};
const Architecture kDcnV2 = {"dcn_v2", dcn_v2};
const Architecture kMmoe = {"mmoe", experts<model::Mmoe::Config>};
const Architecture kPle = {"ple", experts<model::Ple::Config>};

std::string config_json(const Workload& workload, const Architecture& architecture, std::size_t batch) {
  Config config;
  for (std::size_t i = 0; i < workload.ids + workload.numbers; ++i) {
    Field field;
    field.name = field.column = "f" + std::to_string(i);
    if (i < workload.ids) {
      field.encoding = Encoding::id;
      field.size = workload.table_rows(i);
      field.dim = workload.dim;
    } else {
      field.type = FieldType::number;
      field.transform = Transform::none;
    }
    config.model.fields.push_back(field);
  }
  config.model.tasks = {Task{"click", "click"}, Task{"consume", "consume", 0}};
  architecture.set(config.model);
  config.train.batch = batch;
  config.train.optimizer = {};
  config.train.schedule = {.kind = ScheduleKind::constant, .warmup = 0};
  config.train.tables = tables_like(config.train.optimizer, config.train.schedule);
  config.train.dropout = {0, 0, 0};
  return to_json(config);
}

Model make_model(const Workload& workload, const Architecture& architecture, std::size_t batch) {
  return value_of(Model::create(config_json(workload, architecture, batch)));
}

double training_flops(Workload workload, const Architecture& architecture) {
  workload.size = workload.largest = 1;  // they do not count
  return value_of(inspect(make_model(workload, architecture, 1))).training_flops_per_row;
}

Sample::Sample(const Workload& workload, std::size_t count, std::uint64_t seed)
    : count_(count), names_(workload.ids + workload.numbers), truths_(2) {
  const auto draw = [seed](std::size_t stream, std::size_t row) {
    return philox(seed, RandomUse::check, static_cast<std::uint32_t>(stream), row)[0];
  };
  for (std::size_t f = 0; f < names_.size(); ++f) {
    names_[f] = "f" + std::to_string(f);
    if (f < workload.ids) {
      const std::size_t size = workload.table_rows(f);
      ids_.emplace_back(count);
      for (std::size_t b = 0; b < count; ++b) ids_.back()[b] = static_cast<std::uint32_t>(draw(f, b) % size);
    } else {
      numbers_.emplace_back(count);
      for (std::size_t b = 0; b < count; ++b) numbers_.back()[b] = 2 * to_unit(draw(f, b)) - 1;
    }
  }
  for (std::size_t t = 0; t < truths_.size(); ++t) {
    truths_[t].resize(count);
    for (std::size_t b = 0; b < count; ++b)
      truths_[t][b] = static_cast<std::int8_t>(draw(1000 + t, b) % 2 == 0 && (t == 0 || truths_[0][b] == 1));
  }
  for (std::size_t f = 0; f < names_.size(); ++f) {
    columns_.push_back(f < workload.ids ? Column::of_ids(names_[f], ids_[f])
                                        : Column::of_numbers(names_[f], numbers_[f - workload.ids]));
  }
  labels_ = {{"click", truths_[0]}, {"consume", truths_[1]}};
}

}  // namespace dcrnn::bench
