#include "api/prediction_text.hpp"

#include <charconv>
#include <set>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::api {

void append_cell(std::string& text, std::string_view cell) {
  if (cell.find_first_of("\",\r\n") == std::string_view::npos) {
    text += cell;
    return;
  }
  text += '"';
  for (const char c : cell) text.append(c == '"' ? 2 : 1, c);
  text += '"';
}

std::string prediction_header(const std::vector<Task>& tasks, const std::vector<std::string>& keep) {
  std::vector<std::string> names = keep;
  for (const Task& task : tasks) names.push_back("p_" + task.name);
  std::set<std::string_view> seen;
  std::string line;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) {
      fail(ErrorCode::usage, "keep: the output would have two columns " + in_quotes(name),
           "keep a column once, and none that is named like a prediction");
    }
    line += line.empty() ? "" : ",";
    append_cell(line, name);
  }
  return line + '\n';
}

void append_predictions(std::string& text, std::span<const float> probabilities) {
  for (std::size_t t = 0; t < probabilities.size(); ++t) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, probabilities[t]).ptr);
    text += t + 1 == probabilities.size() ? '\n' : ',';
  }
}

}  // namespace dcrnn::api
