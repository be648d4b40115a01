#include "train/update_plan.hpp"

#include <algorithm>
#include <string_view>

namespace dcrnn::train {

namespace {

/// Elements of the arena that one thread updates at a time.
constexpr std::size_t kChunk = 16384;

void add_chunks(std::vector<Span>& spans, std::size_t begin, std::size_t end, bool decays) {
  for (; begin < end; begin += kChunk) spans.push_back({begin, std::min(kChunk, end - begin), decays});
}

}  // namespace

std::vector<optim::Matrix> muon_matrices(const model::Parameter& parameter, model::Candidate candidate) {
  const std::string_view name = parameter.name;
  const auto is_in = [&](std::string_view part) { return name.starts_with(part); };
  const bool moved = is_in("cross.") || is_in("sharing.") || is_in("tower.") || is_in("transfer.");
  if (!moved || name.ends_with(".stitch.weight") || parameter.shape.size() != 2) return {};
  const std::size_t rows = parameter.shape[0], columns = parameter.shape[1];
  if (rows < 2 || columns < 2) return {};
  if (candidate == model::Candidate::cross && is_in("cross.") && name.ends_with(".weight_hh")) {
    const std::size_t gates = rows / 3 * 2;
    return {{parameter.offset, gates, columns}, {parameter.offset + gates * columns, rows - gates, columns}};
  }
  return {{parameter.offset, rows, columns}};
}

UpdatePlan plan_updates(std::span<const model::Parameter> parameters, std::size_t begin, std::size_t end,
                        OptimizerKind kind, model::Candidate candidate) {
  UpdatePlan plan;
  std::size_t open = begin;  // what comes before is planned
  for (const model::Parameter& parameter : parameters) {
    if (parameter.offset < begin) continue;
    std::vector<optim::Matrix> matrices;
    if (kind == OptimizerKind::muon) matrices = muon_matrices(parameter, candidate);
    const bool decays = parameter.name != "weighting.log_variance";
    if (matrices.empty() && decays) continue;
    add_chunks(plan.spans, open, parameter.offset, true);
    open = parameter.offset + parameter.size;
    if (!decays) add_chunks(plan.spans, parameter.offset, open, false);
    plan.matrices.insert(plan.matrices.end(), matrices.begin(), matrices.end());
  }
  add_chunks(plan.spans, open, end, true);
  return plan;
}

}  // namespace dcrnn::train
