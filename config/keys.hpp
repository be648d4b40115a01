// What a config key is. Every room lists its own next to the structs that they fill; the reader's checks, the
// suggestions for unknown keys and docs/config.md all read these lists.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dcrnn {

/// What the value of a key may be.
enum class KeyKind {
  boolean,
  whole,       ///< whole number in [least, most]
  number,      ///< number in [least, most]
  word,        ///< one of `words`
  name,        ///< letters, digits, _ and -
  column,      ///< name of a CSV column, not empty
  byte,        ///< one byte that can stand between the items of a cell
  mark,        ///< likewise between or around cells; "" for none where `least` is 0
  words,       ///< list of words
  names,       ///< true, or list of at least one name
  whole_list,  ///< list of whole numbers in [least, most]
  object,
  list,     ///< list of objects
  columns,  ///< list of objects, or of names of columns that stand for one
};

inline constexpr double kAnyWhole = std::numeric_limits<double>::infinity();
inline constexpr double kLargest = std::numeric_limits<float>::max();  ///< parameters are floats
inline constexpr double kBelowOne = 0x1.fffffep-1;                     ///< the float before 1
inline constexpr double kAboveZero = std::numeric_limits<float>::denorm_min();
inline constexpr double kAny64Bits = 0x1p64;  ///< not reached: any unsigned 64-bit number

struct Key;

/// The keys of one object, in their order. A view.
class KeyList {
 public:
  constexpr KeyList() = default;
  template <std::size_t N>
  constexpr KeyList(const Key (&keys)[N]) : first_(keys), size_(N) {}
  template <std::size_t N>
  constexpr KeyList(const std::array<Key, N>& keys) : first_(keys.data()), size_(N) {}

  constexpr const Key* begin() const { return first_; }
  constexpr const Key* end() const;
  /// Null if there is none of this name.
  const Key* find(std::string_view name) const;
  std::vector<std::string_view> names() const;

 private:
  const Key* first_ = nullptr;
  std::size_t size_ = 0;
};

struct KindKeys;

/// The kinds that an object may be, each with its keys. A view.
class KindKeyList {
 public:
  constexpr KindKeyList() = default;
  template <std::size_t N>
  constexpr KindKeyList(const std::array<KindKeys, N>& kinds) : first_(kinds.data()), size_(N) {}

  constexpr const KindKeys* begin() const { return first_; }
  constexpr const KindKeys* end() const;
  constexpr std::size_t size() const { return size_; }
  constexpr const KindKeys& operator[](std::size_t i) const;

 private:
  const KindKeys* first_ = nullptr;
  std::size_t size_ = 0;
};

/// One key.
struct Key {
  std::string_view name;
  KeyKind kind;
  std::string_view doc;
  std::string_view words = "";  ///< KeyKind::word: the words, in the order of the enum they fill, '|' between
  double least = 0;
  double most = kAnyWhole;
  std::string_view fallback = "";    ///< what an absent key means where that is not a value of the structs
  std::string_view applies = "";     ///< where the key makes sense, if not everywhere
  std::string_view number_for = "";  ///< object: the members that a plain number stands for, '|' between
  KeyList below = {};                ///< object, list: the keys of the object, of every element
  KindKeyList kinds = {};            ///< object, list: further keys, by what its key "kind" says
  bool added = false;  ///< since format 1 was fixed: written only where it is not at its default
};

/// One kind of an object.
struct KindKeys {
  std::string_view word;
  KeyList keys;
};

constexpr const KindKeys* KindKeyList::end() const {
  return first_ + size_;
}
constexpr const KindKeys& KindKeyList::operator[](std::size_t i) const {
  return first_[i];
}

constexpr const Key* KeyList::end() const {
  return first_ + size_;
}

/// Lists one after the other.
template <std::size_t... N>
constexpr auto joined(const Key (&... lists)[N]) {
  std::array<Key, (N + ...)> all{};
  std::size_t at = 0;
  const auto append = [&](KeyList keys) {
    for (const Key& key : keys) all[at++] = key;
  };
  (append(lists), ...);
  return all;
}

inline constexpr std::string_view kRequired = "required";

/// Calls visit(path, key, kind) for every key, those below it right after it. "[]" in a path stands for the
/// index in a list: "fields[].dim"; `kind` is the word of the kind whose key it is, else empty.
void visit_keys(
    KeyList keys,
    const std::function<void(const std::string& path, const Key& key, std::string_view kind)>& visit);

/// Words with '|' between them.
std::vector<std::string_view> split_words(std::string_view words);

/// What the value of `key` may be, to stand after "want": "a whole number of at least 1".
std::string wanted(const Key& key);

// Which key fills which member is said once for both directions: a function describe(visitor, struct) next to
// the struct, walked by Reader and by Writer. A visitor offers value(key, member), constant(key, value),
// optional(key, text), earlier(key, noun, index), object(key, member) and list(key, members).

/// `T` is `S` or const `S`.
template <class T, class S>
concept Is = std::same_as<std::remove_const_t<T>, S>;

}  // namespace dcrnn
