// Scoring in memory and from files gives the same bytes however it is cut up.
#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <thread>

#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

std::vector<float> scores(Scorer& scorer, const Rows& rows, std::vector<float>* logits = nullptr) {
  std::vector<float> probabilities(rows.count * 2, -1.0F);
  if (logits != nullptr) logits->assign(rows.count * 2, NAN);
  const auto done =
      scorer.score(rows, probabilities, logits == nullptr ? std::span<float>() : std::span<float>(*logits));
  REQUIRE_MESSAGE(done.ok(), done.error().message);
  return probabilities;
}

}  // namespace

TEST_CASE("a scorer gives probabilities that follow from its logits") {
  const auto model = Model::create(small_config());
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  const SmallTable table(100);
  auto scorer = Scorer::create(*model);
  REQUIRE(scorer.ok());
  std::vector<float> logits;
  const std::vector<float> p = scores(*scorer, table.rows(), &logits);
  const auto sigma = [](float x) { return 1 / (1 + std::exp(-static_cast<double>(x))); };
  for (std::size_t b = 0; b < 100; ++b) {
    CHECK(static_cast<double>(p[2 * b]) == doctest::Approx(sigma(logits[2 * b])).epsilon(1e-6));
    CHECK(static_cast<double>(p[2 * b + 1]) ==
          doctest::Approx(sigma(logits[2 * b]) * sigma(logits[2 * b + 1])).epsilon(1e-6));
  }
  CHECK(std::adjacent_find(p.begin(), p.end(), std::not_equal_to<>()) != p.end());
}

TEST_CASE("one thread or two, all rows or one at a time: the same bytes") {
  const auto model = Model::create(small_config());
  REQUIRE(model.ok());
  const SmallTable table(150);
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa);
    auto one = Scorer::create(*model, {1, isa});
    auto two = Scorer::create(*model, {2, isa});
    REQUIRE(one.ok());
    REQUIRE(two.ok());
    const std::vector<float> expected = scores(*one, table.rows());
    CHECK(scores(*two, table.rows()) == expected);
    std::vector<float> single;
    for (std::size_t b = 0; b < 150; ++b) {
      std::vector<Column> columns(table.rows().columns.begin(), table.rows().columns.end());
      const auto bag = columns[2].offsets.subspan(b, 2);
      const std::uint32_t offsets[] = {0, bag[1] - bag[0]};
      columns[0].ids = columns[0].ids.subspan(b, 1);
      columns[1].ids = columns[1].ids.subspan(b, 1);
      columns[2].ids = columns[2].ids.subspan(bag[0], offsets[1]);
      columns[2].offsets = offsets;
      columns[3].numbers = columns[3].numbers.subspan(b, 1);
      const std::vector<float> p = scores(*one, {1, columns, {}, {}});
      single.insert(single.end(), p.begin(), p.end());
    }
    CHECK(single == expected);
  }
}

TEST_CASE("clones score from several threads at once") {
  const auto model = Model::create(small_config());
  REQUIRE(model.ok());
  const SmallTable table(500);
  auto scorer = Scorer::create(*model);
  REQUIRE(scorer.ok());
  auto clone = scorer->clone();
  REQUIRE(clone.ok());
  const std::vector<float> expected = scores(*scorer, table.rows());
  std::vector<float> first(1000), second(1000);
  bool good[2] = {true, true};
  const auto work = [&](Scorer& own, std::vector<float>& out, bool& ok) {
    for (int i = 0; i < 20; ++i) ok = own.score(table.rows(), out).ok() && ok;
  };
  std::thread other([&] { work(*clone, second, good[1]); });
  work(*scorer, first, good[0]);
  other.join();
  CHECK((good[0] && good[1]));
  CHECK(first == expected);
  CHECK(second == expected);
}

TEST_CASE("text cells mean what they mean in a file") {
  const ScratchDirectory scratch;
  const auto model = Model::create(small_config());
  REQUIRE(model.ok());
  const SmallTable table(60);
  write_text(scratch.file("rows.csv"), table.csv(false));
  const auto report = predict_file(*model, scratch.file("rows.csv"), scratch.file("p.csv"));
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  CHECK(report->rows == 60);

  // The same cells as text columns of a Rows.
  std::vector<std::vector<std::string>> cells(4);
  const std::string csv = table.csv(false);
  std::size_t column = 0, begin = csv.find('\n') + 1;
  for (std::size_t i = begin; i < csv.size(); ++i) {
    if (csv[i] != ',' && csv[i] != '\n') continue;
    cells[column++ % 4].push_back(csv.substr(begin, i - begin));
    begin = i + 1;
  }
  std::vector<std::vector<std::string_view>> views;
  for (const auto& c : cells) views.emplace_back(c.begin(), c.end());
  const std::vector<Column> columns = {Column::of_text("x", views[3]), Column::of_text("tags", views[2]),
                                       Column::of_text("item", views[1]), Column::of_text("user", views[0])};
  auto scorer = Scorer::create(*model);
  REQUIRE(scorer.ok());
  const std::vector<float> p = scores(*scorer, {60, columns, {}, {}});
  std::string expected = "p_click,p_consume\n";
  for (std::size_t i = 0; i < p.size(); ++i) {
    char text[32];
    expected.append(text, std::to_chars(text, text + 32, p[i]).ptr);
    expected += i % 2 == 0 ? ',' : '\n';
  }
  CHECK(read_text(scratch.file("p.csv")) == expected);
}

TEST_CASE("a prediction file has the same bytes for any batch and threads") {
  const ScratchDirectory scratch;
  const auto model = Model::create(small_config());
  REQUIRE(model.ok());
  const SmallTable table(700);
  write_text(scratch.file("rows.csv"), table.csv());
  std::string expected;
  for (const std::size_t batch : std::vector<std::size_t>{1000, 1, 2, 7, 64, 128}) {
    for (const int threads : {1, 2}) {
      const auto report =
          predict_file(*model, scratch.file("rows.csv"), scratch.file("p.csv"), batch, {threads, "auto"});
      REQUIRE_MESSAGE(report.ok(), report.error().message);
      if (expected.empty()) expected = read_text(scratch.file("p.csv"));
      CHECK(read_text(scratch.file("p.csv")) == expected);
    }
  }
  CHECK(std::count(expected.begin(), expected.end(), '\n') == 701);
}

TEST_CASE("options that cannot be met are usage errors") {
  const auto model = Model::create(small_config());
  REQUIRE(model.ok());
  CHECK(Scorer::create(*model, {0, "auto"}).ok());  // the processors there are
  const auto negative = Scorer::create(*model, {-1, "auto"});
  REQUIRE_FALSE(negative.ok());
  CHECK(negative.error().code == ErrorCode::usage);
  const auto unknown = Scorer::create(*model, {1, "sse9"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == ErrorCode::usage);
  CHECK(contains(unknown.error().message, "\"sse9\""));
  CHECK(contains(unknown.error().help, "reference"));
#ifdef __x86_64__
  const auto lacking = Scorer::create(*model, {1, "neon"});
  REQUIRE_FALSE(lacking.ok());
  CHECK(lacking.error().code == ErrorCode::usage);
#endif
  auto scorer = Scorer::create(*model);
  REQUIRE(scorer.ok());
  std::vector<float> small(3);
  const SmallTable table(2);
  CHECK(scorer->score(table.rows(), small).error().code == ErrorCode::usage);
}
