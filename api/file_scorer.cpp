#include "api/file_scorer.hpp"

#include <algorithm>

#include "api/compute.hpp"
#include "api/progress.hpp"
#include "api/scoring.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

namespace {

/// The paths, if they can be read one after the other.
const std::vector<std::string>& checked(const std::vector<std::string>& paths) {
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    fail(ErrorCode::usage, "data: standard input (\"-\") is named twice", "it can be read once");
  }
  return paths;
}

std::string name_of(const std::vector<std::string>& paths) {
  if (paths.empty()) return "data";
  return paths[0] == "-" ? "standard input" : printable(paths[0]);
}

}  // namespace

FileScorer::FileScorer(const Model::Impl& model, const std::vector<std::string>& paths,
                       const data::RowReader::Options& options, std::size_t batch,
                       const ComputeOptions& compute)
    : model_(model),
      name_(name_of(paths)),
      skip_bad_rows_(options.skip_bad_rows),
      batch_rows_(batch),
      network_(model.config.model, model.table, kernels::table<float>(resolve(compute)), model.members()),
      workspace_(network_, threads_of(compute)),
      reader_(model.config.model, model.encoders, checked(paths), options),
      counts_(model.config.model.fields.size()),
      start_(std::chrono::steady_clock::now()) {
  if (batch == 0) fail(ErrorCode::usage, "batch: found 0, want at least 1", "give the rows scored at once");
  network_.set_parameters(model.parameters.data(), threads_of(compute));
}

bool FileScorer::next(const ProgressCallback& progress) {
  const std::size_t count = reader_.read(batch_rows_, batch_);
  if (count == 0) return false;
  for (std::size_t f = 0; f < counts_.size(); ++f) counts_[f] += batch_.columns[f].counts;
  const std::size_t values = batch_.rows * model_.config.model.tasks.size();
  probabilities_.resize(values);
  logits_.resize(values);
  if (batch_.rows > 0) workspace_.score(network_, batch_, probabilities_.data(), logits_.data());
  list_answers(count);
  rows_ += count;
  if (!tell_progress(progress, "scoring", rows_, 0, start_)) {
    fail(ErrorCode::stopped, name_ + ": stopped after " + std::to_string(rows_) + " rows", "");
  }
  return true;
}

void FileScorer::list_answers(std::size_t count) {
  const std::size_t T = model_.config.model.tasks.size();
  const auto check = [&](std::size_t first, std::size_t rows) {
    check_scores(model_.config.model, probabilities_.data() + first * T, logits_.data() + first * T, rows,
                 [&](std::size_t row) { return reader_.place(first + row); });
  };
  answers_.clear();
  bad_rows_.clear();
  if (!skip_bad_rows_) check(0, batch_.rows);
  auto skipped = reader_.skipped().begin();
  for (std::size_t row = 0, b = 0; row < count; ++row) {
    if (skipped != reader_.skipped().end() && skipped->row == row) {
      answers_.push_back(kBadRow);
      bad_rows_.push_back((skipped++)->reason);
      continue;
    }
    answers_.push_back(b);
    try {
      if (skip_bad_rows_) check(b, 1);
    } catch (const Failure& failure) {
      answers_.back() = kBadRow;
      bad_rows_.push_back(failure.error().message);
    }
    ++b;
  }
}

}  // namespace dcrnn::api
