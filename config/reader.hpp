// Fills config structs from a JSON document, checking every value against the table of keys.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/describe.hpp"
#include "config/keys.hpp"

namespace dcrnn {

/// Visitor of describe(): reads one JSON object.
class Reader {
 public:
  /// `config` is being filled; the objects of one document share it.
  Reader(const nlohmann::json& document, const std::string& source, const Config& config);

  template <class T>
  void value(std::string_view name, T& member) {
    if (const nlohmann::json* found = find(name)) read(name, *found, member);
  }
  void constant(std::string_view name, std::string_view word);
  void constant(std::string_view name, int number);
  /// Null or absent leaves `text` empty.
  void optional(std::string_view name, std::string& text);
  /// The name of an earlier task, as its index; null or absent leaves `parent` as it is.
  void parent(std::string_view name, std::size_t& parent);

  template <class T>
  void object(std::string_view name, T& member) {
    const nlohmann::json* found = find(name);
    if (found == nullptr) return;
    const nlohmann::json node = std::is_same_v<T, DropoutConfig> && found->is_number()
                                    ? nlohmann::json{{"sharing", *found}, {"tower", *found}}
                                    : *found;
    Reader reader(*this, node, name, "");
    reader.read_object(member);
  }

  template <class T>
  void list(std::string_view name, std::vector<T>& members) {
    const nlohmann::json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_array()) fail_value(name, *found);
    members.clear();
    for (const nlohmann::json& element : *found) {
      Reader reader(*this, element, name, "[" + std::to_string(members.size()) + "]");
      members.emplace_back();
      reader.read_object(members.back());
    }
  }

  /// Reads the whole object into `member`; every key of it must be known and apply.
  template <class T>
  void read_object(T& member) {
    check_known();
    describe(*this, member);
    check_applies();
  }

 private:
  Reader(const Reader& parent, const nlohmann::json& node, std::string_view name, const std::string& index);

  /// The value of key `name`, null if it is absent. Failure(usage) if it is required.
  const nlohmann::json* find(std::string_view name);
  const Key& key(std::string_view name) const;

  void read(std::string_view name, const nlohmann::json& found, std::string& text) const;
  void read(std::string_view name, const nlohmann::json& found, bool& flag) const;
  void read(std::string_view name, const nlohmann::json& found, double& number) const;
  void read(std::string_view name, const nlohmann::json& found, std::uint64_t& whole) const;
  void read(std::string_view name, const nlohmann::json& found, std::vector<std::size_t>& wholes) const;
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(std::string_view name, const nlohmann::json& found, Enum& word) const {
    word = static_cast<Enum>(word_index(name, found));
  }
  std::size_t word_index(std::string_view name, const nlohmann::json& found) const;

  void check_known() const;
  void check_applies() const;
  std::string path_of(std::string_view name) const;
  std::string pattern_of(std::string_view name) const;
  [[noreturn]] void fail_value(std::string_view name, const nlohmann::json& found) const;
  [[noreturn]] void fail_at(std::string_view name, const std::string& what) const;

  const nlohmann::json& document_;
  const nlohmann::json& node_;
  const std::string& source_;
  const Config& config_;
  std::string path_;     // "fields[2]"
  std::string pattern_;  // "fields[]"
  std::set<std::string, std::less<>> asked_;
};

}  // namespace dcrnn
