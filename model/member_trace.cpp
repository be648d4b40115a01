#include "model/member_trace.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/layers/loss.hpp"

namespace dcrnn::model {

namespace {

constexpr std::string_view kGradient = "grad.";

/// The name of member i's tensor in the trace of all. Gradients of parameters are named by these.
std::string name_of_member(const std::string& name, std::size_t i, const ParameterTable& table) {
  if (!name.starts_with(kGradient)) return member_value_prefix(i) + name;
  const std::string of = name.substr(kGradient.size());
  const bool parameter = table.find(of) != nullptr;
  return std::string(kGradient) + (parameter ? member_prefix(i) : member_value_prefix(i)) + of;
}

template <class Real>
const NamedTensor<Real>& named(const std::vector<NamedTensor<Real>>& tensors, std::string_view name) {
  return *std::find_if(tensors.begin(), tensors.end(),
                       [&](const NamedTensor<Real>& tensor) { return tensor.name == name; });
}

/// What an objective without anything to learn makes of the mean logits [B, T].
template <class Real>
void add_objective(const ModelConfig& config, const kernels::Table<Real>& ops, const Batch& batch,
                   const std::vector<Real>& mean, std::vector<NamedTensor<Real>>& to) {
  const std::size_t B = batch.rows, T = config.tasks.size();
  Build build(config.tasks, {}, {});
  const Stream logits = build.dense(T);
  const Loss loss(build, {config.chain, 0, Weighting::fixed}, logits);
  Arena<Real> arena(build.arena, B, "activations of the mean");
  const Packed<Real> packed(ops, build.packs);
  Targets targets;
  const bool labelled = !batch.labels.empty() && !batch.labels[0].empty();
  if (labelled) loss.set_targets(batch, static_cast<const Real*>(nullptr), targets);
  std::vector<double> sums(loss.sums());
  const Pass<Real> pass{
      ops, nullptr, packed, arena, batch, 0, B, 0, nullptr, labelled ? &targets : nullptr, sums.data()};
  std::copy(mean.begin(), mean.end(), pass.value(logits));
  loss.forward(pass);
  to.push_back({"logit", {B, T}, mean});
  const Real* probability = pass.at(loss.probability());
  to.push_back({"probability", {B, T}, {probability, probability + B * T}});
  if (!labelled) return;
  Losses losses;
  loss.losses(targets, sums.data(), losses);
  to.push_back({"loss", {T}, {losses.tasks.begin(), losses.tasks.end()}});
}

}  // namespace

template <class Real>
std::vector<NamedTensor<Real>> trace_members(const ModelConfig& config, const ParameterTable& table,
                                             const Real* parameters, const kernels::Table<Real>& ops,
                                             const Batch& batch, int threads, const TraceOf& of) {
  if (config.members == 1) return trace(config, table, parameters, ops, batch, threads, of);
  const std::size_t logits = batch.rows * config.tasks.size();
  std::vector<NamedTensor<Real>> all;
  MeanLogits sum(logits);
  double total = 0;
  bool labelled = false;
  for (std::size_t i = 0; i < config.members; ++i) {
    auto own = trace(config, table, parameters + i * table.total(), ops, batch, threads, of);
    sum.add(named(own, "logit").values.data(), logits);
    for (NamedTensor<Real>& tensor : own) {
      if (tensor.name == "loss.total") {
        labelled = true;
        total += static_cast<double>(tensor.values[0]);
      }
      // Numbers of the data, the same for all.
      const bool shared = tensor.name == "rate";
      if (shared && i > 0) continue;
      if (!shared) tensor.name = name_of_member(tensor.name, i, table);
      all.push_back(std::move(tensor));
    }
  }
  std::vector<Real> mean(logits);
  sum.take(mean.data(), logits);
  add_objective(config, ops, batch, mean, all);
  if (labelled) all.push_back({"loss.total", {1}, {static_cast<Real>(total)}});
  return all;
}

template std::vector<NamedTensor<float>> trace_members(const ModelConfig&, const ParameterTable&,
                                                       const float*, const kernels::Table<float>&,
                                                       const Batch&, int, const TraceOf&);
template std::vector<NamedTensor<double>> trace_members(const ModelConfig&, const ParameterTable&,
                                                        const double*, const kernels::Table<double>&,
                                                        const Batch&, int, const TraceOf&);

}  // namespace dcrnn::model
