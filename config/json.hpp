// A JSON value in memory.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dcrnn {

/// Plain containers, so that losing a value never allocates: it may be lost because memory has run out. (The
/// values of nlohmann-json, which parses and formats here, allocate in their destructor.) Nesting is bounded
/// by whoever builds it, parse_json_text() for what comes from outside.
class Json {
 public:
  struct Member;
  using List = std::vector<Json>;
  using Object = std::vector<Member>;  ///< in the order of the text

  Json();  ///< null
  Json(const Json& other);
  Json(Json&&) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&&) noexcept;
  ~Json();
  Json(bool flag);
  Json(double number);
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  /// Whole numbers of at least 0 are unsigned, whatever their type.
  template <std::integral Whole>
  Json(Whole whole);
  Json(const std::vector<std::size_t>& wholes);
  Json(const std::vector<std::string>& texts);
  Json(List list);
  static Json object();
  /// The object with one member more, whose key is new. (Not a list in braces: g++ 12 destroys elements that
  /// it never made when one of them throws within a conditional expression.)
  Json with(std::string_view key, Json value) &&;

  bool is_null() const { return holds<std::nullptr_t>(); }
  bool is_boolean() const { return holds<bool>(); }
  bool is_number() const { return is_number_integer() || is_number_float(); }
  bool is_number_integer() const { return is_number_unsigned() || holds<std::int64_t>(); }
  bool is_number_unsigned() const { return holds<std::uint64_t>(); }
  bool is_number_float() const { return holds<double>(); }
  bool is_string() const { return holds<std::string>(); }
  bool is_list() const { return holds<List>(); }
  bool is_object() const { return holds<Object>(); }

  /// The value; it must be of that kind.
  bool flag() const { return *std::get_if<bool>(&value_); }
  const std::string& text() const { return *std::get_if<std::string>(&value_); }
  const List& list() const { return *std::get_if<List>(&value_); }
  List& list() { return *std::get_if<List>(&value_); }
  const Object& members() const { return *std::get_if<Object>(&value_); }
  Object& members() { return *std::get_if<Object>(&value_); }
  /// Of any number.
  double number() const;
  /// Of an unsigned number, or of a float that is whole and fits.
  std::uint64_t whole() const;

  /// The member of an object, null if it has none of that key.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  /// The member of an object, added (null) if it is not there.
  Json& operator[](std::string_view key);

  /// One line of JSON. Bytes that are not UTF-8 are replaced.
  std::string dump() const;

  bool operator==(const Json& other) const;

 private:
  template <class T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }
  void append_to(std::string& text) const;

  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, List, Object> value_;
};

struct Json::Member {
  std::string key;
  Json value;

  bool operator==(const Member&) const = default;
};

template <std::integral Whole>
Json::Json(Whole whole) {
  if (whole < 0) {
    value_ = static_cast<std::int64_t>(whole);
  } else {
    value_ = static_cast<std::uint64_t>(whole);
  }
}

}  // namespace dcrnn
