#include "train/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace dcrnn::train {

namespace {

/// Of place 0, 1, ... of a ranking.
double discount(std::size_t place) {
  return 1 / std::log2(static_cast<double>(place) + 2);
}

/// Of all rows of one tie, at places [begin, end), together, where only the first k places count.
double discounts(std::size_t begin, std::size_t end, std::size_t k) {
  double sum = 0;
  for (std::size_t place = begin; place < std::min(end, k); ++place) sum += discount(place);
  return sum;
}

/// A weighted mean on its way.
struct Sum {
  double values = 0, weights = 0;

  void add(double value, double weight) {
    values += value * weight;
    weights += weight;
  }
  std::optional<double> mean() const { return weights > 0 ? std::optional(values / weights) : std::nullopt; }
};

}  // namespace

/// The rows of one group, the best score first.
class GroupRanking::Group {
 public:
  /// Weights times `scale` are used, so that their sums and products are finite.
  Group(std::span<const Row> rows, double scale) : rows_(rows), scale_(scale) {
    for (const Row& row : rows) {
      positives_ += row.signed_weight > 0 ? 1 : 0;
      weight_ += weight_of(row);
    }
  }

  double weight() const { return weight_; }
  double mean_weight() const { return weight_ / static_cast<double>(rows_.size()); }
  std::size_t positives() const { return positives_; }
  std::size_t negatives() const { return rows_.size() - positives_; }

  double auc() const {
    double right = 0, positive = 0, negative = 0;  // weights of what ranks above
    for_each_tie([&](std::span<const Row> tie, std::size_t) {
      double tied_positive = 0, tied_negative = 0;
      for (const Row& row : tie) (row.signed_weight > 0 ? tied_positive : tied_negative) += weight_of(row);
      right += tied_negative * (positive + 0.5 * tied_positive);
      positive += tied_positive;
      negative += tied_negative;
    });
    return right / (positive * negative);
  }

  double ndcg(std::size_t k) const {
    double gained = 0;
    for_each_tie([&](std::span<const Row> tie, std::size_t place) {
      const auto gains =
          std::count_if(tie.begin(), tie.end(), [](const Row& row) { return row.signed_weight > 0; });
      gained += static_cast<double>(gains) * discounts(place, place + tie.size(), k) /
                static_cast<double>(tie.size());
    });
    return gained / discounts(0, positives_, k);
  }

 private:
  double weight_of(const Row& row) const { return std::abs(row.signed_weight) * scale_; }

  /// use(rows of equal score, place of the first of them)
  template <class Use>
  void for_each_tie(Use&& use) const {
    for (std::size_t begin = 0; begin < rows_.size();) {
      std::size_t end = begin;
      while (end < rows_.size() && rows_[end].score == rows_[begin].score) ++end;
      use(rows_.subspan(begin, end - begin), begin);
      begin = end;
    }
  }

  std::span<const Row> rows_;
  double scale_;
  double weight_ = 0;
  std::size_t positives_ = 0;
};

void GroupRanking::add(std::uint32_t group, float score, bool label, double weight) {
  if (weight <= 0) return;
  rows_.push_back({label ? weight : -weight, score, group});
  largest_weight_ = std::max(largest_weight_, weight);
  sorted_ = false;
}

/// By group, within it the best score first; the weight breaks ties, so that sums have one order.
void GroupRanking::sort() {
  if (sorted_) return;
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    if (a.group != b.group) return a.group < b.group;
    return a.score > b.score || (a.score == b.score && a.signed_weight < b.signed_weight);
  });
  sorted_ = true;
}

template <class Use>
void GroupRanking::for_each_group(Use&& use) {
  if (rows_.empty()) return;
  sort();
  const double scale = std::ldexp(1.0, std::clamp(-std::ilogb(largest_weight_), -1000, 1000));
  const std::span<const Row> rows(rows_);
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].group == rows[begin].group) ++end;
    use(Group(rows.subspan(begin, end - begin), scale));
    begin = end;
  }
}

GroupRanking::Mean GroupRanking::gauc() {
  Mean mean;
  Sum sum;
  for_each_group([&](const Group& group) {
    const bool counts = group.positives() > 0 && group.negatives() > 0;
    ++(counts ? mean.groups : mean.left_out);
    if (counts) sum.add(group.auc(), group.weight());
  });
  mean.value = sum.mean();
  return mean;
}

GroupRanking::Mean GroupRanking::ndcg(std::size_t k) {
  Mean mean;
  Sum sum;
  for_each_group([&](const Group& group) {
    const bool counts = group.positives() > 0;
    ++(counts ? mean.groups : mean.left_out);
    if (counts) sum.add(group.ndcg(k), group.mean_weight());
  });
  mean.value = sum.mean();
  return mean;
}

}  // namespace dcrnn::train
