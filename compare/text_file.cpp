#include "compare/text_file.hpp"

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"

namespace dcrnn::compare {

Result<void> write_text(const std::string& path, std::string_view text) noexcept {
  return guard([&] {
    OutputFile file(path);
    file.write(text);
    file.commit();
  });
}

Result<void> check_output(const std::string& what, const std::string& path,
                          const std::vector<std::string>& reads) noexcept {
  return guard([&] {
    JobFiles files;
    for (const std::string& read : reads) files.reads(read);
    files.writes(what, path);
    files.check();
    const OutputFile target(path, OutputFile::Target::regular_only);
  });
}

}  // namespace dcrnn::compare
