#include "config/csv_dialect.hpp"

#include <algorithm>
#include <set>

#include "config/rules.hpp"

namespace dcrnn {
namespace {

[[noreturn]] void fail_twice(const std::string& source, const std::string& key, const std::string& text,
                             const std::string& other) {
  fail(ErrorCode::usage, place(source, key) + in_quotes(text) + " is in " + other + ", too",
       "it can mean one thing only");
}

}  // namespace

void check_dialect(const CsvDialect& csv, const std::string& source) {
  if (csv.separator == csv.quote) fail_twice(source, "csv.quote", csv.quote, "csv.separator");
  if (csv.separator == csv.escape) fail_twice(source, "csv.escape", csv.escape, "csv.separator");
  std::set<std::string_view> names;
  for (const std::string& name : csv.header) {
    if (names.insert(name).second) continue;
    fail(ErrorCode::usage, place(source, "csv.header") + in_quotes(name) + " is used twice",
         "give every column its own name");
  }
  for (const auto& [key, words] : {std::pair("csv.true", &csv.true_words), {"csv.false", &csv.false_words}}) {
    if (words->empty()) {
      fail(ErrorCode::usage, place(source, key) + "found an empty list, want at least one word",
           "a task cannot learn from labels of one kind");
    }
  }
  const auto holds = [](const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (const std::string& word : csv.true_words) {
    if (holds(csv.false_words, word)) fail_twice(source, "csv.true", word, "csv.false");
  }
  for (const auto& [key, words] : {std::pair("csv.true", &csv.true_words), {"csv.false", &csv.false_words}}) {
    for (const std::string& word : *words) {
      if (holds(csv.missing, word)) fail_twice(source, key, word, "csv.missing");
      if (word.empty()) {
        fail(ErrorCode::usage, place(source, key) + "found \"\", but an empty label is a missing one",
             "name words that are written in the file");
      }
    }
  }
}

}  // namespace dcrnn
