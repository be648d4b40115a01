// Writes config structs as JSON: the reader's way back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/json.hpp"
#include "config/keys.hpp"

namespace dcrnn {

/// Visitor of describe(): builds one JSON object, keys in the order of the description. A key whose default
/// is "none" and that has no value is left out; so is a key that was added to the format and is at its
/// default, unless everything is wanted.
class Writer {
 public:
  enum class Defaults { as_format_1, all };

  /// The JSON of `member`, whose keys are `keys`.
  template <class T>
  static Json write(const T& member, KeyList keys, Defaults defaults) {
    return object_of(member, keys, {}, defaults, nullptr);
  }

  template <class T>
  void value(std::string_view name, const T& member) {
    if constexpr (std::is_enum_v<T>) {
      put(name, split_words(key(name).words)[static_cast<std::size_t>(member)]);
    } else if constexpr (requires { member.index(); }) {
      put(name, split_words(key(name).words)[member.index()]);
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
  void value(std::string_view name, const T& member, const T& /*absent*/) {
    value(name, member);
  }
  template <class T>
  void object(std::string_view name, const T& member, const T& /*absent*/) {
    object(name, member);
  }
  /// Left out where it says what a file without the key means: files of earlier versions stay as they were.
  template <class T>
  void later_object(std::string_view name, const T& member, const T& absent) {
    if (defaults_ == Defaults::all || member != absent) object(name, member);
  }
  /// A file that is written holds every other key.
  bool stands(std::string_view /*name*/) const { return true; }
  template <class T>
  void constant(std::string_view name, T constant_value) {
    put(name, constant_value);
  }
  void optional(std::string_view name, const std::string& text) {
    if (!text.empty()) put(name, text);
  }
  void optional(std::string_view name, const std::optional<std::vector<std::string>>& words) {
    if (words) put(name, *words);
  }
  /// The name of element `index` of the list that this object goes to; nothing if there is no such element.
  void earlier(std::string_view name, const std::string& /*noun*/, std::size_t index) {
    if (list_ != nullptr && index < list_->size()) put(name, *(*list_)[index].find("name"));
  }
  template <class T>
  void object(std::string_view name, const T& member) {
    put(name, object_of(member, key(name).below, key(name).kinds, defaults_, nullptr));
  }
  template <class T>
  void list(std::string_view name, const std::vector<T>& members) {
    Json::List elements;
    for (const T& member : members) {
      if constexpr (requires { member.word(); }) {
        if (const std::string* word = member.word()) {
          elements.push_back(Json(*word));
          continue;
        }
      }
      elements.push_back(object_of(member, key(name).below, key(name).kinds, defaults_, &elements));
    }
    put(name, elements);
  }

 private:
  Writer(KeyList keys, KeyList own_keys, Defaults defaults, const Json::List* list)
      : keys_(keys), own_keys_(own_keys), defaults_(defaults), list_(list) {}

  template <class T>
  static Json object_of(const T& member, KeyList keys, KindKeyList kinds, Defaults defaults,
                        const Json::List* list) {
    if constexpr (requires { member.index(); }) {
      const KindKeys& kind = kinds[member.index()];
      Writer writer(keys, kind.keys, defaults, list);
      if (member.index() > 0 || !keys.find("kind")->added || defaults == Defaults::all) {
        writer.put("kind", kind.word);
      }
      std::visit([&](const auto& own) { writer.describe_all(own); }, member);
      return writer.node_;
    } else {
      Writer writer(keys, {}, defaults, list);
      writer.describe_all(member);
      return writer.node_;
    }
  }

  template <class T>
  void describe_all(const T& member) {
    describe(*this, member);
    if (defaults_ == Defaults::all) return;
    Writer fresh(keys_, own_keys_, defaults_, list_);
    const T untouched = T();  // not T{}: g++ 12 destroys what an exception left unmade
    describe(fresh, untouched);
    for (const Json::Member& same : fresh.node_.members()) {
      if (key(same.key).added) std::erase(node_.members(), same);
    }
  }

  const Key& key(std::string_view name) const {
    const Key* own = own_keys_.find(name);
    return own != nullptr ? *own : *keys_.find(name);
  }
  template <class T>
  void put(std::string_view name, const T& member) {
    node_[name] = Json(member);
  }

  const KeyList keys_;      // whatever the kind of the object
  const KeyList own_keys_;  // of its kind
  const Defaults defaults_;
  const Json::List* list_ = nullptr;  // the elements before this one
  Json node_ = Json::object();
};

}  // namespace dcrnn
