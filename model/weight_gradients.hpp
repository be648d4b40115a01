// dW = dY^T X and db for every weight, once all rows of a batch have passed backward. Work is split over
// threads by rows of dW; every element sums all rows of the batch in one order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/buffer.hpp"
#include "core/threads.hpp"
#include "kernels/table.hpp"
#include "model/builder.hpp"

namespace dcrnn::model {

template <class Real>
class WeightGradients {
 public:
  WeightGradients() = default;
  WeightGradients(const kernels::Table<Real>& ops, const Builder& builder)
      : ops_(&ops), plan_(builder.gradients) {}

  /// Writes all planned gradients into `gradients`, addressed by (offset in the parameter arena - `base`).
  void run(const Arena<Real>& arena, Real* gradients, std::size_t base, int threads) {
    if (threads != threads_) split(arena, threads);
    parallel_for(threads, jobs_.size() + plan_.biases.size(), [&](std::size_t j, int thread) {
      if (j < jobs_.size()) {
        product(arena, jobs_[j], scratch_.data() + static_cast<std::size_t>(thread) * scratch_size_,
                gradients - base);
      } else {
        const GradientPlan::Bias& bias = plan_.biases[j - jobs_.size()];
        const std::size_t rows = bias.rows.layers * arena.rows();
        sums(arena, bias.rows, 0, bias.rows.N, 0, rows, gradients - base + bias.bias);
      }
    });
  }

 private:
  static constexpr std::size_t kRowsPerJob = 60;   ///< of a product: those the kernel works on together
  static constexpr std::size_t kJobsPerThread = 8;
  /// Values of X that are packed together: half of a small second-level cache. A chunk of rows meets all of
  /// dY's columns while it is there.
  static constexpr std::size_t kChunk = 65536, kLeastChunkRows = 64, kMostChunkRows = 256;
  struct Job {
    std::size_t product, first, count;  ///< rows of dW
  };

  static std::size_t chunk_rows(std::size_t width) {
    return std::clamp(kChunk / width, kLeastChunkRows, kMostChunkRows);
  }

  /// Cuts the products into jobs: whole for one thread, for more into parts of some kRowsPerJob.
  void split(const Arena<Real>& arena, int threads) {
    threads_ = threads;
    jobs_.clear();
    std::size_t all = 0;
    for (const GradientPlan::Product& product : plan_.products) all += product.rows.N;
    const std::size_t most =
        threads == 1 ? all : round_up(all / (kJobsPerThread * static_cast<std::size_t>(threads)) + 1, kRowsPerJob);
    scratch_size_ = 0;
    for (std::size_t i = 0; i < plan_.products.size(); ++i) {
      const GradientPlan::Product& product = plan_.products[i];
      for (std::size_t first = 0; first < product.rows.N; first += most) {
        jobs_.push_back({i, first, std::min(most, product.rows.N - first)});
      }
      const std::size_t width = arena.width(product.x);
      scratch_size_ = std::max(scratch_size_, chunk_rows(width) * round_up(width, ops_->panel));
    }
    scratch_size_ = round_up(scratch_size_, kAlignment / sizeof(Real));
    scratch_ = Buffer<Real>(scratch_size_ * static_cast<std::size_t>(threads), "gradient scratch");
  }

  void product(const Arena<Real>& arena, const Job& job, Real* packed, Real* gradients) const {
    const GradientPlan::Product& product = plan_.products[job.product];
    const std::size_t width = arena.width(product.x), rows = product.rows.layers * arena.rows();
    const std::size_t chunk = chunk_rows(width);
    for (std::size_t row = 0; row < rows; row += chunk) {
      const std::size_t count = std::min(chunk, rows - row);
      ops_->pack({count, width, arena.at(product.x, row, product.x_layer), width, 1, packed,
                  count * ops_->panel});
      ops_->matmul({job.count, width, count,
                    arena.at(product.rows.dy, row, product.rows.layer) + product.rows.column + job.first, 1,
                    arena.width(product.rows.dy), packed, count * ops_->panel, nullptr,
                    kernels::Activation::none, row > 0, gradients + product.weight + job.first * width,
                    width});
      if (product.bias != GradientPlan::kNoBias) {
        sums(arena, product.rows, job.first, job.count, row, count, gradients + product.bias + job.first);
      }
    }
  }

  /// Sums of columns [first, first + columns) over rows [row, row + count), begun anew at row 0.
  void sums(const Arena<Real>& arena, const GradientPlan::Rows& dy, std::size_t first, std::size_t columns,
            std::size_t row, std::size_t count, Real* to) const {
    ops_->column_sums({count, columns, arena.at(dy.dy, row, dy.layer) + dy.column + first,
                       arena.width(dy.dy), row > 0, to});
  }

  const kernels::Table<Real>* ops_ = nullptr;
  GradientPlan plan_;
  int threads_ = 0;
  std::vector<Job> jobs_;
  std::size_t scratch_size_ = 0;  ///< of one thread
  Buffer<Real> scratch_;
};

}  // namespace dcrnn::model
