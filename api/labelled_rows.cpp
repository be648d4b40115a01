#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "api/compute.hpp"
#include "api/eval_sums.hpp"
#include "api/labelled_rows_impl.hpp"
#include "api/progress.hpp"
#include "api/scoring.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "data/csv.hpp"
#include "data/data_files.hpp"
#include "data/row_reader.hpp"
#include "model/scorer.hpp"

namespace dcrnn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatchRows = 1024;
// The nearest to 0 and 1 that a float tells from them.
constexpr double kLeast = 1e-38, kMost = 1 - 6e-8;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A p of a file of predictions.
float parse_probability(const data::CsvReader& csv, std::size_t column) {
  const std::string_view cell = csv.cell(column);
  double p = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), p);
  if (error != std::errc() || end != cell.data() + cell.size() || !(p >= 0 && p <= 1)) {
    csv.fail_cell(column, "found " + in_quotes(cell) + ", want a probability from 0 to 1",
                  "write what the model predicts, not its logit");
  }
  return static_cast<float>(p);
}

/// Gathers scored batches.
class Gathered {
 public:
  Gathered(const ModelConfig& config, const std::vector<std::size_t>& at) : sums_(config, at) {
    const std::size_t T = config.tasks.size();
    scores_.probabilities.resize(T);
    scores_.logits.resize(T);
    scores_.labels.resize(T);
  }

  void add(const Batch& truth, const std::vector<float>& probabilities, const std::vector<float>& logits) {
    sums_.add(truth, probabilities.data(), logits.data());
    const std::size_t T = scores_.labels.size();
    scores_.weights.insert(scores_.weights.end(), truth.weights.begin(), truth.weights.end());
    for (std::size_t t = 0; t < T; ++t) {
      for (std::size_t b = 0; b < truth.rows; ++b) {
        scores_.probabilities[t].push_back(probabilities[b * T + t]);
        scores_.logits[t].push_back(logits[b * T + t]);
        scores_.labels[t].push_back(truth.labels[t][b]);
      }
    }
  }
  LabelledScores scores(double seconds) {
    scores_.report = sums_.report();
    scores_.seconds = seconds;
    return std::move(scores_);
  }

 private:
  api::EvalSums sums_;
  LabelledScores scores_;
};

}  // namespace

LabelledRows::LabelledRows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LabelledRows::LabelledRows(LabelledRows&&) noexcept = default;
LabelledRows& LabelledRows::operator=(LabelledRows&&) noexcept = default;
LabelledRows::~LabelledRows() = default;

std::size_t LabelledRows::rows() const noexcept {
  return impl_->rows;
}

Result<LabelledRows> LabelledRows::read(const Model& model, const EvalJob& job,
                                        std::string_view config_json) noexcept {
  return guard([&] {
    auto impl = std::make_unique<Impl>();
    impl->schema = model.impl().config.model;
    if (!config_json.empty()) impl->schema.tasks = parse_config(config_json, "config").model.tasks;
    impl->encoders = LabelledRows::Impl::digest(model.impl().encoders);
    if (!impl->suits(model)) {
      fail(ErrorCode::usage, "config: its tasks do not hold those of the model",
           "give one that lists them all");
    }
    impl->name = job.data.empty() ? "data" : printable(job.data[0]);
    data::RowReader::Options options;
    options.groups = !impl->schema.group.empty();
    data::RowReader reader(impl->schema, model.impl().encoders, job.data, options);
    const Clock::time_point begin = Clock::now();
    Batch batch;
    while (reader.read(kBatchRows, batch) > 0) {
      impl->rows += batch.rows;
      impl->batches.push_back(batch);
      if (!api::tell_progress(job.progress, "reading", reader.bytes_done(), reader.bytes_total(), begin)) {
        fail(ErrorCode::stopped, impl->name + ": stopped after " + std::to_string(impl->rows) + " rows", "");
      }
    }
    if (impl->rows == 0) data::fail_no_rows(job.data);
    return LabelledRows(std::move(impl));
  });
}

bool LabelledRows::suit(const Model& model) const noexcept {
  const Result<bool> suits = guard([&] { return impl_->suits(model); });
  return suits.ok() && *suits;
}

