#include "model/scorer.hpp"

#include <algorithm>

#include "core/threads.hpp"

namespace dcrnn::model {

ScoringNetwork::ScoringNetwork(const ModelConfig& config, const ParameterTable& table,
                               const kernels::Table<float>& ops)
    : network_(config, table, Build::Purpose{}), ops_(ops), packed_(ops, network_.plan().packs) {}

void ScoringNetwork::set_parameters(const float* parameters, int threads) {
  parameters_ = parameters;
  packed_.refresh(parameters, threads);
}

ScoringWorkspace::ScoringWorkspace(const ScoringNetwork& network, int threads) : threads_(threads) {
  for (int i = 0; i < threads; ++i)
    arenas_.emplace_back(network.network().plan().arena, kBlockRows, "activations");
}

void ScoringWorkspace::score(const ScoringNetwork& network, const Batch& batch, float* probabilities,
                             float* logits) {
  const std::size_t B = batch.rows, T = network.network_.tasks();
  const Network& net = network.network_;
  const int threads = threads_fed(threads_, net.plan().flops * static_cast<double>(B));
  parallel_for(threads, (B + kBlockRows - 1) / kBlockRows, [&](std::size_t i, int thread) {
    const std::size_t first = i * kBlockRows, count = std::min(kBlockRows, B - first);
    Arena<float>& arena = arenas_[static_cast<std::size_t>(thread)];
    const Pass<float> pass{network.ops_, network.parameters_, network.packed_, arena, batch, 0, count, first};
    net.forward(pass);
    std::copy_n(pass.at(net.objective().probability()), count * T, probabilities + first * T);
    if (logits != nullptr) std::copy_n(pass.value(net.logits()), count * T, logits + first * T);
  });
}

}  // namespace dcrnn::model
