// dW = dY^T X and db for every weight, once all rows of a batch have passed backward. Work is split over
// threads by output tiles; every tile sums all rows in one order.
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
  WeightGradients(const kernels::Table<Real>& ops, const Builder& builder, std::size_t capacity)
      : ops_(&ops), plan_(builder.gradients) {
    std::size_t total = 0;
    for (std::size_t i = 0; i < plan_.operands.size(); ++i) {
      const GradientPlan::Operand& operand = plan_.operands[i];
      const std::size_t width = builder.arena.slots()[operand.slot].width;
      operand_offsets_.push_back(total);
      const std::size_t size = checked_mul(checked_mul(operand.layers, capacity, "gradient scratch"),
                                           round_up(width, ops.panel), "gradient scratch");
      total = round_up(checked_add(total, size, "gradient scratch"), kAlignment / sizeof(float));
      for (std::size_t n = 0; n < width; n += kColumnsPerJob) pack_jobs_.push_back({i, n});
    }
    scratch_ = Buffer<Real>(total, "gradient scratch");
    for (std::size_t i = 0; i < plan_.products.size(); ++i) {
      for (std::size_t m = 0; m < plan_.products[i].N; m += kRowsPerJob) product_jobs_.push_back({i, m});
    }
  }

  /// Writes all planned gradients into `gradients`, addressed by (offset in the parameter arena - `base`).
  void run(const Arena<Real>& arena, Real* gradients, std::size_t base, int threads) {
    const std::size_t B = arena.rows(), panel = ops_->panel;
    // 1. the right-hand sides X, packed once each
    parallel_for(threads, pack_jobs_.size(), [&](std::size_t j, int) {
      const auto [i, first] = pack_jobs_[j];
      const GradientPlan::Operand& operand = plan_.operands[i];
      const std::size_t width = arena.width(operand.slot), rows = operand.layers * B;
      const std::size_t columns = std::min(kColumnsPerJob, width - first);
      ops_->pack({rows, columns, arena.at(operand.slot) + first, width, 1,
                  scratch_.data() + operand_offsets_[i] + first * rows, rows * panel});
    });
    // 2. the products, then the bias sums
    parallel_for(threads, product_jobs_.size() + plan_.biases.size(), [&](std::size_t j, int) {
      if (j >= product_jobs_.size()) {
        const GradientPlan::Bias& bias = plan_.biases[j - product_jobs_.size()];
        ops_->column_sums({bias.layers * B, bias.N, arena.at(bias.dy, 0, bias.dy_layer) + bias.column,
                           arena.width(bias.dy), false, gradients + (bias.destination - base)});
        return;
      }
      const auto [i, first] = product_jobs_[j];
      const GradientPlan::Product& product = plan_.products[i];
      const GradientPlan::Operand& operand = plan_.operands[product.operand];
      const std::size_t width = arena.width(operand.slot);
      ops_->matmul({std::min(kRowsPerJob, product.N - first), width, product.layers * B,
                    arena.at(product.dy, 0, product.dy_layer) + product.column + first, 1,
                    arena.width(product.dy),
                    scratch_.data() + operand_offsets_[product.operand] + product.x_layer * B * panel,
                    operand.layers * B * panel, nullptr, kernels::Activation::none, false,
                    gradients + (product.destination - base) + first * width, width});
    });
  }

 private:
  static constexpr std::size_t kColumnsPerJob = 64;  ///< of X to pack; a multiple of every panel width
  static constexpr std::size_t kRowsPerJob = 60;     ///< of a product: those the kernel works on together
  struct Job {
    std::size_t index, first;  ///< first column or row
  };
  const kernels::Table<Real>* ops_ = nullptr;
  GradientPlan plan_;
  std::vector<std::size_t> operand_offsets_;
  std::vector<Job> pack_jobs_, product_jobs_;
  Buffer<Real> scratch_;
};

}  // namespace dcrnn::model
