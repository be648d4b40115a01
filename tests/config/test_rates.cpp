// Rate fields in a config: what may stand there, what it means when left out, what rate_pairs become.
#include <doctest/doctest.h>

#include "tests/failure_of.hpp"
#include "train/config.hpp"

namespace dcrnn {
namespace {

using test::contains;
using test::failure_of;

std::string with(const std::string& field, const std::string& more = "") {
  return R"({"fields": [{"name": "a", "type": "category", "encoding": "id", "size": 3}, {"name": "r", "type": "rate", )" +
         field + R"(}], "tasks": [{"name": "click"}, {"name": "buy", "after": "click"}])" + more + "}";
}

Schema parsed(const std::string& json) {
  return parse_config(json, "c").model;
}

TEST_CASE("rate fields: defaults, every form of a key, and back through JSON") {
  const Field plain = parsed(with(R"("of": ["user"])")).fields[1];
  CHECK(plain.of == std::vector<KeyColumn>{KeyColumn::of_word("user")});
  CHECK(*plain.rate.tasks == std::vector<std::string>{"click", "buy"});
  CHECK(plain.rate.count);
  CHECK(plain.rate.prior == 20);
  CHECK(plain.rate.blocks == 20);
  CHECK(plain.rate.order == RateOrder::file);
  CHECK(plain.width() == 3);
  CHECK_FALSE(plain.has_table());

  const std::string full =
      with(R"("of": [{"column": "age"}, {"column": "price", "bins": 3}], "tasks": ["buy"],
      "count": false, "prior": 0.5, "blocks": 7, "order": "shuffled", "seed": 18446744073709551615)");
  const Config config = parse_config(full, "c");
  const Field& field = config.model.fields[1];
  CHECK(field.of == std::vector<KeyColumn>{{"age", true, 20}, {"price", true, 3}});
  CHECK(field.width() == 1);
  CHECK(field.rate.seed == ~std::uint64_t{0});
  CHECK(parse_config(to_json(config), "c") == config);
}

TEST_CASE("rate_pairs stand for the fields of all pairs, which the effective config holds in their place") {
  const Config config = parse_config(
      with(R"("of": ["user"])", R"(, "rate_pairs": [{"columns": ["x", {"column": "y", "bins": 2}, "z"],
          "tasks": ["buy"], "count": false}, {"columns": ["p", "q"], "order": "shuffled", "seed": 4}], "project": 2)"),
      "c");
  std::vector<std::string> names;
  for (const Field& field : config.model.fields) names.push_back(field.name);
  CHECK(names == std::vector<std::string>{"a", "r", "x--y", "x--z", "y--z", "p--q"});
  CHECK(config.model.fields[4].of == std::vector<KeyColumn>{{"y", true, 2}, KeyColumn::of_word("z")});
  CHECK(config.model.rate_pairs.empty());
  CHECK(config.model.Schema::input_width() == 16 + 3 + 3 * 1 + 3);
  CHECK(config.model.input_width() == 16 + 2);
  const std::string json = to_json(config);
  CHECK_FALSE(contains(json, "rate_pairs"));
  CHECK(parse_config(json, "c") == config);
}

TEST_CASE("rate fields: what is refused, by its path") {
  const auto refused = [](const std::string& json, const std::string& path) {
    CAPTURE(json);
    const Error error = failure_of([&] { parse_config(json, "c"); });
    CHECK(error.code == ErrorCode::usage);
    CHECK_MESSAGE(contains(error.message, path), error.message);
  };
  refused(with(R"("count": true)"), "fields[1].of");
  refused(with(R"("of": [])"), "fields[1].of");
  refused(with(R"("of": ["a", "b", "c"])"), "fields[1].of");
  refused(with(R"("of": ["a", {"column": "a"}])"), "fields[1].of[1]");
  refused(with(R"("of": [""])"), "fields[1].of");
  refused(with(R"("of": [3])"), "fields[1].of[0]");
  refused(with(R"("of": [{"bins": 3}])"), "fields[1].of[0].column");
  refused(with(R"("of": [{"column": "a", "bins": 0}])"), "fields[1].of[0].bins");
  refused(with(R"("of": ["a"], "column": "b")"), "fields[1].column");
  refused(with(R"("of": ["a"], "dim": 3)"), "fields[1].dim");
  refused(with(R"("of": ["a"], "seed": 3)"), "fields[1].seed");
  refused(with(R"("of": ["a"], "blocks": 1)"), "fields[1].blocks");
  refused(with(R"("of": ["a"], "prior": 0)"), "fields[1].prior");
  refused(with(R"("of": ["a"], "order": "time")"), "fields[1].order");
  refused(with(R"("of": ["a"], "tasks": ["by"])"), "fields[1].tasks[0]");
  refused(with(R"("of": ["a"], "tasks": ["buy", "buy"])"), "fields[1].tasks[1]");
  refused(with(R"("of": ["a"], "tasks": [], "count": false)"), "fields[1].tasks");
  refused(with(R"("of": ["a"])", R"(, "rate_pairs": [{"columns": ["x"]}])"), "rate_pairs[0].columns");
  refused(with(R"("of": ["a"])", R"(, "rate_pairs": [{"columns": ["x", "y", "x"]}])"),
          "rate_pairs[0].columns[2]");
  refused(with(R"("of": ["a"])", R"(, "rate_pairs": [{"columns": ["x", "y z"]}])"), "rate_pairs[0].columns");
  refused(with(R"("of": ["a"])", R"(, "rate_pairs": [{"columns": ["x", "y"]}, {"columns": ["x", "y"]}])"),
          "rate_pairs[1].columns");
  refused(R"({"fields": [{"name": "a", "type": "category", "of": ["b"]}], "tasks": [{"name": "t"}]})",
          "fields[0].of");
  refused(R"({"fields": [{"name": "a", "type": "category"}], "tasks": [{"name": "t"}], "project": 2})",
          "project");
}

}  // namespace
}  // namespace dcrnn
