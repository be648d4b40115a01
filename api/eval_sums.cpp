#include "api/eval_sums.hpp"

#include <algorithm>

#include "core/failure.hpp"

namespace dcrnn::api {

EvalSums::EvalSums(const ModelConfig& config, const std::vector<std::size_t>& at)
    : evaluation_(config), grouped_(!config.group.empty()), at_(at), rankings_(config.tasks.size()) {
  if (!at.empty() && !grouped_) {
    fail(ErrorCode::usage, "at: nDCG needs groups, and the model's config names no group column",
         "train with \"group\" in the config, or leave it out");
  }
  if (std::find(at.begin(), at.end(), 0) != at.end()) {
    fail(ErrorCode::usage, "at: found 0, want at least 1", "give the number of places that count");
  }
  if (at.empty()) at_ = {5, 10};
}

void EvalSums::add(const Batch& batch, const float* probabilities, const float* logits) {
  evaluation_.add(batch, probabilities, logits);
  if (grouped_) rank(batch, probabilities);
}

void EvalSums::rank(const Batch& batch, const float* probabilities) {
  const std::size_t T = rankings_.size();
  for (std::size_t b = 0; b < batch.rows; ++b) {
    if (batch.groups[b] == kNoGroup) {
      ++rows_without_group_;
      continue;
    }
    for (std::size_t t = 0; t < T; ++t) {
      const std::int8_t label = batch.labels[t][b];
      if (label == kMissingLabel) continue;
      rankings_[t].add(batch.groups[b], probabilities[b * T + t], label == 1,
                       batch.weights.empty() ? 1.0 : batch.weights[b]);
    }
  }
}

EvalReport EvalSums::report() {
  EvalReport result;
  result.rows = evaluation_.rows();
  result.tasks = evaluation_.results();
  result.rows_without_group = rows_without_group_;
  if (!grouped_) return result;
  for (train::GroupRanking& task : rankings_) {
    RankingReport& ranking = result.ranking.emplace_back();
    const train::GroupRanking::Mean gauc = task.gauc();
    ranking.gauc = gauc.value;
    ranking.gauc_groups = gauc.groups;
    ranking.gauc_left_out = gauc.left_out;
    ranking.at = at_;
    for (const std::size_t k : at_) {
      const train::GroupRanking::Mean ndcg = task.ndcg(k);
      ranking.ndcg.push_back(ndcg.value);
      ranking.ndcg_groups = ndcg.groups;
      ranking.ndcg_left_out = ndcg.left_out;
    }
  }
  return result;
}

}  // namespace dcrnn::api
