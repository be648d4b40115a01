#include <algorithm>
#include <numeric>

#include "api/cell_notes.hpp"
#include "api/compute.hpp"
#include "api/model_impl.hpp"
#include "api/rows.hpp"
#include "api/scoring.hpp"
#include "core/guard.hpp"
#include "data/rows_in_memory.hpp"
#include "dcrnn/arrays.hpp"
#include "model/scorer.hpp"
#include "train/evaluate.hpp"

namespace dcrnn {

Result<EvalReport> evaluate_rows(const Model& model, const Rows& rows, std::size_t batch_rows,
                                 const ComputeOptions& compute) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    const ModelConfig& config = impl.config.model;
    const Isa isa = api::resolve(compute);
    if (batch_rows == 0) {
      fail(ErrorCode::usage, "batch: found 0, want at least 1", "give the rows scored at once");
    }
    if (rows.count == 0) fail(ErrorCode::data, "rows: there is no row to measure on", "give labelled rows");
    api::RowsEncoder encoder(config, impl.encoders);
    std::vector<CellCounts> counts;
    for (const BatchColumn& column : encoder.encode(rows, true).columns) counts.push_back(column.counts);
    data::RowsInMemory all(encoder.take());
    model::ScoringNetwork network(config, impl.table, kernels::table<float>(isa), impl.members());
    network.set_parameters(impl.parameters.data(), api::threads_of(compute));
    model::ScoringWorkspace workspace(network, api::threads_of(compute));
    train::Evaluation evaluation(config);
    const std::size_t T = config.tasks.size();
    std::vector<std::size_t> index(std::min(batch_rows, rows.count));
    std::vector<float> probabilities(index.size() * T), logits(index.size() * T);
    Batch batch;
    for (std::size_t first = 0; first < rows.count; first += index.size()) {
      const std::size_t count = std::min(index.size(), rows.count - first);
      std::iota(index.begin(), index.end(), first);
      all.read(index.data(), count, batch);
      workspace.score(network, batch, probabilities.data(), logits.data());
      api::check_scores(config, probabilities.data(), logits.data(), count,
                        [&](std::size_t row) { return "row " + std::to_string(first + row) + " (from 0)"; });
      evaluation.add(batch, probabilities.data(), logits.data());
    }
    EvalReport report;
    report.rows = evaluation.rows();
    report.tasks = evaluation.results();
    report.notes = api::cell_notes(config, impl.encoders, counts);
    return report;
  });
}

}  // namespace dcrnn
