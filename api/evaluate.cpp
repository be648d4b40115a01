#include "train/evaluate.hpp"

#include <algorithm>

#include "api/file_scorer.hpp"
#include "core/guard.hpp"
#include "train/ranking.hpp"

namespace dcrnn {

namespace {

/// The rankings of all tasks within the groups of the config.
class Rankings {
 public:
  Rankings(const ModelConfig& config, const std::vector<std::size_t>& at)
      : tasks_(config.tasks.size()), at_(at) {
    if (!at.empty() && config.group.empty()) {
      fail(ErrorCode::usage, "at: nDCG needs groups, and the model's config names no group column",
           "train with \"group\" in the config, or leave it out");
    }
    if (std::find(at.begin(), at.end(), 0) != at.end()) {
      fail(ErrorCode::usage, "at: found 0, want at least 1", "give the number of places that count");
    }
    if (at.empty()) at_ = {5, 10};
  }

  void add(const Batch& batch, const std::vector<float>& probabilities) {
    for (std::size_t b = 0; b < batch.rows; ++b) {
      if (batch.groups[b] == kNoGroup) {
        ++rows_without_group_;
        continue;
      }
      for (std::size_t t = 0; t < tasks_.size(); ++t) {
        const std::int8_t label = batch.labels[t][b];
        if (label == kMissingLabel) continue;
        tasks_[t].add(batch.groups[b], probabilities[b * tasks_.size() + t], label == 1,
                      batch.weights.empty() ? 1.0 : batch.weights[b]);
      }
    }
  }

  std::vector<RankingReport> reports() {
    std::vector<RankingReport> reports;
    for (train::GroupRanking& task : tasks_) {
      RankingReport& report = reports.emplace_back();
      const train::GroupRanking::Mean gauc = task.gauc();
      report.gauc = gauc.value;
      report.gauc_groups = gauc.groups;
      report.gauc_left_out = gauc.left_out;
      report.at = at_;
      for (const std::size_t k : at_) {
        const train::GroupRanking::Mean ndcg = task.ndcg(k);
        report.ndcg.push_back(ndcg.value);
        report.ndcg_groups = ndcg.groups;
        report.ndcg_left_out = ndcg.left_out;
      }
    }
    return reports;
  }
  std::size_t rows_without_group() const { return rows_without_group_; }

 private:
  std::vector<train::GroupRanking> tasks_;
  std::vector<std::size_t> at_;
  std::size_t rows_without_group_ = 0;
};

EvalReport report_on(const Model& model, const EvalJob& job) {
  const ModelConfig& config = model.impl().config.model;
  const bool grouped = !config.group.empty();
  data::RowReader::Options options;
  options.groups = grouped;
  api::FileScorer scorer(model.impl(), job.data, options, job.batch, job.compute);
  train::Evaluation evaluation(config);
  Rankings rankings(config, job.at);
  while (scorer.next(job.progress)) {
    evaluation.add(scorer.batch(), scorer.probabilities().data(), scorer.logits().data());
    if (grouped) rankings.add(scorer.batch(), scorer.probabilities());
  }
  if (scorer.rows() == 0) {
    fail(ErrorCode::data, scorer.name() + ": a header but no rows", "give a file with labelled rows");
  }
  EvalReport report;
  report.rows = evaluation.rows();
  report.tasks = evaluation.results();
  report.notes = scorer.notes();
  if (grouped) report.ranking = rankings.reports();
  report.rows_without_group = rankings.rows_without_group();
  return report;
}

}  // namespace

Result<EvalReport> evaluate_files(const Model& model, const EvalJob& job) noexcept {
  return guard([&] { return report_on(model, job); });
}

Result<EvalReport> evaluate(const Model& model, const std::string& data, std::size_t batch,
                            const ComputeOptions& compute, const ProgressCallback& progress) noexcept {
  return guard([&] {
    EvalJob job;
    job.data = {data};
    job.batch = batch;
    job.compute = compute;
    job.progress = progress;
    return report_on(model, job);
  });
}

}  // namespace dcrnn
