#include "model/scorer.hpp"

#include <algorithm>

#include "core/threads.hpp"

namespace dcrnn::model {

ScoringNetwork::ScoringNetwork(const ModelConfig& config, const ParameterTable& table,
                               const kernels::Table<float>& ops, std::size_t members)
    : network_(config, table, Build::Purpose{}), ops_(ops) {
  for (std::size_t i = 0; i < members; ++i) members_.push_back({nullptr, {ops, network_.plan().packs}});
}

void ScoringNetwork::set_parameters(const float* parameters, int threads) {
  for (Member& member : members_) {
    member.parameters = parameters;
    member.packed.refresh(parameters, threads);
    parameters += network_.table().total();
  }
}

ScoringWorkspace::ScoringWorkspace(const ScoringNetwork& network, int threads) : threads_(threads) {
  for (int i = 0; i < threads; ++i) {
    arenas_.emplace_back(network.network().plan().arena, kBlockRows, "activations");
    if (network.members_.size() > 1) means_.emplace_back(kBlockRows * network.network().tasks());
  }
}

void ScoringWorkspace::score(const ScoringNetwork& network, const Batch& batch, float* probabilities,
                             float* logits) {
  const std::size_t B = batch.rows, T = network.network_.tasks();
  const Network& net = network.network_;
  const int threads = threads_fed(threads_, net.plan().flops * static_cast<double>(B));
  parallel_for(threads, (B + kBlockRows - 1) / kBlockRows, [&](std::size_t i, int thread) {
    const std::size_t first = i * kBlockRows, count = std::min(kBlockRows, B - first);
    const auto own = static_cast<std::size_t>(thread);
    const auto pass_of = [&](const ScoringNetwork::Member& member) {
      return Pass<float>{network.ops_, member.parameters, member.packed, arenas_[own], batch, 0, count,
                         first};
    };
    for (const ScoringNetwork::Member& member : network.members_) {
      const Pass<float> pass = pass_of(member);
      net.forward(pass);
      if (!means_.empty()) means_[own].add(pass.value(net.logits()), count * T);
    }
    const Pass<float> pass = pass_of(network.members_.back());
    if (!means_.empty()) {
      means_[own].take(pass.value(net.logits()), count * T);
      net.objective().forward(pass);
    }
    std::copy_n(pass.at(net.objective().probability()), count * T, probabilities + first * T);
    if (logits != nullptr) std::copy_n(pass.value(net.logits()), count * T, logits + first * T);
  });
}

}  // namespace dcrnn::model
