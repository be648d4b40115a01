#include "api/file_scorer.hpp"
#include "core/guard.hpp"
#include "dcrnn/scores.hpp"

namespace dcrnn {

Result<LabelledScores> score_files(const Model& model, const EvalJob& job) noexcept {
  return guard([&] {
    const std::size_t T = model.impl().config.model.tasks.size();
    LabelledScores scores;
    scores.probabilities.resize(T);
    scores.logits.resize(T);
    scores.labels.resize(T);
    api::FileScorer scorer(model.impl(), job.data, {}, job.batch, job.compute);
    while (scorer.next(job.progress)) {
      const Batch& batch = scorer.batch();
      for (std::size_t t = 0; t < T; ++t) {
        for (std::size_t b = 0; b < batch.rows; ++b) {
          scores.probabilities[t].push_back(scorer.probabilities()[b * T + t]);
          scores.logits[t].push_back(scorer.logits()[b * T + t]);
          scores.labels[t].push_back(batch.labels[t][b]);
        }
      }
      scores.rows += batch.rows;
    }
    return scores;
  });
}

}  // namespace dcrnn
