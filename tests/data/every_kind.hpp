// A config with every kind of field, and a file for it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/data/support.hpp"

namespace dcrnn::data {

inline Schema every_kind() {
  Schema config;
  config.fields = {category("city", Encoding::vocab, 2),   number("age", Transform::standardize),
                   bag("tags", Encoding::vocab, 2),        number("income", Transform::log1p),
                   category("user", Encoding::hash, 1000), bag("ids", Encoding::id, 50),
                   number("score", Transform::none),       category("slot", Encoding::id, 9)};
  Field buckets = number("age_bucket", Transform::buckets, 7);
  buckets.column = "age";
  config.fields.push_back(buckets);
  config.tasks = {task("click"), task("buy", 0)};
  config.weight = "w";
  return config;
}

/// `rows` random rows, some cells empty.
inline std::string every_kind_csv(std::size_t rows, std::uint64_t seed) {
  std::uint64_t state = seed;
  const auto random = [&state](std::uint64_t n) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
  };
  const auto text = [&](std::uint64_t n) { return std::to_string(random(n)); };
  std::string csv = "user,city,age,tags,income,ids,score,slot,click,buy,w\n";
  for (std::size_t i = 0; i < rows; ++i) {
    csv += "u" + text(500) + "," + (random(9) == 0 ? "" : "\"c " + text(40 + rows / 20) + "\"") + ",";
    csv += (random(5) == 0 ? "" : text(80)) + ",";
    for (std::uint64_t k = random(4), first = 1; k > 0; --k, first = 0) {
      csv += (first != 0 ? "t" : "|t") + text(30 + rows / 10);
    }
    csv += "," + (random(5) == 0 ? "" : text(1000)) + ",";
    for (std::uint64_t k = random(6), first = 1; k > 0; --k, first = 0)
      csv += (first != 0 ? "" : "|") + text(50);
    csv += ",-" + text(100) + "." + text(100) + "," + text(9) + "," + (random(3) == 0 ? "1" : "0") + ",";
    csv += (random(4) == 0 ? "" : text(2)) + "," + text(5) + ".5\n";
  }
  return csv;
}

}  // namespace dcrnn::data
