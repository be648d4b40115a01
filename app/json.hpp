// Writes JSON: one object after another into a string.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dcrnn::app {

/// Commas are put where they belong; every begin_... needs its end_....
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_list() { return open('['); }
  JsonWriter& end_list() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(std::unsigned_integral auto whole) { return raw(std::to_string(whole)); }
  JsonWriter& value(double number);  ///< shortest text that reads back the same; null if not finite
  JsonWriter& value(const std::optional<double>& number) { return number ? value(*number) : raw("null"); }
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  /// key(name).value(v)
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  const std::string& text() const { return text_; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string text_;
  bool first_ = true;  // nothing stands before in the innermost object or list
};

}  // namespace dcrnn::app
