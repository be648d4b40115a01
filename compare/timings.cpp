#include "compare/timings.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"

namespace dcrnn::compare {

Result<Timings> Timings::open(const std::string& path) noexcept {
  return guard([&] {
    Timings timings;
    timings.path_ = path;
    if (!file_exists(path)) return timings;
    const Buffer<std::byte> content = file_content(path);
    std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const std::size_t comma = line.find(',');
      if (comma == std::string_view::npos) continue;
      double microseconds = 0;
      const char* const end = line.data() + line.size();
      const auto [stop, error] = std::from_chars(line.data() + comma + 1, end, microseconds);
      if (error == std::errc() && stop == end)
        timings.known_[std::string(line.substr(0, comma))] = microseconds;
    }
    return timings;
  });
}

std::optional<double> Timings::find(const std::string& checksum) const {
  const auto found = known_.find(checksum);
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> Timings::add(const std::string& checksum, double microseconds) noexcept {
  return guard([&] {
    append_line(path_, checksum + "," + number_text(microseconds));
    known_[checksum] = microseconds;
  });
}

}  // namespace dcrnn::compare
