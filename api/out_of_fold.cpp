#include <algorithm>
#include <vector>

#include "api/callback.hpp"
#include "api/file_scorer.hpp"
#include "api/members.hpp"
#include "api/model_file.hpp"
#include "api/prediction_text.hpp"
#include "config/set_value.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "data/cache.hpp"
#include "data/dataset.hpp"
#include "data/fold.hpp"
#include "dcrnn/files.hpp"
#include "train/config.hpp"

namespace dcrnn {

namespace {

constexpr std::size_t kMostFolds = 1000;

/// The value, or what went wrong as a failure.
template <class T>
T taken(Result<T> result, const std::string& whose) {
  if (result) return std::move(*result);
  fail(result.error().code, whose + result.error().message, result.error().help);
}

/// One call of fit_out_of_folds().
class Folds {
 public:
  Folds(const FitJob& job, const std::string& out)
      : job_(checked(job)), out_(out), config_(parse_config(config_text(), job.config_name)) {
    JobFiles files;
    for (const auto* paths : {&job_.train, &job_.valid}) {
      for (const std::string& path : *paths) files.reads(path);
    }
    files.reads(job_.config_name);
    files.writes("the predictions", out_);
    files.writes("the model", job_.model);
    for (std::size_t k = 0; k < job_.folds; ++k) files.writes("the model of a fold", of_fold(k).model);
    files.writes_in("the cache", of_fold(0).cache, data::is_cache_name);
    files.check();
    const OutputFile target(out_, OutputFile::Target::regular_only);
  }

  FitReport operator()() {
    std::uint64_t rows_trained = 0;
    for (std::size_t k = 0; k < job_.folds; ++k) {
      const std::string whose = "fold " + std::to_string(k) + ": ";
      if (job_.on_note) {
        api::call_host("on_note", job_.on_note,
                       "fold " + std::to_string(k) + " of " + std::to_string(job_.folds));
      }
      const FitJob job = of_fold(k);
      rows_trained += taken(fit(job), whose).rows_trained;
      predict(*api::load_model(job.model), k);
    }
    FitJob whole = job_;
    whole.folds = 0;
    whole.keep_checkpoint = true;
    FitReport report = taken(fit(whole), "");
    report.rows_trained += rows_trained;
    write();
    remove_what_folds_left();
    return report;
  }

 private:
  std::string config_text() const {
    std::string text = job_.config_json;
    for (const std::string& assignment : job_.set)
      text = assign_config_value(text, assignment, job_.config_name);
    return text;
  }

  static const FitJob& checked(const FitJob& job) {
    if (job.folds < 2 || job.folds > kMostFolds) {
      fail(ErrorCode::usage,
           "folds: found " + std::to_string(job.folds) + ", want 2 to " + std::to_string(kMostFolds),
           "5 is usual: each model then learns from four fifths of the rows");
    }
    if (!job.from.empty()) {
      fail(ErrorCode::usage, "--folds and --from exclude each other: a model has seen all of its rows",
           "start afresh");
    }
    return job;
  }

  /// Trains without the rows of fold k.
  FitJob of_fold(std::size_t k) const {
    FitJob job = job_;
    job.left_out = k;
    job.model = job_.model + ".fold." + std::to_string(k);
    job.cache = job_.cache.empty() ? job_.model + ".cache" : job_.cache;
    job.keep_state = false;
    job.keep_checkpoint = true;  // with it a run that is resumed does not train this fold once more
    return job;
  }

  /// Scores every row and keeps what is said of fold k's.
  void predict(const Model::Impl& model, std::size_t k) {
    const std::size_t T = config_.model.tasks.size();
    data::RowReader::Options options;
    options.labels = data::RowReader::Labels::ignored;
    api::FileScorer scorer(model, job_.train, options, config_.train.batch, job_.compute);
    std::uint64_t row = 0;
    while (scorer.next(job_.progress)) {
      probabilities_.resize(std::max(probabilities_.size(), static_cast<std::size_t>(scorer.rows()) * T));
      for (std::size_t b = 0; row < scorer.rows(); ++row, ++b) {
        if (data::fold_of_row(row, config_.train.seed, job_.folds) != k) continue;
        std::copy_n(&scorer.probabilities()[b * T], T, &probabilities_[row * T]);
      }
    }
  }

  void write() const {
    const std::size_t T = config_.model.tasks.size();
    OutputFile file(out_, OutputFile::Target::regular_only);
    std::string line = api::prediction_header(config_.model.tasks, {});
    for (std::size_t i = 0; i < probabilities_.size(); i += T) {
      file.write(line);
      line.clear();
      api::append_predictions(line, {&probabilities_[i], T});
    }
    file.write(line);
    file.commit();
  }

  void remove_what_folds_left() const {
    for (std::size_t i = config_.model.members; i-- > 0;) {
      remove_file(api::member_file(job_.model + ".checkpoint", i));
    }
    for (std::size_t k = job_.folds; k-- > 0;) {
      const std::string model = of_fold(k).model;
      for (std::size_t i = config_.model.members; i-- > 0;) {
        remove_file(api::member_file(model + ".checkpoint", i));
      }
      remove_file(model + ".jsonl");
      remove_file(model);
    }
  }

  const FitJob& job_;
  const std::string& out_;
  Config config_;
  std::vector<float> probabilities_;  // [rows, T]
};

}  // namespace

Result<FitReport> fit_out_of_folds(const FitJob& job, const std::string& out) noexcept {
  return guard([&] { return Folds(job, out)(); });
}

}  // namespace dcrnn
