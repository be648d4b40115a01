// Weights packed for the product kernels: once per optimizer step while training, once at load while scoring.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/buffer.hpp"
#include "core/threads.hpp"
#include "kernels/table.hpp"
#include "model/arena.hpp"

namespace dcrnn::model {

/// Index of a packed operand, or of a bias, in a PackPlan.
using PackId = std::size_t;

/// The list of right-hand operands R [K, N], and of the biases of results without a gap, to be taken from the
/// parameter arena.
class PackPlan {
 public:
  struct Entry {
    std::size_t source;  ///< offset in the parameter arena
    std::size_t K, N, k_stride, n_stride;
    std::size_t parts;  ///< operands of this shape behind each other, here as in the parameter arena
  };
  struct Bias {
    std::size_t source, N, parts;
  };
  /// W^T of W [out, in], as y = x W^T needs it.
  PackId add_forward(std::size_t source, std::size_t out, std::size_t in, std::size_t parts = 1) {
    return add({source, in, out, 1, in, parts});
  }
  /// W of W [out, in], as dx = dy W needs it.
  PackId add_backward(std::size_t source, std::size_t out, std::size_t in, std::size_t parts = 1) {
    return add({source, out, in, in, 1, parts});
  }
  /// b [out], at row_distance(out) from part to part, the gap 0.
  PackId add_bias(std::size_t source, std::size_t out, std::size_t parts = 1) {
    biases_.push_back({source, out, parts});
    return biases_.size() - 1;
  }
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<Bias>& biases() const { return biases_; }

 private:
  PackId add(Entry entry) {
    entries_.push_back(entry);
    return entries_.size() - 1;
  }
  std::vector<Entry> entries_;
  std::vector<Bias> biases_;
};

template <class Real>
class Packed {
 public:
  Packed() = default;
  Packed(const kernels::Table<Real>& ops, const PackPlan& plan) : ops_(&ops), plan_(plan) {
    std::size_t total = 0;
    for (const PackPlan::Entry& entry : plan.entries()) {
      for (std::size_t part = 0; part < entry.parts; ++part) {
        for (std::size_t first = 0; first < entry.N; first += kColumnsPerJob)
          jobs_.push_back({offsets_.size(), part, first});
      }
      offsets_.push_back(total);
      total += round_up(ops.packed_size(entry.K, entry.N, entry.parts), kAlignment / sizeof(float));
    }
    for (const PackPlan::Bias& bias : plan.biases()) {
      bias_offsets_.push_back(total);
      total += bias.parts * row_distance(bias.N);
    }
    block_ = Buffer<Real>(total, "packed weights");
  }

  /// Packs everything anew from the parameter arena.
  void refresh(const Real* parameters, int threads) {
    parallel_for(threads, jobs_.size(), [&](std::size_t i, int) {
      const Job& job = jobs_[i];
      const PackPlan::Entry& entry = plan_.entries()[job.entry];
      const std::size_t columns = std::min(entry.N - job.first, kColumnsPerJob);
      ops_->pack({parameters + entry.source + job.part * entry.K * entry.N + job.first * entry.n_stride,
                  entry.k_stride, entry.n_stride,
                  operand(block_.data(), job.entry).part(job.part).columns(job.first, columns)});
    });
    for (std::size_t i = 0; i < bias_offsets_.size(); ++i) {
      const PackPlan::Bias& bias = plan_.biases()[i];
      for (std::size_t part = 0; part < bias.parts; ++part) {
        std::copy_n(parameters + bias.source + part * bias.N, bias.N,
                    block_.data() + bias_offsets_[i] + part * row_distance(bias.N));
      }
    }
  }
  kernels::Operand<const Real> operator[](PackId id) const { return operand(block_.data(), id); }
  const Real* bias(PackId id) const { return block_.data() + bias_offsets_[id]; }

 private:
  static constexpr std::size_t kColumnsPerJob = 2 * kernels::kColumnStep;
  struct Job {
    std::size_t entry, part;
    std::size_t first;  ///< column
  };
  template <class Element>
  kernels::Operand<Element> operand(Element* block, PackId id) const {
    const PackPlan::Entry& entry = plan_.entries()[id];
    return ops_->operand(block + offsets_[id], entry.K, entry.N, entry.parts);
  }

  const kernels::Table<Real>* ops_ = nullptr;
  PackPlan plan_;
  std::vector<std::size_t> offsets_, bias_offsets_;
  std::vector<Job> jobs_;
  Buffer<Real> block_;
};

}  // namespace dcrnn::model
