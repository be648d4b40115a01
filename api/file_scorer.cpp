#include "api/file_scorer.hpp"

#include "api/callback.hpp"
#include "api/compute.hpp"
#include "api/scoring.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

FileScorer::FileScorer(const Model::Impl& model, const std::string& path, data::RowReader::Labels labels,
                       std::size_t batch, const ComputeOptions& compute)
    : model_(model),
      name_(path == "-" ? "standard input" : printable(path)),
      batch_rows_(batch),
      network_(model.config.model, model.table, kernels::table<float>(resolve(compute))),
      workspace_(network_, compute.threads),
      reader_(model.config.model, model.encoders, path, labels),
      counts_(model.config.model.fields.size()),
      start_(std::chrono::steady_clock::now()) {
  if (batch == 0) fail(ErrorCode::usage, "batch: found 0, want at least 1", "give the rows scored at once");
  network_.set_parameters(model.parameters.data(), compute.threads);
}

bool FileScorer::next(const ProgressCallback& progress) {
  const std::size_t count = reader_.read(batch_rows_, batch_);
  if (count == 0) return false;
  for (std::size_t f = 0; f < counts_.size(); ++f) counts_[f] += batch_.columns[f].counts;
  const std::size_t values = count * model_.config.model.tasks.size();
  probabilities_.resize(values);
  logits_.resize(values);
  workspace_.score(network_, batch_, probabilities_.data(), logits_.data());
  check_scores(model_.config.model, probabilities_.data(), logits_.data(), count,
               [this](std::size_t row) { return name_ + ":" + std::to_string(reader_.line(row)); });
  rows_ += count;
  if (!progress) return true;
  JobProgress state;
  state.stage = "scoring";
  state.done = rows_;
  state.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (!call_host("progress", progress, state)) {
    fail(ErrorCode::stopped, name_ + ": stopped after " + std::to_string(rows_) + " rows", "");
  }
  return true;
}

}  // namespace dcrnn::api
