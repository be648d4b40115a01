// A small model with every kind of field, and rows for it, in memory and as CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dcrnn/dcrnn.hpp"

namespace dcrnn::test {

/// Usable without training data. `train` is the inside of the "train" object.
inline std::string small_config(const std::string& train = "") {
  return R"({"fields": [
      {"name": "user", "type": "category", "encoding": "id", "size": 50, "dim": 4},
      {"name": "item", "type": "category", "encoding": "hash", "size": 30, "dim": 3},
      {"name": "tags", "type": "bag", "encoding": "id", "size": 12, "dim": 3},
      {"name": "x", "type": "number", "transform": "none"}],
    "tasks": [{"name": "click", "label": "click"}, {"name": "consume", "label": "consume", "after": "click"}],
    "cross": {"layers": 2}, "sharing": [{"shared": 8, "private": 4}], "tower": [6],
    "train": {)" +
         train + "}}";
}

/// The same columns through encoders that are made from training data.
inline std::string learned_config(const std::string& train = "") {
  return R"({"fields": [
      {"name": "user", "type": "category", "encoding": "vocab", "min_count": 2, "dim": 4},
      {"name": "item", "type": "category", "encoding": "hash", "size": 30, "dim": 3},
      {"name": "tags", "type": "bag", "encoding": "vocab", "dim": 3},
      {"name": "x", "type": "number", "transform": "standardize"},
      {"name": "x_bucket", "column": "x", "type": "number", "transform": "buckets", "bins": 5, "dim": 2}],
    "tasks": [{"name": "click", "label": "click"}, {"name": "consume", "label": "consume", "after": "click"}],
    "cross": {"layers": 2}, "sharing": [{"shared": 8, "private": 4}], "tower": [6],
    "train": {)" +
         train + "}}";
}

/// Rows drawn from a linear congruential generator; click depends on user and x, consume on click and item.
class SmallTable {
 public:
  explicit SmallTable(std::size_t count, std::uint64_t seed = 1) : count_(count), state_(seed) {
    offsets_.push_back(0);
    for (std::size_t b = 0; b < count; ++b) {
      user_.push_back(draw(50));
      item_.push_back(draw(30));
      for (std::uint32_t i = draw(4); i > 0; --i) tags_.push_back(draw(12));
      offsets_.push_back(static_cast<std::uint32_t>(tags_.size()));
      x_.push_back(draw(2000) / 1000.0 - 1);
      const bool clicked = user_[b] % 3 == 0 || x_[b] > 0.3;
      click_.push_back(draw(8) == 0 ? !clicked : clicked);
      consume_.push_back(draw(10) == 0 ? std::int8_t{-1} : std::int8_t{clicked && item_[b] % 2 == 0});
    }
    columns_ = {Column::of_ids("user", user_), Column::of_ids("item", item_),
                Column::of_bags("tags", offsets_, tags_), Column::of_numbers("x", x_)};
    labels_ = {{"click", click_}, {"consume", consume_}};
  }
  SmallTable(const SmallTable&) = delete;
  SmallTable& operator=(const SmallTable&) = delete;

  Rows rows() const { return {count_, columns_, labels_, {}}; }
  std::vector<Column>& columns() { return columns_; }
  std::vector<Labels>& labels() { return labels_; }

  /// Cells as text; `item` stands as its id with an "i" before it.
  std::string csv(bool labelled = true) const {
    std::string text = labelled ? "user,item,tags,x,click,consume\n" : "user,item,tags,x\n";
    for (std::size_t b = 0; b < count_; ++b) {
      text += std::to_string(user_[b]) + ",i" + std::to_string(item_[b]) + ",";
      for (std::size_t i = offsets_[b]; i < offsets_[b + 1]; ++i)
        text += (i > offsets_[b] ? "|" : "") + std::to_string(tags_[i]);
      text += "," + std::to_string(x_[b]);
      if (labelled) {
        text += "," + std::to_string(click_[b]) + ",";
        if (consume_[b] >= 0) text += std::to_string(consume_[b]);
      }
      text += "\n";
    }
    return text;
  }

 private:
  std::uint32_t draw(std::uint32_t below) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 33) % below;
  }

  std::size_t count_;
  std::uint64_t state_;
  std::vector<std::uint32_t> user_, item_, tags_, offsets_;
  std::vector<double> x_;
  std::vector<std::int8_t> click_, consume_;
  std::vector<Column> columns_;
  std::vector<Labels> labels_;
};

}  // namespace dcrnn::test