Result<LabelledScores> LabelledRows::score(const Model& model, const EvalJob& job) const noexcept {
  return guard([&] {
    impl_->require_suits(model);
    const ModelConfig& config = model.impl().config.model;
    const std::size_t T = config.tasks.size();
    std::vector<std::size_t> tasks;
    for (const Task& task : config.tasks) tasks.push_back(impl_->place_of(task));
    model::ScoringNetwork network(config, model.impl().table,
                                  kernels::table<float>(api::resolve(job.compute)), config.members);
    model::ScoringWorkspace workspace(network, api::threads_of(job.compute));
    network.set_parameters(model.impl().parameters.data(), api::threads_of(job.compute));
    Gathered gathered(config, job.at);
    std::vector<float> probabilities, logits;
    std::uint64_t done = 0;
    double seconds = 0;
    const Clock::time_point begin = Clock::now();
    for (const Batch& batch : impl_->batches) {
      probabilities.resize(batch.rows * T);
      logits.resize(batch.rows * T);
      const Clock::time_point start = Clock::now();
      workspace.score(network, batch, probabilities.data(), logits.data());
      seconds += seconds_since(start);
      api::check_scores(config, probabilities.data(), logits.data(), batch.rows, [&](std::size_t row) {
        return impl_->name + ": row " + std::to_string(done + row + 1);
      });
      gathered.add(impl_->truth_of(batch, tasks), probabilities, logits);
      done += batch.rows;
      if (!api::tell_progress(job.progress, "scoring", done, impl_->rows, begin)) {
        fail(ErrorCode::stopped, impl_->name + ": stopped after " + std::to_string(done) + " rows", "");
      }
    }
    return gathered.scores(seconds);
  });
}

Result<LabelledScores> LabelledRows::score_probabilities(
    std::vector<std::vector<float>> probabilities) const noexcept {
  return guard([&] {
    ModelConfig config;
    static_cast<Schema&>(config) = impl_->schema;
    config.chain = false;
    const std::size_t T = config.tasks.size();
    if (probabilities.size() != T) {
      fail(ErrorCode::usage,
           "probabilities: found those of " + std::to_string(probabilities.size()) + " tasks, want " +
               std::to_string(T),
           "give a list for each task");
    }
    std::vector<std::size_t> tasks(T);
    for (std::size_t t = 0; t < T; ++t) {
      tasks[t] = t;
      if (probabilities[t].size() == impl_->rows) continue;
      fail(ErrorCode::data,
           "found " + std::to_string(probabilities[t].size()) + " rows of predictions, want " +
               std::to_string(impl_->rows) + ", those of " + impl_->name,
           "predict every row of that file, in its order");
    }
    Gathered gathered(config, {});
    std::vector<float> p, logits;
    std::size_t first = 0;
    for (const Batch& batch : impl_->batches) {
      p.clear();
      logits.clear();
      for (std::size_t b = first; b < first + batch.rows; ++b) {
        for (std::size_t t = 0; t < T; ++t) {
          const double inside = std::clamp<double>(static_cast<double>(probabilities[t][b]), kLeast, kMost);
          p.push_back(probabilities[t][b]);
          logits.push_back(static_cast<float>(std::log(inside) - std::log1p(-inside)));
        }
      }
      gathered.add(impl_->truth_of(batch, tasks), p, logits);
      first += batch.rows;
    }
    return gathered.scores(0);
  });
}

Result<LabelledScores> LabelledRows::score_predictions(const std::string& path) const noexcept {
  auto probabilities = guard([&] {
    data::CsvReader csv(path);
    std::vector<std::size_t> columns;
    for (const Task& task : impl_->schema.tasks) {
      const std::string name = "p_" + task.name;
      const auto found = std::find(csv.header().begin(), csv.header().end(), name);
      if (found == csv.header().end()) {
        csv.fail_header("column " + in_quotes(name) + " is missing",
                        "predictions have a column p_<task> for each task, as predict writes them");
      }
      columns.push_back(static_cast<std::size_t>(found - csv.header().begin()));
    }
    std::vector<std::vector<float>> read(columns.size());
    while (csv.next()) {
      for (std::size_t t = 0; t < columns.size(); ++t) read[t].push_back(parse_probability(csv, columns[t]));
    }
    return read;
  });
  if (!probabilities) return probabilities.error();
  Result<LabelledScores> scores = score_probabilities(std::move(*probabilities));
  if (scores) return scores;
  Error error = scores.error();
  error.message = printable(path) + ": " + error.message;
  return error;
}

}  // namespace dcrnn
