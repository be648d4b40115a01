// What the rooms say about their part of a config alike: rules that concern more than one key, and where.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {

/// "config.json: sharing[2]: ", to begin a message.
inline std::string place(const std::string& source, const std::string& path) {
  return printable(source) + ": " + path + ": ";
}

/// "sharing[2]".
inline std::string element(std::string_view list, std::size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

/// True for letters, digits, _ and -, at least one.
bool is_name(std::string_view text);

/// What is wrong with an object of a config, and how to mend it; nothing if `what` is empty.
struct Complaint {
  std::string key;  ///< ".shared", or empty for the object itself
  std::string what, help;
};

/// Failure(usage) unless the list `name` of `keys` has from `least` to `most` elements.
void check_length(std::size_t length, std::size_t least, std::size_t most, KeyList keys,
                  std::string_view name, const std::string& source);

/// Failure(usage) if two of `members`, which stand in the list `list`, have one name.
template <class T>
void check_unique_names(const std::vector<T>& members, std::string_view list, const std::string& source) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!seen.insert(members[i].name).second) {
      fail(ErrorCode::usage,
           place(source, element(list, i) + ".name") + in_quotes(members[i].name) + " is used twice",
           "give every one of the " + std::string(list) + " its own name");
    }
  }
}

}  // namespace dcrnn
