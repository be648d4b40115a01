#include "config/rules.hpp"

namespace dcrnn {

void check_length(std::size_t length, std::size_t least, std::size_t most, KeyList keys,
                  std::string_view name, const std::string& source) {
  if (length >= least && length <= most) return;
  fail(ErrorCode::usage,
       place(source, std::string(name)) + "found a list of " + std::to_string(length) + ", want " +
           (length < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most)),
       std::string(keys.find(name)->doc));
}

}  // namespace dcrnn
