// How well rows are ranked within their groups (the rows of one user, one session, one query).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dcrnn::train {

/// Gathers (group, score, label, weight) of one task, 16 bytes per row, and computes means over the groups.
class GroupRanking {
 public:
  /// A mean over groups; nothing if none counts.
  struct Mean {
    std::optional<double> value;
    std::size_t groups = 0, left_out = 0;  ///< groups that count, and those that cannot
  };

  /// `label` 0 or 1, weight >= 0; a row of weight 0 changes nothing.
  void add(std::uint32_t group, float score, bool label, double weight);

  /// Mean of the groups' AUC (weighted pairs, ties counting half), each group weighted by the sum of its
  /// rows' weights. Groups of one class are left out.
  Mean gauc();
  /// Mean of the groups' nDCG over their first `k` places: gain 1 for a positive, discount 1 / log2(place +
  /// 1), rows of equal score share the mean discount of their places. Each group is weighted by the mean of
  /// its rows' weights, so that without weights all count alike. Groups without a positive are left out.
  Mean ndcg(std::size_t k);

 private:
  struct Row {
    double signed_weight;  ///< positive for label 1, negative for 0
    float score;
    std::uint32_t group;
  };
  class Group;
  void sort();
  template <class Use>
  void for_each_group(Use&& use);

  std::vector<Row> rows_;
  double largest_weight_ = 0;
  bool sorted_ = false;
};

}  // namespace dcrnn::train
