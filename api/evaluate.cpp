#include "api/eval_sums.hpp"
#include "api/file_scorer.hpp"
#include "core/guard.hpp"

namespace dcrnn {

namespace {

EvalReport report_on(const Model& model, const EvalJob& job) {
  const ModelConfig& config = model.impl().config.model;
  data::RowReader::Options options;
  options.groups = !config.group.empty();
  api::FileScorer scorer(model.impl(), job.data, options, job.batch, job.compute);
  api::EvalSums sums(config, job.at);
  while (scorer.next(job.progress)) {
    sums.add(scorer.batch(), scorer.probabilities().data(), scorer.logits().data());
  }
  if (scorer.rows() == 0) {
    fail(ErrorCode::data, scorer.name() + ": a header but no rows", "give a file with labelled rows");
  }
  EvalReport report = sums.report();
  report.notes = scorer.notes();
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
