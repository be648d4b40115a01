#include "config/set_value.hpp"
#include "core/cpu.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "core/threads.hpp"
#include "dcrnn/files.hpp"
#include "generated/version_info.hpp"
#include "train/config.hpp"

namespace dcrnn {

std::string one_line(std::string_view text, std::size_t longest) {
  return printable(text, longest);
}

const char* version() noexcept {
  return kVersion;
}

const char* commit() noexcept {
  return kCommit;
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (Isa isa : available_isas()) names.emplace_back(name(isa));
  return names;
}

int available_threads() noexcept {
  return usable_processors();
}

Result<std::string> set_config_value(std::string_view config_json, const std::string& assignment,
                                     const std::string& config_name) noexcept {
  return guard([&] { return assign_config_value(config_json, assignment, config_name); });
}

std::string config_reference() {
  return config_markdown();
}

}  // namespace dcrnn
