// Fills config structs from a JSON document, checking every value against its key.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/json.hpp"
#include "config/keys.hpp"

namespace dcrnn {

/// Visitor of describe(): reads one JSON object.
class Reader {
 public:
  /// `keys` are those of the whole document.
  Reader(const Json& document, const std::string& source, KeyList keys);

  template <class T>
  void value(std::string_view name, T& member) {
    if (const Json* found = find(name)) read(name, *found, member);
  }
  /// Where the key is absent, `member` becomes `absent`.
  template <class T>
  void value(std::string_view name, T& member, const T& absent) {
    member = absent;
    value(name, member);
  }
  /// Likewise; where the object stands, what it leaves out is at the default of T.
  template <class T>
  void object(std::string_view name, T& member, const T& absent) {
    member = stands(name) ? T{} : absent;
    object(name, member);
  }
  /// An object that format 1 did not have from the start: see Writer.
  template <class T>
  void later_object(std::string_view name, T& member, const T& absent) {
    object(name, member, absent);
  }
  bool stands(std::string_view name) const { return node_.find(name) != nullptr; }
  void constant(std::string_view name, std::string_view word);
  void constant(std::string_view name, int number);
  /// Null or absent leaves `text` empty.
  void optional(std::string_view name, std::string& text);
  void optional(std::string_view name, std::optional<std::vector<std::string>>& words);
  /// The name of an earlier element of the list that this object stands in, as its index; null or absent
  /// leaves `index` as it is. `noun` says what the elements are.
  void earlier(std::string_view name, const std::string& noun, std::size_t& index);

  template <class T>
  void object(std::string_view name, T& member) {
    const Json* found = find(name);
    if (found == nullptr) return;
    const Json node = in_full(key(name), *found);
    Reader(*this, node, key(name)).read_object(member);
  }

  template <class T>
  void list(std::string_view name, std::vector<T>& members) {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_list()) fail_value(name, *found);
    members.clear();
    for (std::size_t i = 0; i < found->list().size(); ++i) {
      members.emplace_back();
      if constexpr (requires { T::of_word(std::string()); }) {
        if (found->list()[i].is_string()) {
          std::string word;
          read(name, found->list()[i], word);
          members.back() = T::of_word(word);
          continue;
        }
      }
      Reader(*this, *found, i, key(name)).read_object(members.back());
    }
  }

  /// Reads the whole object into `member`; every key of it must be known and apply.
  template <class T>
  void read_object(T& member) {
    check_known();
    describe(*this, member);
    check_applies();
  }
  /// The same for an object of one of several kinds.
  template <class... Configs>
  void read_object(std::variant<Configs...>& member) {
    make(member, choose_kind());
    std::visit([&](auto& own) { read_object(own); }, member);
  }

 private:
  /// The object `node` below `key`.
  Reader(const Reader& parent, const Json& node, const Key& key);
  /// Element `index` of `list` below `key`.
  Reader(const Reader& parent, const Json& list, std::size_t index, const Key& key);
  Reader(const Reader& parent, const Json& node, const Key& key, std::string path);

  /// The kind that "kind" names, the first if it is left out; its keys count from here on.
  std::size_t choose_kind();
  /// The word of a kind that has no keys, as its index.
  template <class... Configs>
  void read(std::string_view name, const Json& found, std::variant<Configs...>& kind) const {
    make(kind, word_index(name, found));
  }
  template <class... Configs>
  static void make(std::variant<Configs...>& member, std::size_t index) {
    std::size_t i = 0;
    ((i++ == index ? static_cast<void>(member = Configs{}) : void()), ...);
  }

  /// The value of key `name`, null if it is absent. Failure(usage) if it is required.
  const Json* find(std::string_view name);
  const Key& key(std::string_view name) const;

  void read(std::string_view name, const Json& found, std::string& text) const;
  void read(std::string_view name, const Json& found, bool& flag) const;
  void read(std::string_view name, const Json& found, double& number) const;
  void read(std::string_view name, const Json& found, std::uint64_t& whole) const;
  void read(std::string_view name, const Json& found, std::vector<std::size_t>& wholes) const;
  void read(std::string_view name, const Json& found, std::vector<std::string>& words) const;
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(std::string_view name, const Json& found, Enum& word) const {
    word = static_cast<Enum>(word_index(name, found));
  }
  std::size_t word_index(std::string_view name, const Json& found) const;

  /// `found`, or the object that it stands for if it is a number and the key allows that.
  static Json in_full(const Key& key, const Json& found);

  void check_known() const;
  void check_applies() const;
  std::string path_of(std::string_view name) const;
  [[noreturn]] void fail_value(std::string_view name, const Json& found) const;
  [[noreturn]] void fail_inapplicable(std::string_view name, const std::string& where) const;
  [[noreturn]] void fail_at(std::string_view name, const std::string& what) const;

  const Json& node_;
  const std::string& source_;
  const KeyList all_keys_;            // of the document
  const KeyList keys_;                // of this object, whatever its kind
  KindKeyList kinds_;                 // that it may be
  KeyList own_keys_;                  // of its kind
  std::string path_;                  // "fields[2]"
  const Json::List* list_ = nullptr;  // that this object is an element of
  std::size_t index_ = 0;             // in list_
  std::set<std::string, std::less<>> asked_;
};

}  // namespace dcrnn
