// dW = dY^T X and db for every weight, once a window of rows has passed backward. Work is split over threads
// by rows of dW; every element sums all rows of the batch in one order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "core/buffer.hpp"
#include "core/size.hpp"
#include "core/threads.hpp"
#include "kernels/table.hpp"
#include "model/network.hpp"

namespace dcrnn::model {

template <class Real>
class WeightGradients {
 public:
  WeightGradients() = default;
  WeightGradients(const kernels::Table<Real>& ops, const GradientPlan& plan)
      : ops_(&ops), biases_(plan.biases) {
    std::map<std::size_t, std::size_t> all_hits, hits;  // of each weight; and so far
    for (const GradientPlan::Product& product : plan.products) ++all_hits[product.weight];
    rounds_.emplace_back();  // of weights that are hit once
    for (const GradientPlan::Product& product : plan.products) {
      const std::size_t hit = all_hits[product.weight] == 1 ? 0 : ++hits[product.weight];
      while (rounds_.size() <= hit) rounds_.emplace_back();
      std::vector<Group>& groups = rounds_[hit].groups;
      const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
        const GradientPlan::Product& first = other.products[0];
        return first.x == product.x && first.x_layer == product.x_layer &&
               first.rows.layers == product.rows.layers;
      });
      Group& to = group != groups.end() ? *group : groups.emplace_back();
      to.products.push_back(product);
      to.rows += product.rows.N;
    }
  }

  /// Writes what the arena's rows contribute to all planned gradients into `gradients`, addressed by (offset
  /// in the parameter arena - `base`), or adds it, if `accumulate`.
  void run(const Arena<Real>& arena, Real* gradients, std::size_t base, int threads, bool accumulate) {
    if (threads != threads_) split(arena, threads);
    run_round(arena, rounds_[0], biases_.size(), {0, arena.rows()}, {gradients, base, accumulate});
    if (rounds_.size() == 1) return;
    // All hits of a group of rows, then those of the next: the order of the sum that no window changes.
    for (std::size_t row = 0; row < arena.rows(); row += kGroupRows) {
      const Range range{row, std::min(row + kGroupRows, arena.rows())};
      for (std::size_t i = 1; i < rounds_.size(); ++i) {
        run_round(arena, rounds_[i], 0, range, {gradients, base, accumulate || row > 0 || i > 1});
      }
    }
  }

 private:
  static constexpr std::size_t kRowsPerJob = 60;  ///< a multiple of the rows of every tile
  static constexpr std::size_t kJobsPerThread = 8;
  /// X is packed in chunks of rows of about so many values: larger ones cost cache, smaller ones have dW read
  /// and written more often.
  static constexpr std::size_t kChunk = 262144, kLeastChunkRows = 64, kMostChunkRows = 512;

  /// Products with the same X, which each job packs once for all of them.
  struct Group {
    std::vector<GradientPlan::Product> products;
    std::size_t rows = 0;  ///< of all their dW together
  };
  struct Job {
    std::size_t group, first, count;  ///< rows of dW, counted through the products of the group
  };
  /// Rows of the window; whole groups, but for the last.
  struct Range {
    std::size_t begin, end;
  };
  /// Products each of which has a weight to itself.
  struct Round {
    std::vector<Group> groups;
    std::vector<Job> jobs;
  };
  struct Target {
    Real* gradients;
    std::size_t base;
    bool accumulate;

    Real* at(std::size_t parameter) const { return gradients + (parameter - base); }
  };

  static constexpr const char* kScratch = "gradient scratch";

  static std::size_t chunk_rows(std::size_t width) {
    return std::clamp(kChunk / width, kLeastChunkRows, kMostChunkRows);
  }

  /// The products of a round, and the first `biases` of the biases.
  void run_round(const Arena<Real>& arena, const Round& round, std::size_t biases, const Range& range,
                 const Target& target) {
    const std::size_t jobs = round.jobs.size();
    parallel_for(threads_, jobs + biases, [&](std::size_t j, int thread) {
      if (j < jobs) {
        products(arena, round.groups[round.jobs[j].group], round.jobs[j], range, target,
                 scratch_.data() + static_cast<std::size_t>(thread) * scratch_size_);
        return;
      }
      const GradientPlan::Bias& bias = biases_[j - jobs];
      for_chunks(arena, bias.rows.layers, range, kGroupRows,
                 [&](std::size_t row, std::size_t count, bool first) {
                   sums(arena, bias.rows, 0, bias.rows.N, row, count, target.accumulate || !first,
                        target.at(bias.bias));
                 });
    });
  }

  void split(const Arena<Real>& arena, int threads) {
    threads_ = 0;  // until all is in place: memory may run out
    scratch_size_ = 0;
    for (Round& round : rounds_) split(arena, threads, round);
    scratch_size_ = round_up(scratch_size_, kAlignment / sizeof(Real));
    scratch_ =
        Buffer<Real>(checked_mul(scratch_size_, static_cast<std::size_t>(threads), kScratch), kScratch);
    threads_ = threads;
  }

  /// Cuts the groups into jobs: whole for one thread, for more into parts of some kRowsPerJob.
  void split(const Arena<Real>& arena, int threads, Round& round) {
    round.jobs.clear();
    std::size_t all = 0;
    for (const Group& group : round.groups) all += group.rows;
    const std::size_t most =
        threads == 1 ? all
                     : round_up(all / (kJobsPerThread * static_cast<std::size_t>(threads)) + 1, kRowsPerJob);
    for (std::size_t i = 0; i < round.groups.size(); ++i) {
      const Group& group = round.groups[i];
      for (std::size_t first = 0; first < group.rows; first += most) {
        round.jobs.push_back({i, first, std::min(most, group.rows - first)});
      }
      const std::size_t width = arena.width(group.products[0].x);
      scratch_size_ = std::max(scratch_size_, ops_->packed_size(chunk_rows(width), width));
    }
  }

  /// Calls f(row, count, first) for chunks of at most `most` rows of a matrix of `layers` layers, in the
  /// order of the sum (kGroupRows).
  template <class F>
  static void for_chunks(const Arena<Real>& arena, std::size_t layers, const Range& range, std::size_t most,
                         F&& f) {
    const std::size_t B = arena.rows();
    const auto run = [&](std::size_t begin, std::size_t rows) {
      for (std::size_t row = begin; row < begin + rows; row += most) {
        f(row, std::min(most, begin + rows - row), row == 0);
      }
    };
    if (B <= kGroupRows) return run(0, layers * B);  // the layers follow each other
    for (std::size_t group = range.begin; group < range.end; group += kGroupRows) {
      for (std::size_t layer = 0; layer < layers; ++layer) {
        run(layer * B + group, std::min(kGroupRows, B - group));
      }
    }
  }

  void products(const Arena<Real>& arena, const Group& group, const Job& job, const Range& range,
                const Target& target, Real* packed) const {
    const Slot x = group.products[0].x;
    const std::size_t x_layer = group.products[0].x_layer, layers = group.products[0].rows.layers;
    const std::size_t width = arena.width(x);
    for_chunks(arena, layers, range, chunk_rows(width), [&](std::size_t row, std::size_t count, bool first) {
      const kernels::Operand<Real> r = ops_->operand(packed, count, width);
      ops_->pack({arena.at(x, row, x_layer), arena.ld(x), 1, r});
      std::size_t passed = 0;  // rows of the products before
      for (const GradientPlan::Product& product : group.products) {
        const std::size_t N = product.rows.N;
        const std::size_t begin = std::clamp(job.first, passed, passed + N) - passed;
        const std::size_t end = std::clamp(job.first + job.count, passed, passed + N) - passed;
        passed += N;
        if (begin == end) continue;
        const bool accumulate = target.accumulate || !first;
        ops_->matmul({end - begin,
                      arena.at(product.rows.dy, row, product.rows.layer) + product.rows.column + begin,
                      1,
                      arena.ld(product.rows.dy),
                      r,
                      {.accumulate = accumulate},
                      target.at(product.weight) + begin * width,
                      width});
        if (product.bias != GradientPlan::kNoBias) {
          sums(arena, product.rows, begin, end - begin, row, count, accumulate,
               target.at(product.bias) + begin);
        }
      }
    });
  }

  /// Sums of columns [first, first + columns) over rows [row, row + count).
  void sums(const Arena<Real>& arena, const GradientPlan::Rows& dy, std::size_t first, std::size_t columns,
            std::size_t row, std::size_t count, bool accumulate, Real* to) const {
    ops_->column_sums({count, columns, arena.at(dy.dy, row, dy.layer) + dy.column + first, arena.ld(dy.dy),
                       accumulate, to});
  }

  const kernels::Table<Real>* ops_ = nullptr;
  std::vector<Round> rounds_;
  std::vector<GradientPlan::Bias> biases_;
  int threads_ = 0;
  std::size_t scratch_size_ = 0;  ///< of one thread
  Buffer<Real> scratch_;
};

}  // namespace dcrnn::model
