#include "train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "core/random.hpp"
#include "core/threads.hpp"
#include "optim/schedule.hpp"

namespace dcrnn::train {

namespace {

/// Elements of the dense gradients that one thread reduces at a time; fixes the order of the gradient norm.
constexpr std::size_t kChunk = 16384;

constexpr const char* kDivergedHelp =
    "lower train.optimizer.rate, set train.clip_norm, or look for extreme numbers in the data";

std::size_t chunks(std::size_t n) {
  return (n + kChunk - 1) / kChunk;
}

/// What muon must know of the cross layers; kinds without state weights don't care.
model::Candidate candidate_of(const ModelConfig& config) {
  const auto* gru = std::get_if<model::GruCross::Config>(&config.cross);
  return gru != nullptr ? gru->candidate : model::Candidate::tanh;
}

bool pcgrad(const Config& config) {
  return config.model.gradients == model::Combination::pcgrad;
}

/// What the engine of every step computes: values are kept only where each step needs the tasks' gradients.
model::Build::Purpose purpose(const Config& config) {
  if (!pcgrad(config)) return {.training = true};
  return {.training = true, .keep_values = true, .tasks = model::TaskGradientsOf::everything};
}

/// Rows whose activations are kept at a time.
std::size_t window(int threads) {
  return model::kGroupRows * static_cast<std::size_t>(threads);
}

bool finite(const float* x, std::size_t n) {
  return std::all_of(x, x + n, [](float value) { return std::isfinite(value); });
}

}  // namespace

Trainer::Trainer(const Config& config, const model::ParameterTable& table, std::span<float> parameters,
                 std::size_t total_steps, const kernels::Table<float>& ops, int threads, const Survey* survey)
    : config_(config),
      table_(table),
      parameters_(parameters),
      total_steps_(total_steps),
      ops_(ops),
      threads_(threads),
      threads_now_(threads),
      engine_(config.model, table, ops, config.train.batch, window(threads), purpose(config)),
      plan_(plan_updates(table.all(), table.dense_begin(), table.total(), config.train.optimizer.kind,
                         candidate_of(config.model))),
      state_(config.train.tables.optimizer.kind, config.train.optimizer.kind, table.dense_begin(),
             table.total()),
      dense_(config.train.optimizer, ops, state_),
      tables_(config.train.tables.optimizer, ops, state_),
      muon_(ops, plan_.matrices),
      square_sums_(chunks(engine_.dense_size()) + table.lookups().size()) {
  if (survey != nullptr) ridge_.emplace(config, table, *survey);
  if (config.train.interference == 0 || pcgrad(config)) return;
  comparing_.emplace(
      config.model, table, ops, config.train.batch, window(threads),
      model::Build::Purpose{.training = true, .keep_values = true, .tasks = model::TaskGradientsOf::shared});
}

void Trainer::resume_at(std::uint64_t steps, std::uint64_t rows_trained) {
  state_.steps = steps;
  rows_trained_ = rows_trained;
  packed_ = false;
}

void Trainer::pack() {
  if (!packed_) engine_.set_parameters(parameters_.data(), threads_now_);
  packed_ = true;
}

void Trainer::choose_threads(std::size_t rows) {
  constexpr double kPasses = 3,
                   kPerParameter = 8;  // forward and two backward; gradient, norm, update, packing
  const double products = kPasses * engine_.network().plan().flops * static_cast<double>(rows);
  threads_now_ = threads_fed(threads_, products + kPerParameter * static_cast<double>(engine_.dense_size()));
}

const std::vector<double>& Trainer::losses(const Batch& batch) {
  choose_threads(batch.rows);
  pack();
  engine_.forward(batch, nullptr, threads_now_);
  return engine_.losses().tasks;
}

StepReport Trainer::differentiate(Batch& batch) {
  choose_threads(batch.rows);
  pack();
  drop_ids(batch);
  const TrainConfig& train = config_.train;
  const model::DropoutState dropout{train.seed,          rows_trained_,
                                    train.dropout.input, train.dropout.sharing,
                                    train.dropout.tower, train.dropout.field};
  StepReport report;
  report.compared = pass(batch, dropout);
  report.loss = engine().losses().total();
  if (ridge_) ridge_->add(batch.rows, parameters_.data(), engine().sparse_gradients(), threads_now_);
  report.gradient_norm = std::sqrt(gradient_square_sum());
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) fail_diverged(batch, dropout);
  report.rate = optim::rate_at(train.schedule, train.optimizer.rate, state_.steps, total_steps_);
  return report;
}

void Trainer::update(std::size_t rows, const StepReport& report) {
  const double most = config_.train.clip_norm;
  const bool clip = most > 0 && report.gradient_norm > most;
  move(clip ? most / report.gradient_norm : 1.0, report.rate);
  rows_trained_ += rows;
}

bool Trainer::pass(const Batch& batch, const model::DropoutState& dropout) {
  const std::size_t every = config_.train.interference;
  const bool look = every > 0 && state_.steps % every == 0;
  compared_ = look && comparing_;
  if (pcgrad(config_)) {
    engine_.forward_backward_tasks(batch, &dropout, threads_now_);
    engine_.combine_tasks(state_.steps, threads_now_);
  } else if (compared_) {
    comparing_->set_parameters(parameters_.data(), threads_now_);
    comparing_->forward_backward_and_compare(batch, &dropout, threads_now_);
  } else {
    engine_.forward_backward(batch, &dropout, threads_now_);
  }
  return look;
}

