#include "config/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/content.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

/// "file:line:column" of the byte at `offset`; the column counts bytes from 1.
std::string place(std::string_view text, std::size_t offset, const std::string& source) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return printable(source) + ":" + std::to_string(line) + ":" +
         std::to_string(before.size() - line_start + 1);
}

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

/// Builds the document from the parser's tokens; refuses a key that stands twice in one object, and nesting
/// that would exhaust the stack of whoever walks the tree.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  Json take() { return std::move(document_); }

  bool null() override { return add({}); }
  bool boolean(bool flag) override { return add(flag); }
  bool number_integer(number_integer_t number) override { return add(number); }
  bool number_unsigned(number_unsigned_t number) override { return add(number); }
  bool number_float(number_float_t number, const string_t&) override { return add(number); }
  bool string(string_t& text) override { return add(std::move(text)); }
  bool binary(binary_t&) override { return false; }  // not in JSON text

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::List()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& text) override {
    Level& level = levels_.back();
    level.key = text;
    if (level.keys.insert(text).second) return true;
    fail(ErrorCode::usage, printable(source_) + ": the key " + in_quotes(path()) + " stands here twice",
         "leave one of the two");
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string what = reason(error.what());
    if (dynamic_cast<const nlohmann::json::out_of_range*>(&error) != nullptr) {
      fail(ErrorCode::usage, printable(source_) + ": " + what, "write a number that a double can hold");
    }
    check_content(text_, source_);
    const std::size_t offset = position == 0 ? 0 : position - 1;
    fail(ErrorCode::usage, place(text_, offset, source_) + ": " + what, "the config must be JSON");
  }

 private:
  static constexpr std::size_t kDeepest = 64;
  struct Level {
    Json* node;  ///< stays where it is: its siblings are added when it is closed
    std::string key = {};
    std::set<std::string> keys = {};
  };

  bool add(Json value) {
    place_for_next() = std::move(value);
    return true;
  }
  bool open(Json empty) {
    if (levels_.size() == kDeepest) {
      fail(ErrorCode::usage,
           printable(source_) + ": lists and objects more than " + std::to_string(kDeepest) + " deep",
           "no config is nested like this");
    }
    Json& node = place_for_next();
    node = std::move(empty);
    levels_.push_back({&node});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }
  Json& place_for_next() {
    if (levels_.empty()) return document_;
    Json& node = *levels_.back().node;
    if (node.is_list()) return node.list().emplace_back();
    return node.members().emplace_back(Json::Member{levels_.back().key, {}}).value;
  }

  std::string path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.node->is_list()) {
        path += "[" + std::to_string(level.node->list().size() - 1) + "]";
      } else {
        path += (path.empty() ? "" : ".") + level.key;
      }
    }
    return path;
  }

  std::string_view text_;
  const std::string& source_;
  Json document_;
  std::vector<Level> levels_;
};

}  // namespace

Json parse_json_text(std::string_view text, const std::string& source) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  const std::size_t bad = find_invalid_utf8(text);
  if (bad != std::string_view::npos) {
    check_content(text, source);
    fail(ErrorCode::usage, place(text, bad, source) + ": not valid UTF-8", "save the config as UTF-8");
  }
  // The parser would take it for the end of the text.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    check_content(text, source);
    fail(ErrorCode::usage, place(text, nul, source) + ": a NUL byte", "the config must be JSON");
  }
  Builder builder(text, source);
  constexpr bool kStrict = true, kComments = true;
  nlohmann::json::sax_parse(text, &builder, nlohmann::json::input_format_t::json, kStrict, kComments);
  return builder.take();
}

std::string shown(const Json& value) {
  if (value.is_string()) return in_quotes(value.text());
  if (value.is_object()) return "an object";
  if (value.is_list()) return value.list().empty() ? "an empty list" : "a list";
  return value.dump();
}

}  // namespace dcrnn
