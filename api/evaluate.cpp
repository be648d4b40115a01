#include "train/evaluate.hpp"

#include "api/file_scorer.hpp"
#include "api/reports.hpp"
#include "core/guard.hpp"

namespace dcrnn {

Result<EvalReport> evaluate(const Model& model, const std::string& data, std::size_t batch,
                            const ComputeOptions& compute, const ProgressCallback& progress) noexcept {
  return guard([&] {
    const ModelConfig& config = model.impl().config.model;
    api::FileScorer scorer(model.impl(), data, data::RowReader::Labels::required, batch, compute);
    train::Evaluation evaluation(config);
    while (scorer.next(progress)) {
      evaluation.add(scorer.batch(), scorer.probabilities().data(), scorer.logits().data());
    }
    if (scorer.rows() == 0) {
      fail(ErrorCode::data, scorer.name() + ": a header but no rows", "give a file with labelled rows");
    }
    return EvalReport{evaluation.rows(), api::task_reports(config, evaluation.results())};
  });
}

}  // namespace dcrnn