/// So that the unknown row means something at prediction, a small share of ids is unknown while training.
void Trainer::drop_ids(Batch& batch) const {
  const double rate = config_.train.unknown_rate;
  if (rate <= 0) return;
  const auto threshold = static_cast<std::uint64_t>(rate * 4294967296.0);  // of a 32-bit word
  parallel_for(threads_now_, config_.model.fields.size(), [&](std::size_t f, int) {
    const Field& field = config_.model.fields[f];
    if (!field.has_vocabulary()) return;
    BatchColumn& column = batch.columns[f];
    const bool bag = field.type == FieldType::bag;
    const auto stream = static_cast<std::uint32_t>(f);
    for (std::size_t b = 0; b < batch.rows; ++b) {
      const std::size_t begin = bag ? column.offsets[b] : b, end = bag ? column.offsets[b + 1] : b + 1;
      for (std::size_t i = begin; i < end; ++i) {
        // Four items to a draw; the row stands above the item in the counter.
        const std::uint64_t item = i - begin;
        const std::uint64_t index = ((rows_trained_ + b) << 20) + item / 4;
        if (philox(config_.train.seed, RandomUse::unknown, stream, index)[item % 4] < threshold)
          column.ids[i] = 0;
      }
    }
  });
}

double Trainer::gradient_square_sum() {
  const std::size_t dense = chunks(engine().dense_size());
  const float* gradients = engine().dense_gradients();
  parallel_for(threads_now_, square_sums_.size(), [&](std::size_t i, int) {
    if (i < dense) {
      const std::size_t first = i * kChunk;
      ops_.square_sum({std::min(kChunk, engine().dense_size() - first), gradients + first, &square_sums_[i]});
    } else {
      const model::SparseRows<float>& sparse = engine().sparse_gradients()[i - dense];
      ops_.square_sum({sparse.gradient.size(), sparse.gradient.data(), &square_sums_[i]});
    }
  });
  double sum = 0;
  for (double part : square_sums_) sum += part;
  return sum;
}

void Trainer::move(double scale, double rate) {
  const OptimizerConfig& dense = config_.train.optimizer;
  const TablesConfig& tables = config_.train.tables;
  const double tables_rate =
      optim::rate_at(tables.schedule, tables.optimizer.rate, state_.steps, total_steps_);
  ++state_.steps;
  dense_.begin_step(rate, scale);
  tables_.begin_step(tables_rate, scale);
  float* parameters = parameters_.data();
  const auto gradient_at = [&](std::size_t offset) {
    return engine().dense_gradients() + (offset - table_.dense_begin());
  };
  parallel_for(threads_now_, plan_.spans.size() + table_.lookups().size(), [&](std::size_t i, int) {
    if (i < plan_.spans.size()) {
      const Span& span = plan_.spans[i];
      dense_.update(parameters, span.offset, gradient_at(span.offset), span.size, span.decays);
    } else {
      const std::size_t table = i - plan_.spans.size();
      const model::SparseRows<float>& sparse = engine().sparse_gradients()[table];
      tables_.update_rows(parameters, table_.lookups()[table].offset, sparse.width, sparse.touched,
                          sparse.gradient.data());
    }
  });
  const optim::MuonStep step{rate, dense.momentum, dense.weight_decay, scale};
  for (const optim::Matrix& matrix : plan_.matrices) {
    muon_.update(matrix.rows, matrix.columns, parameters + matrix.offset, gradient_at(matrix.offset),
                 state_.at(0, matrix.offset), step, threads_now_);
  }
  engine_.set_parameters(parameters, threads_now_);
}

std::string Trainer::first_bad_parameter() const {
  for (const model::Parameter& parameter : table_.all()) {
    if (!finite(parameters_.data() + parameter.offset, parameter.size)) return parameter.name;
  }
  return {};
}

void Trainer::check_parameters() const {
  const std::string culprit = first_bad_parameter();
  if (culprit.empty()) return;
  fail(ErrorCode::diverged,
       "training diverged at step " + std::to_string(state_.steps) + ": NaN or infinity in " + culprit,
       kDivergedHelp);
}

void Trainer::fail_diverged(const Batch& batch, const model::DropoutState& dropout) {
  std::string culprit = first_bad_parameter();
  // The backward pass has overwritten some of the forward's values: run it once more and look at them in
  // order.
  if (culprit.empty()) {
    std::string previous;
    std::vector<float> values;
    const auto check = [&] {
      if (culprit.empty() && !finite(values.data(), values.size())) culprit = previous;
    };
    const model::TraceSink<float> sink = [&](const std::string& name, std::vector<std::size_t> shape) {
      check();
      previous = name;
      values.assign(shape[0] * shape[1], 0.0F);
      return values.data();
    };
    engine_.forward(batch, &dropout, threads_now_, [&] {
      engine_.network().trace(model::Tracer<float>{engine_.arena(), sink});
      check();
    });
  }
  if (culprit.empty() && !std::isfinite(engine_.losses().total())) culprit = "loss";
  if (culprit.empty()) {
    engine_.forward_backward(batch, &dropout, threads_now_);
    std::vector<float> gradient;
    for (std::size_t i = 0; i < table_.all().size() && culprit.empty(); ++i) {
      gradient.resize(table_.all()[i].size);
      engine_.copy_gradient(i, gradient.data());
      if (!finite(gradient.data(), gradient.size())) culprit = "grad." + table_.all()[i].name;
    }
  }
  fail(ErrorCode::diverged,
       "training diverged at step " + std::to_string(state_.steps + 1) + ": first NaN or infinity in " +
           culprit,
       kDivergedHelp);
}

}  // namespace dcrnn::train
