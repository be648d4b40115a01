// Writes config structs as JSON: the reader's way back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/json.hpp"
#include "config/keys.hpp"

namespace dcrnn {

/// Visitor of describe(): builds one JSON object, keys in the order of the description. A key whose default
/// is "none" and that has no value is left out.
class Writer {
 public:
  /// `keys` are those of the object.
  explicit Writer(KeyList keys) : keys_(keys) {}

  template <class T>
  void value(std::string_view name, const T& member) {
    if constexpr (std::is_enum_v<T>) {
      put(name, split_words(key(name).words)[static_cast<std::size_t>(member)]);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (key(name).kind == KeyKind::word) {
        put(name, split_words(key(name).words)[member ? 0 : 1]);
      } else {
        put(name, member);
      }
    } else {
      put(name, member);
    }
  }
  template <class T>
  void constant(std::string_view name, T constant_value) {
    put(name, constant_value);
  }
  void optional(std::string_view name, const std::string& text) {
    if (!text.empty()) put(name, text);
  }
  /// The name of element `index` of the list that this object goes to; nothing if there is no such element.
  void earlier(std::string_view name, const std::string& /*noun*/, std::size_t index) {
    if (list_ != nullptr && index < list_->size()) put(name, *(*list_)[index].find("name"));
  }
  template <class T>
  void object(std::string_view name, const T& member) {
    Writer writer(key(name).below);
    describe(writer, member);
    put(name, writer.node_);
  }
  template <class T>
  void list(std::string_view name, const std::vector<T>& members) {
    Json::List elements;
    for (const T& member : members) {
      Writer writer(key(name).below);
      writer.list_ = &elements;
      describe(writer, member);
      elements.push_back(writer.node_);
    }
    put(name, elements);
  }

  const Json& node() const { return node_; }

 private:
  const Key& key(std::string_view name) const { return *keys_.find(name); }
  template <class T>
  void put(std::string_view name, const T& member) {
    node_[name] = Json(member);
  }

  const KeyList keys_;
  const Json::List* list_ = nullptr;  // the elements before this one
  Json node_ = Json::object();
};

}  // namespace dcrnn
