#include "compare/text_file.hpp"

#include "core/file.hpp"
#include "core/guard.hpp"

namespace dcrnn::compare {

Result<void> write_text(const std::string& path, std::string_view text) noexcept {
  return guard([&] {
    OutputFile file(path);
    file.write(text);
    file.commit();
  });
}

}  // namespace dcrnn::compare
