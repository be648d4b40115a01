#include "config/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace dcrnn {
namespace {

/// A number or text: nlohmann's values of these allocate nothing when they are lost.
template <class Scalar>
std::string formatted(const Scalar& scalar) {
  return nlohmann::json(scalar).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

// Here, where Member is complete.
Json::Json() = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;
Json::Json(bool flag) : value_(flag) {}
Json::Json(double number) : value_(number) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(const char* text) : value_(std::string(text)) {}

bool Json::operator==(const Json& other) const {
  return value_ == other.value_;
}

Json& Json::operator=(const Json& other) {
  return *this = Json(other);
}

/// std::variant's own copy destroys what it never made when memory runs out (libstdc++ 12).
Json::Json(const Json& other) {
  std::visit([this](const auto& value) { value_ = std::remove_cvref_t<decltype(value)>(value); },
             other.value_);
}

Json::Json(const std::vector<std::size_t>& wholes) : value_(List(wholes.begin(), wholes.end())) {}
Json::Json(const std::vector<std::string>& texts) : value_(List(texts.begin(), texts.end())) {}

Json::Json(List list) : value_(std::move(list)) {}

Json Json::object() {
  Json json;
  json.value_ = Object();
  return json;
}

Json Json::with(std::string_view key, Json value) && {
  members().push_back({std::string(key), std::move(value)});
  return std::move(*this);
}

double Json::number() const {
  if (is_number_float()) return *std::get_if<double>(&value_);
  if (is_number_unsigned()) return static_cast<double>(*std::get_if<std::uint64_t>(&value_));
  return static_cast<double>(*std::get_if<std::int64_t>(&value_));
}

std::uint64_t Json::whole() const {
  if (is_number_unsigned()) return *std::get_if<std::uint64_t>(&value_);
  return static_cast<std::uint64_t>(number());
}

const Json* Json::find(std::string_view key) const {
  const Object& object = members();
  const auto found =
      std::find_if(object.begin(), object.end(), [&](const Member& m) { return m.key == key; });
  return found == object.end() ? nullptr : &found->value;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(std::as_const(*this).find(key));
}

Json& Json::operator[](std::string_view key) {
  if (Json* found = find(key)) return *found;
  return members().emplace_back(Member{std::string(key), {}}).value;
}

std::string Json::dump() const {
  std::string text;
  append_to(text);
  return text;
}

void Json::append_to(std::string& text) const {
  const auto begin = text.size();
  const auto separate = [&] { text += text.size() == begin + 1 ? "" : ","; };
  if (is_list()) {
    text += '[';
    for (const Json& element : list()) {
      separate();
      element.append_to(text);
    }
    text += ']';
  } else if (is_object()) {
    text += '{';
    for (const auto& [key, value] : members()) {
      separate();
      text += formatted(key) + ":";
      value.append_to(text);
    }
    text += '}';
  } else if (is_null()) {
    text += "null";
  } else if (is_boolean()) {
    text += flag() ? "true" : "false";
  } else if (is_string()) {
    text += formatted(this->text());
  } else if (is_number_float()) {
    text += formatted(number());
  } else if (is_number_unsigned()) {
    text += std::to_string(whole());
  } else {
    text += std::to_string(*std::get_if<std::int64_t>(&value_));
  }
}

}  // namespace dcrnn
