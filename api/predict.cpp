#include "api/callback.hpp"
#include "api/file_scorer.hpp"
#include "api/prediction_text.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "core/text.hpp"

namespace dcrnn {

namespace {

/// One call of predict_files().
class Prediction {
 public:
  Prediction(const ModelConfig& config, const PredictJob& job) : job_(job), tasks_(config.tasks.size()) {
    // A blank line would be no row to most readers.
    const std::size_t cells = job.keep.size() + tasks_;
    empty_row_ = cells == 1 ? "\"\"\n" : std::string(cells - 1, ',') + '\n';
  }

  /// The rows of the scorer's batch. Failure(data) once there are too many bad ones.
  std::string_view rows(const api::FileScorer& scorer) {
    text_.clear();
    auto reason = scorer.bad_rows().begin();
    for (const std::size_t b : scorer.answers()) {
      if (b == api::FileScorer::kBadRow) {
        add_bad_row(*reason++);
      } else {
        add_row(scorer, b);
      }
    }
    return text_;
  }
  std::uint64_t bad_rows() const { return bad_rows_; }

 private:
  void add_row(const api::FileScorer& scorer, std::size_t b) {
    for (std::size_t k = 0; k < job_.keep.size(); ++k) {
      api::append_cell(text_, scorer.reader().kept(b, k));
      text_ += ',';
    }
    api::append_predictions(text_, {&scorer.probabilities()[b * tasks_], tasks_});
  }

  void add_bad_row(const std::string& reason) {
    text_ += empty_row_;
    ++bad_rows_;
    if (job_.on_bad_row) api::call_host("on_bad_row", job_.on_bad_row, reason);
    if (bad_rows_ > job_.max_bad_rows) {
      fail(ErrorCode::data,
           reason + "; this is bad row " + std::to_string(bad_rows_) + ", " +
               std::to_string(job_.max_bad_rows) + " may be skipped",
           "mend the rows, or let more be skipped (--max-bad)");
    }
  }

  const PredictJob& job_;
  std::size_t tasks_;
  std::string empty_row_, text_;
  std::uint64_t bad_rows_ = 0;
};

PredictReport write_predictions(const Model& model, const PredictJob& job) {
  const ModelConfig& config = model.impl().config.model;
  const std::string first_line = api::prediction_header(config.tasks, job.keep);
  data::RowReader::Options options;
  options.labels = data::RowReader::Labels::ignored;
  options.skip_bad_rows = job.skip_bad_rows;
  options.keep = job.keep;
  JobFiles files;
  files.reads(model.impl().source);
  for (const std::string& path : job.data) files.reads(path);
  files.writes("the predictions", job.out);
  files.check();
  files.sweep();
  api::FileScorer scorer(model.impl(), job.data, options, job.batch, job.compute);
  OutputFile file(job.out);
  Prediction prediction(config, job);
  PredictReport report;
  // Whoever sends rows one by one waits for each answer.
  const auto answer = [&](std::string_view text) {
    file.write(text);
    if (scorer.reader().streams()) file.flush();
  };
  try {
    answer(first_line);
    while (scorer.next(job.progress)) answer(prediction.rows(scorer));
    file.commit();
  } catch (const Failure&) {
    if (!file.closed_pipe()) throw;
    report.closed_pipe = true;
  }
  report.rows = scorer.rows();
  report.bad_rows = prediction.bad_rows();
  report.notes = scorer.notes();
  return report;
}

}  // namespace

Result<PredictReport> predict_files(const Model& model, const PredictJob& job) noexcept {
  return guard([&] { return write_predictions(model, job); });
}

Result<PredictReport> predict_file(const Model& model, const std::string& data, const std::string& out,
                                   std::size_t batch, const ComputeOptions& compute,
                                   const ProgressCallback& progress) noexcept {
  return guard([&] {
    PredictJob job;
    job.data = {data};
    job.out = out;
    job.batch = batch;
    job.compute = compute;
    job.progress = progress;
    return write_predictions(model, job);
  });
}

}  // namespace dcrnn
