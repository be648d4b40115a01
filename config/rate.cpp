#include "config/rate.hpp"

#include <algorithm>
#include <set>

#include "config/rules.hpp"
#include "config/schema.hpp"

namespace dcrnn {
namespace {

[[noreturn]] void refuse(const std::string& source, const std::string& path, const std::string& what,
                         const std::string& help) {
  fail(ErrorCode::usage, place(source, path) + what, help);
}

/// The columns of a key, or of pairs, are as many as may be and none stands twice.
void check_columns(const std::vector<KeyColumn>& columns, std::size_t most, const std::string& source,
                   const std::string& path) {
  const std::size_t least = most == 2 ? 1 : 2;
  if (columns.size() < least || columns.size() > most) {
    refuse(source, path,
           "found " + std::to_string(columns.size()) + " columns, want " +
               (most == 2 ? "one or two" : "two or more"),
           "a key is made of one column or two");
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (columns[i].column != columns[j].column) continue;
      refuse(source, element(path, i), in_quotes(columns[i].column) + " stands there twice",
             "a key is made of different columns");
    }
  }
}

/// Names of tasks that there are, each once; all of them where none are named.
void complete_tasks(RateConfig& rate, const std::vector<Task>& tasks, const std::string& source,
                    const std::string& path) {
  std::vector<std::string_view> known;
  for (const Task& task : tasks) known.push_back(task.name);
  if (!rate.tasks) rate.tasks = std::vector<std::string>(known.begin(), known.end());
  const std::vector<std::string>& names = *rate.tasks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) == known.end()) {
      const std::string_view guess = nearest(names[i], known);
      refuse(source, element(path + ".tasks", i),
             "there is no task " + in_quotes(names[i]) +
                 (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"),
             "name some of \"tasks\", or leave it out for all");
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      refuse(source, element(path + ".tasks", i), in_quotes(names[i]) + " stands there twice",
             "name each task once");
    }
  }
  if (names.empty() && !rate.count) {
    refuse(source, path + ".tasks", "found none, and count false: the field would have no numbers",
           "name a task, or leave count out");
  }
}

Field pair_of(const RatePairs& pairs, const KeyColumn& first, const KeyColumn& second) {
  Field field;
  field.name = first.column + "--" + second.column;
  field.type = FieldType::rate;
  field.missing = pairs.missing;
  field.of = {first, second};
  field.rate = pairs;
  return field;
}

void check_name(const std::string& name, bool taken, const std::string& source, const std::string& path) {
  if (!is_name(name)) {
    refuse(source, path,
           "the field of a pair would be called " + in_quotes(name) +
               ", which is no name of letters, digits, _ and -",
           "write the pair as a field of type rate, with a name of its own");
  }
  if (taken) {
    refuse(source, path, "the field of a pair would be called " + in_quotes(name) + ", as another is",
           "give the other field another name, or leave the pair out");
  }
}

}  // namespace

void complete_rates(Schema& schema, const std::string& source) {
  for (std::size_t f = 0; f < schema.fields.size(); ++f) {
    Field& field = schema.fields[f];
    if (field.type != FieldType::rate) continue;
    const std::string path = element("fields", f);
    if (!field.column.empty()) {
      refuse(source, path + ".column", "does not apply here, only to type category, bag or number",
             "a rate field reads the columns of \"of\"");
    }
    check_columns(field.of, 2, source, path + ".of");
    complete_tasks(field.rate, schema.tasks, source, path);
  }
  std::set<std::string> taken;
  for (const Field& field : schema.fields) taken.insert(field.name);
  for (std::size_t p = 0; p < schema.rate_pairs.size(); ++p) {
    RatePairs& pairs = schema.rate_pairs[p];
    const std::string path = element("rate_pairs", p);
    check_columns(pairs.columns, static_cast<std::size_t>(-1), source, path + ".columns");
    complete_tasks(pairs, schema.tasks, source, path);
    for (std::size_t i = 0; i < pairs.columns.size(); ++i) {
      for (std::size_t j = i + 1; j < pairs.columns.size(); ++j) {
        Field pair = pair_of(pairs, pairs.columns[i], pairs.columns[j]);
        check_name(pair.name, !taken.insert(pair.name).second, source, path + ".columns");
        schema.fields.push_back(std::move(pair));
      }
    }
  }
  schema.rate_pairs.clear();
}

}  // namespace dcrnn
