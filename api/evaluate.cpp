#include "train/evaluate.hpp"

#include "api/file_scorer.hpp"
#include "core/guard.hpp"

namespace dcrnn {

Result<EvalReport> evaluate(const Model& model, const std::string& data, std::size_t batch,
                            const ComputeOptions& compute, const ProgressCallback& progress) noexcept {
  return guard([&] {
    api::FileScorer scorer(model.impl(), data, data::RowReader::Labels::required, batch, compute);
    train::Evaluation evaluation(model.impl().config.model);
    while (scorer.next(progress)) {
      evaluation.add(scorer.batch(), scorer.probabilities().data(), scorer.logits().data());
    }
    if (scorer.rows() == 0) {
      fail(ErrorCode::data, scorer.name() + ": a header but no rows", "give a file with labelled rows");
    }
    return EvalReport{evaluation.rows(), evaluation.results(), scorer.notes()};
  });
}

}  // namespace dcrnn
