#include "compare/difference.hpp"

#include <doctest/doctest.h>

using dcrnn::compare::first_difference;

TEST_CASE("the first difference is named by its place") {
  CHECK(first_difference(R"({"a": [1, {"b": 2}], "c": 3})", R"({"c": 3, "a": [1, {"b": 2}]})").empty());
  CHECK(first_difference(R"({"a": [1, {"b": 2}], "c": 3})", R"({"a": [1, {"b": 5}], "c": 4})") ==
        "a[1].b: 2 there, 5 here");
  CHECK(first_difference(R"({"a": [1]})", R"({"a": [1, 2]})") == "a: [1] there, [1,2] here");
  CHECK(first_difference(R"({"a": 1, "b": 2})", R"({"a": 1})") == "b: 2 there, nothing here");
  CHECK(first_difference(R"({"a": 1})", R"({"b": null, "a": 1})") == "b: nothing there, null here");
  CHECK(first_difference("{", "{}") == "not what this program writes");
  CHECK(first_difference("", "").empty());
}
