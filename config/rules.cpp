#include "config/rules.hpp"

#include <algorithm>

namespace dcrnn {

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

void check_length(std::size_t length, std::size_t least, std::size_t most, KeyList keys,
                  std::string_view name, const std::string& source) {
  if (length >= least && length <= most) return;
  fail(ErrorCode::usage,
       place(source, std::string(name)) + "found a list of " + std::to_string(length) + ", want " +
           (length < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most)),
       std::string(keys.find(name)->doc));
}

}  // namespace dcrnn
