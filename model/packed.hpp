// Weights packed for the product kernels: once per optimizer step while training, once at load while scoring.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/buffer.hpp"
#include "core/threads.hpp"
#include "kernels/table.hpp"

namespace dcrnn::model {

/// Index of a packed operand in a PackPlan.
using PackId = std::size_t;

/// The list of right-hand operands R [K, N] to be taken from the parameter arena.
class PackPlan {
 public:
  struct Entry {
    std::size_t source;  ///< offset in the parameter arena
    std::size_t K, N, k_stride, n_stride;
    std::size_t parts;  ///< operands of this shape behind each other, here as in the parameter arena
  };
  /// W^T of W [out, in], as y = x W^T needs it.
  PackId add_forward(std::size_t source, std::size_t out, std::size_t in, std::size_t parts = 1) {
    return add({source, in, out, 1, in, parts});
  }
  /// W of W [out, in], as dx = dy W needs it.
  PackId add_backward(std::size_t source, std::size_t out, std::size_t in, std::size_t parts = 1) {
    return add({source, out, in, in, 1, parts});
  }
  /// b [out], with zeros for the missing columns of the last panel.
  PackId add_bias(std::size_t source, std::size_t out, std::size_t parts = 1) {
    return add({source, 1, out, out, 1, parts});
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  PackId add(Entry entry) {
    entries_.push_back(entry);
    return entries_.size() - 1;
  }
  std::vector<Entry> entries_;
};

template <class Real>
class Packed {
 public:
  Packed() = default;
  Packed(const kernels::Table<Real>& ops, const PackPlan& plan) : ops_(&ops), plan_(plan) {
    std::size_t total = 0;
    for (const PackPlan::Entry& entry : plan.entries()) {
      for (std::size_t part = 0; part < entry.parts; ++part) {
        for (std::size_t first = 0; first < entry.N; first += kPanelsPerJob * ops.panel)
          jobs_.push_back({offsets_.size(), part, first});
      }
      offsets_.push_back(total);
      total += round_up(entry.parts * kernels::packed_size(entry.K, entry.N, ops.panel),
                        kAlignment / sizeof(float));
    }
    block_ = Buffer<Real>(total, "packed weights");
  }

  /// Packs everything anew from the parameter arena.
  void refresh(const Real* parameters, int threads) {
    parallel_for(threads, jobs_.size(), [&](std::size_t i, int) {
      const Job& job = jobs_[i];
      const PackPlan::Entry& entry = plan_.entries()[job.entry];
      const std::size_t panel = ops_->panel;
      ops_->pack({entry.K, std::min(entry.N - job.first, kPanelsPerJob * panel),
                  parameters + entry.source + job.part * entry.K * entry.N + job.first * entry.n_stride,
                  entry.k_stride, entry.n_stride,
                  block_.data() + offsets_[job.entry] +
                      job.part * kernels::packed_size(entry.K, entry.N, panel) + job.first * entry.K,
                  entry.K * panel});
    });
  }
  const Real* operator[](PackId id) const { return block_.data() + offsets_[id]; }

 private:
  static constexpr std::size_t kPanelsPerJob = 8;
  struct Job {
    std::size_t entry, part;
    std::size_t first;  ///< column
  };
  const kernels::Table<Real>* ops_ = nullptr;
  PackPlan plan_;
  std::vector<std::size_t> offsets_;
  std::vector<Job> jobs_;
  Buffer<Real> block_;
};

}  // namespace dcrnn::model
