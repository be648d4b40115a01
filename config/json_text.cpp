#include "config/json_text.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "core/content.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

using Json = nlohmann::json;

/// "file:line:column" of the byte at `offset`; the column counts bytes from 1.
std::string place(std::string_view text, std::size_t offset, const std::string& source) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return printable(source) + ":" + std::to_string(line) + ":" +
         std::to_string(before.size() - line_start + 1);
}

/// Watches the parser for a key that stands twice in one object, and for nesting that would exhaust the stack
/// of whoever walks the tree.
class ParserWatch {
 public:
  explicit ParserWatch(const std::string& source) : source_(source) {}

  void operator()(Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (levels_.size() == kDeepest) {
        fail(ErrorCode::usage,
             printable(source_) + ": lists and objects more than " + std::to_string(kDeepest) + " deep",
             "no config is nested like this");
      }
      levels_.push_back({event == Event::array_start, 0, {}, {}});
    } else if (event == Event::key) {
      Level& level = levels_.back();
      level.key = value.get<std::string>();
      if (!level.keys.insert(level.key).second) {
        fail(ErrorCode::usage, printable(source_) + ": the key " + in_quotes(path()) + " stands here twice",
             "leave one of the two");
      }
    } else {
      if (event != Event::value) levels_.pop_back();
      if (!levels_.empty()) ++levels_.back().index;
    }
  }

 private:
  static constexpr std::size_t kDeepest = 64;
  struct Level {
    bool list;
    std::size_t index;
    std::string key;
    std::set<std::string> keys;
  };

  std::string path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.list) {
        path += "[" + std::to_string(level.index) + "]";
      } else {
        path += (path.empty() ? "" : ".") + level.key;
      }
    }
    return path;
  }

  const std::string& source_;
  std::vector<Level> levels_;
};

/// The readable part of nlohmann's message, which is "[...] parse error at ...: syntax error while parsing X
/// - what; last read: 'text'; expected Y".
std::string reason(std::string_view message) {
  const std::size_t dash = message.find(" - ");
  const std::size_t bracket = message.find("] ");
  if (dash != std::string_view::npos) {
    message.remove_prefix(dash + 3);
  } else if (bracket != std::string_view::npos) {
    message.remove_prefix(bracket + 2);
  }
  return printable(message.substr(0, message.find("; last read")));
}

/// Failure(usage) if the text, which is no JSON, does not even begin like it: another file was named.
void check_content(std::string_view text, const std::string& source) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos ||
      std::string_view("{[/\"").find(text[first]) != std::string_view::npos)
    return;
  fail(ErrorCode::usage, printable(source) + ": not a config but " + described(text.substr(0, kContentHead)),
       "a config is JSON, {\"fields\": [...], \"tasks\": [...], ...}; two arguments may be swapped");
}

}  // namespace

nlohmann::json parse_json_text(std::string_view text, const std::string& source) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  const std::size_t bad = find_invalid_utf8(text);
  if (bad != std::string_view::npos) {
    check_content(text, source);
    fail(ErrorCode::usage, place(text, bad, source) + ": not valid UTF-8", "save the config as UTF-8");
  }
  ParserWatch check(source);
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    check(event, value);
    return true;
  };
  constexpr bool kThrow = true, kComments = true;
  try {
    return Json::parse(text, watch, kThrow, kComments);
  } catch (const Json::parse_error& error) {
    check_content(text, source);
    const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    fail(ErrorCode::usage, place(text, offset, source) + ": " + reason(error.what()),
         "the config must be JSON");
  } catch (const Json::out_of_range& error) {
    fail(ErrorCode::usage, printable(source) + ": " + reason(error.what()),
         "write a number that a double can hold");
  }
}

std::string shown(const nlohmann::json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_object()) return "an object";
  if (value.is_array()) return value.empty() ? "an empty list" : "a list";
  return value.dump();
}

}  // namespace dcrnn
