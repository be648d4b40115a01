#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/file.hpp"
#include "data/csv.hpp"
#include "data/number.hpp"
#include "synth/log.hpp"
#include "tests/data/support.hpp"

namespace dcrnn::synthetic {
namespace {

using data::contains;
using data::CsvReader;
using data::failure_of;
using data::parse_number;
using data::read_file;
using data::TempDirectory;

/// The columns of a log as numbers, and its features as text.
struct Log {
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, std::vector<std::string>> words;
  std::size_t rows = 0;
};

Log read_log(const std::string& path) {
  Log log;
  CsvReader csv(path);
  while (csv.next()) {
    ++log.rows;
    for (std::size_t i = 0; i < csv.header().size(); ++i) {
      double value;
      if (parse_number(csv.cell(i), value) == "") log.numbers[csv.header()[i]].push_back(value);
      log.words[csv.header()[i]].emplace_back(csv.cell(i));
    }
  }
  return log;
}

/// Area under the ROC curve by its definition over ranks, ties counted half.
double auc(const std::vector<double>& score, const std::vector<double>& label) {
  std::vector<std::size_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score[a] < score[b]; });
  double ranks = 0, positives = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && score[order[end]] == score[order[i]]) ++end;
    for (std::size_t k = i; k < end; ++k) {
      if (label[order[k]] == 1) {
        ranks += static_cast<double>(i + end + 1) / 2;
        ++positives;
      }
    }
    i = end;
  }
  return (ranks - positives * (positives + 1) / 2) /
         (positives * (static_cast<double>(score.size()) - positives));
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double ma = mean(a), mb = mean(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

double logit(double p) {
  return std::log(p / (1 - p));
}

TEST_CASE("synth: rates, truth and labels fit each other") {
  for (double dial : {0.0, 0.5, 1.0}) {
    for (std::uint64_t seed : std::initializer_list<std::uint64_t>{1, 2}) {
      const TempDirectory dir;
      write_synthetic_log(dir / "log", {.rows = 40000, .correlation = dial, .seed = seed});
      Log log = read_log(dir / "log/train.csv");
      REQUIRE(log.rows == 40000);
      const auto &click = log.numbers["click"], &consume = log.numbers["consume"];
      const auto &true_click = log.numbers["true_click"], &true_consume = log.numbers["true_consume"];
      REQUIRE(consume.size() == log.rows);
      std::vector<double> logit_click, logit_consume;
      for (std::size_t i = 0; i < log.rows; ++i) {
        REQUIRE((true_click[i] > 0 && true_click[i] < 1));
        REQUIRE((true_consume[i] > 0 && true_consume[i] < true_click[i]));
        REQUIRE((click[i] == 1 || consume[i] == 0));
        logit_click.push_back(logit(true_click[i]));
        logit_consume.push_back(logit(true_consume[i] / true_click[i]));
      }
      INFO("dial ", dial, " seed ", seed);
      // Labels are drawn with the true probabilities: means within five deviations.
      CHECK(std::abs(mean(click) - mean(true_click)) < 5 * 0.5 / std::sqrt(40000.));
      CHECK(std::abs(mean(consume) - mean(true_consume)) < 5 * 0.5 / std::sqrt(40000.));
      CHECK(mean(click) == doctest::Approx(0.30).epsilon(0.1));
      CHECK(mean(consume) / mean(click) == doctest::Approx(0.50).epsilon(0.1));
      CHECK(correlation(logit_click, logit_consume) == doctest::Approx(dial).epsilon(0.05).scale(1));
      for (const auto& [task, truth] : {std::pair(click, true_click), std::pair(consume, true_consume)}) {
        const double area = auc(truth, task);
        CHECK(area > 0.75);
        CHECK(area < 0.88);
      }
      MESSAGE("dial " << dial << ": AUC of the truth " << auc(true_click, click) << ", "
                      << auc(true_consume, consume));
    }
  }
}

/// An additive model at its best: the effect of each level of each feature is the mean logit of the truth
/// over the rows that have it (features are independent of each other but for item and its category). It must
/// miss much.
TEST_CASE("synth: what single features say is far from the truth") {
  const TempDirectory dir;
  write_synthetic_log(dir / "log", {.rows = 200000});
  Log log = read_log(dir / "log/train.csv");
  const auto additive = [&](const std::vector<double>& target) {
    const double centre = mean(target);
    std::vector<double> sum(log.rows, 0.0);
    for (const char* feature : {"user_id", "item_id", "country", "device", "hour", "age", "price"}) {
      std::map<std::string, std::pair<double, double>> levels;
      const auto level = [&](std::size_t i) {
        const std::string& word = log.words[feature][i];
        return std::string(feature) == "price" ? std::to_string(std::lround(10 * std::log(std::stod(word))))
                                               : word;
      };
      for (std::size_t i = 0; i < log.rows; ++i) {
        auto& [total, count] = levels[level(i)];
        total += target[i] - centre;
        ++count;
      }
      for (std::size_t i = 0; i < log.rows; ++i) {
        const auto& [total, count] = levels[level(i)];
        sum[i] += total / count;
      }
    }
    return sum;
  };
  for (const auto& [label, truth] :
       {std::pair("click", "true_click"), std::pair("consume", "true_consume")}) {
    std::vector<double> target;
    for (double p : log.numbers[truth]) target.push_back(logit(p));
    const double gap =
        auc(log.numbers[truth], log.numbers[label]) - auc(additive(target), log.numbers[label]);
    MESSAGE(std::string(label) << ": an additive model is " << gap << " AUC below the truth");
    CHECK(gap > 0.04);
  }
}

TEST_CASE("synth: the same seed gives the same bytes, more rows only add some, another seed differs") {
  const TempDirectory dir;
  write_synthetic_log(dir / "a", {.rows = 400});
  write_synthetic_log(dir / "b", {.rows = 400});
  write_synthetic_log(dir / "c", {.rows = 800});
  write_synthetic_log(dir / "d", {.rows = 400, .seed = 2});
  for (const char* name : {"/train.csv", "/valid.csv", "/test.csv", "/config.json"}) {
    CHECK(read_file(dir / "a" + name) == read_file(dir / "b" + name));
    CHECK(read_file(dir / "c" + name).starts_with(read_file(dir / "a" + name)));
  }
  CHECK(read_file(dir / "a/train.csv") != read_file(dir / "d/train.csv"));
  CHECK(read_file(dir / "a/train.csv").substr(0, 5000) != read_file(dir / "a/test.csv").substr(0, 5000));
  CHECK(read_log(dir / "a/valid.csv").rows == 50);
  CHECK(read_log(dir / "a/test.csv").rows == 50);
}

TEST_CASE("synth: selection sharpens click alone") {
  const TempDirectory dir;
  write_synthetic_log(dir / "a", {.rows = 20000});
  write_synthetic_log(dir / "b", {.rows = 20000, .selection = 1});
  Log plain = read_log(dir / "a/train.csv"), sharp = read_log(dir / "b/train.csv");
  CHECK(plain.words["user_id"] == sharp.words["user_id"]);
  const auto deviation = [](Log& log) {
    std::vector<double> logits;
    for (double p : log.numbers["true_click"]) logits.push_back(logit(p));
    double square = 0;
    for (double value : logits) square += (value - mean(logits)) * (value - mean(logits));
    return std::sqrt(square / static_cast<double>(logits.size()));
  };
  CHECK(deviation(sharp) == doctest::Approx(2 * deviation(plain)).epsilon(0.001));
  CHECK(mean(sharp.numbers["click"]) == doctest::Approx(0.30).epsilon(0.1));
  // Those who click are more unlike the others in what they would consume, too.
  const auto apart = [](Log& log) {
    double sum[2] = {0, 0}, count[2] = {0, 0};
    for (std::size_t i = 0; i < log.rows; ++i) {
      const std::size_t clicked = log.numbers["click"][i] == 1 ? 1 : 0;
      sum[clicked] += log.numbers["true_consume"][i] / log.numbers["true_click"][i];
      count[clicked] += 1;
    }
    return sum[1] / count[1] - sum[0] / count[0];
  };
  CHECK(apart(sharp) > apart(plain) + 0.02);
}

TEST_CASE("synth: options") {
  const TempDirectory dir;
  write_synthetic_log(dir / "a", {.rows = 4000, .noise_fields = 7, .missing_consume = 0.25});
  Log log = read_log(dir / "a/train.csv");
  CHECK(log.words.count("noise_7") == 1);
  CHECK(log.words.count("noise_8") == 0);
  CHECK(contains(read_file(dir / "a/config.json"), "\"noise_7\""));
  const double missing = 1 - static_cast<double>(log.numbers["consume"].size()) / 4000;
  CHECK(missing == doctest::Approx(0.25).epsilon(0.15));
  std::vector<std::string> users = log.words["user_id"];
  write_synthetic_log(dir / "b", {.rows = 4000, .users = 20, .items = 2, .noise_fields = 0});
  Log small = read_log(dir / "b/train.csv");
  std::sort(small.words["user_id"].begin(), small.words["user_id"].end());
  auto& sorted = small.words["user_id"];
  CHECK(std::unique(sorted.begin(), sorted.end()) - sorted.begin() == 20);
  for (const SynthOptions& bad :
       {SynthOptions{.rows = 0}, SynthOptions{.correlation = -0.1}, SynthOptions{.correlation = 1.1},
        SynthOptions{.correlation = std::nan("")}, SynthOptions{.selection = -1}, SynthOptions{.users = 0},
        SynthOptions{.items = 1}, SynthOptions{.noise_fields = 100000},
        SynthOptions{.missing_consume = 1.1}}) {
    CHECK(failure_of([&] { write_synthetic_log(dir / "c", bad); }).code == ErrorCode::usage);
    CHECK_FALSE(file_exists(dir / "c"));
  }
  CHECK(failure_of([&] { write_synthetic_log(dir / "a/train.csv", {.rows = 8}); }).code == ErrorCode::io);
}

}  // namespace
}  // namespace dcrnn::synthetic
