// dW = dY^T X and db for every weight, once a window of rows has passed backward. Work is split over threads
// by rows of dW; every element sums all rows of the batch in one order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/buffer.hpp"
#include "core/threads.hpp"
#include "kernels/table.hpp"
#include "model/builder.hpp"
#include "model/network.hpp"

namespace dcrnn::model {

template <class Real>
class WeightGradients {
 public:
  WeightGradients() = default;
  WeightGradients(const kernels::Table<Real>& ops, const Builder& builder)
      : ops_(&ops), plan_(builder.gradients) {}

  /// Writes what the arena's rows contribute to all planned gradients into `gradients`, addressed by (offset
  /// in the parameter arena - `base`), or adds it, if `accumulate`.
  void run(const Arena<Real>& arena, Real* gradients, std::size_t base, int threads, bool accumulate) {
    if (threads != threads_) split(arena, threads);
    parallel_for(threads, jobs_.size() + plan_.biases.size(), [&](std::size_t j, int thread) {
      if (j < jobs_.size()) {
        product(arena, jobs_[j], accumulate, gradients - base,
                scratch_.data() + static_cast<std::size_t>(thread) * scratch_size_);
        return;
      }
      const GradientPlan::Bias& bias = plan_.biases[j - jobs_.size()];
      for_chunks(arena, bias.rows.layers, kGroupRows, [&](std::size_t row, std::size_t count, bool first) {
        sums(arena, bias.rows, 0, bias.rows.N, row, count, accumulate || !first,
             gradients - base + bias.bias);
      });
    });
  }

 private:
  static constexpr std::size_t kRowsPerJob = 60;  ///< of a product: those the kernel works on together
  static constexpr std::size_t kJobsPerThread = 8;
  /// X is packed in chunks of rows of about so many values: larger ones cost cache, smaller ones have dW read
  /// and written more often.
  static constexpr std::size_t kChunk = 262144, kLeastChunkRows = 64, kMostChunkRows = 512;
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
        threads == 1 ? all
                     : round_up(all / (kJobsPerThread * static_cast<std::size_t>(threads)) + 1, kRowsPerJob);
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

  /// Calls f(row, count, first) for chunks of at most `most` rows of a matrix of `layers` layers, in the
  /// order of the sum (kGroupRows).
  template <class F>
  static void for_chunks(const Arena<Real>& arena, std::size_t layers, std::size_t most, F&& f) {
    const std::size_t B = arena.rows();
    const auto run = [&](std::size_t begin, std::size_t rows) {
      for (std::size_t row = begin; row < begin + rows; row += most) {
        f(row, std::min(most, begin + rows - row), row == 0);
      }
    };
    if (B <= kGroupRows) return run(0, layers * B);  // the layers follow each other
    for (std::size_t group = 0; group < B; group += kGroupRows) {
      for (std::size_t layer = 0; layer < layers; ++layer) {
        run(layer * B + group, std::min(kGroupRows, B - group));
      }
    }
  }

  void product(const Arena<Real>& arena, const Job& job, bool accumulate, Real* gradients,
               Real* packed) const {
    const GradientPlan::Product& product = plan_.products[job.product];
    const std::size_t width = arena.width(product.x);
    for_chunks(
        arena, product.rows.layers, chunk_rows(width), [&](std::size_t row, std::size_t count, bool first) {
          ops_->pack({count, width, arena.at(product.x, row, product.x_layer), width, 1, packed,
                      count * ops_->panel});
          ops_->matmul({job.count, width, count,
                        arena.at(product.rows.dy, row, product.rows.layer) + product.rows.column + job.first,
                        1, arena.width(product.rows.dy), packed, count * ops_->panel, nullptr,
                        kernels::Activation::none, accumulate || !first,
                        gradients + product.weight + job.first * width, width});
          if (product.bias != GradientPlan::kNoBias) {
            sums(arena, product.rows, job.first, job.count, row, count, accumulate || !first,
                 gradients + product.bias + job.first);
          }
        });
  }

  /// Sums of columns [first, first + columns) over rows [row, row + count).
  void sums(const Arena<Real>& arena, const GradientPlan::Rows& dy, std::size_t first, std::size_t columns,
            std::size_t row, std::size_t count, bool accumulate, Real* to) const {
    ops_->column_sums({count, columns, arena.at(dy.dy, row, dy.layer) + dy.column + first, arena.width(dy.dy),
                       accumulate, to});
  }

  const kernels::Table<Real>* ops_ = nullptr;
  GradientPlan plan_;
  int threads_ = 0;
  std::vector<Job> jobs_;
  std::size_t scratch_size_ = 0;  ///< of one thread
  Buffer<Real> scratch_;
};

}  // namespace dcrnn::model
