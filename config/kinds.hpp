// Lists of kinds: alternatives that a word of the config chooses among, each with keys of its own.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include "config/keys.hpp"

namespace dcrnn {

/// A kind is a class with kWord, a nested struct Config that names it as Config::Kind, and kKeys, the keys of
/// Config that describe(visitor, Config) fills. The first kind is meant where a config names none.
template <class... Kinds>
struct KindList {
  using Config = std::variant<typename Kinds::Config...>;

  /// Word and keys of each.
  static constexpr std::array<KindKeys, sizeof...(Kinds)> kKeys = {KindKeys{Kinds::kWord, Kinds::kKeys}...};

  /// The words with '|' between them.
  static constexpr std::string_view words() { return {kText.data(), kText.size() - 1}; }

  /// Calls f.template operator()<Kind>() for every kind.
  template <class F>
  static void each(F&& f) {
    (f.template operator()<Kinds>(), ...);
  }

 private:
  static constexpr auto kText = [] {
    std::array<char, (Kinds::kWord.size() + ... + sizeof...(Kinds))> text{};
    std::size_t at = 0;
    const auto append = [&](std::string_view word) {
      for (char c : word) text[at++] = c;
      text[at++] = '|';
    };
    (append(Kinds::kWord), ...);
    return text;
  }();
};

}  // namespace dcrnn
