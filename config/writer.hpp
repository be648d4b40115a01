// Writes config structs as JSON: the reader's way back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/describe.hpp"
#include "config/keys.hpp"

namespace dcrnn {

/// Visitor of describe(): builds one JSON object, keys in the order of the description. A key whose default
/// is "none" and that has no value is left out.
class Writer {
 public:
  explicit Writer(const Config& config) : config_(config) {}

  template <class T>
  void value(std::string_view name, const T& member) {
    if constexpr (std::is_enum_v<T>) {
      put(name, words_of(key(name))[static_cast<std::size_t>(member)]);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (key(name).kind == KeyKind::word) {
        put(name, words_of(key(name))[member ? 0 : 1]);
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
  void parent(std::string_view name, std::size_t parent) {
    if (parent != kNoParent) put(name, config_.model.tasks[parent].name);
  }
  template <class T>
  void object(std::string_view name, const T& member) {
    Writer writer(config_, path_of(name));
    describe(writer, member);
    put(name, writer.node_);
  }
  template <class T>
  void list(std::string_view name, const std::vector<T>& members) {
    auto elements = nlohmann::ordered_json::array();
    for (const T& member : members) {
      Writer writer(config_, path_of(name) + "[]");
      describe(writer, member);
      elements.push_back(writer.node_);
    }
    put(name, elements);
  }

  const nlohmann::ordered_json& node() const { return node_; }

 private:
  Writer(const Config& config, std::string path) : config_(config), path_(std::move(path)) {}

  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }
  const Key& key(std::string_view name) const { return *find_key(path_of(name)); }
  template <class T>
  void put(std::string_view name, const T& member) {
    node_[std::string(name)] = member;
  }

  const Config& config_;
  std::string path_;  // "fields[]"
  nlohmann::ordered_json node_ = nlohmann::ordered_json::object();
};

}  // namespace dcrnn
