#include <doctest/doctest.h>

#include <array>

#include "core/text.hpp"

using namespace dcrnn;

TEST_CASE("printable text stays, anything else is spelt out") {
  CHECK(printable("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
        "plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  CHECK(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(printable(std::string_view("\0\x7F\xFF", 3)) == "\\x00\\x7F\\xFF");
  CHECK(in_quotes("say \"x\\y\"") == "\"say \\\"x\\\\y\\\"\"");
  const std::string cut = in_quotes(std::string(1000, 'a'));
  CHECK(cut.size() < 70);
  CHECK(cut.ends_with("...\""));
  CHECK(in_quotes(std::string(59, 'a') + "\xE2\x82\xAC" + "tail") == "\"" + std::string(59, 'a') + "...\"");
}

TEST_CASE("invalid UTF-8 is found at its first byte") {
  CHECK(find_invalid_utf8("") == std::string_view::npos);
  CHECK(find_invalid_utf8(
            "a\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") ==
        std::string_view::npos);
  for (const char* bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82z", "\xC3z"}) {
    CAPTURE(bad);
    CHECK(find_invalid_utf8(std::string("ok") + bad) == 2);
  }
}

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("optimiser", "optimizer") == 1);
  CHECK(edit_distance("epcohs", "epochs") == 1);
}

TEST_CASE("the nearest name is the one that was meant, or none") {
  constexpr std::array<std::string_view, 4> kNames = {"epochs", "batch", "seed", "optimizer"};
  CHECK(nearest("epoch", kNames) == "epochs");
  CHECK(nearest("batchs", kNames) == "batch");
  CHECK(nearest("optimiser", kNames) == "optimizer");
  CHECK(nearest("qqqqqqq", kNames).empty());
  CHECK(nearest("", kNames).empty());
  CHECK(nearest(std::string(100000, 'x'), kNames).empty());
}
