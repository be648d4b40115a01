// The trace of a model of any number of members (docs/trace.md, docs/members.md).
#pragma once

#include "model/trace.hpp"

namespace dcrnn::model {

/// As trace(), of all config.members; `parameters` hold theirs one behind the other. Of more than one, what
/// is a member's own gets its name, behind it come logits, probabilities and losses of the mean, and
/// loss.total is the sum of theirs.
template <class Real>
std::vector<NamedTensor<Real>> trace_members(const ModelConfig& config, const ParameterTable& table,
                                             const Real* parameters, const kernels::Table<Real>& ops,
                                             const Batch& batch, int threads, const TraceOf& of = {});

}  // namespace dcrnn::model
