#include "app/text_file.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "app/failure.hpp"
#include "app/text.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn::app {
namespace {

constexpr std::size_t kLongestConfig = std::size_t{64} << 20;

[[noreturn]] void fail_io(const std::string& path, int error) {
  throw Failure(ErrorCode::io,
                "cannot open " + (path.empty() ? "\"\"" : one_line(path)) + ": " + reason(error),
                "name the JSON file that describes the model");
}

}  // namespace

std::string read_config_text(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail_io(path, EISDIR);
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail_io(path, errno == 0 ? EIO : errno);
  std::string text;
  char block[1 << 16];
  while (stream.read(block, sizeof block), stream.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kLongestConfig) {
      throw Failure(ErrorCode::usage, one_line(path) + ": longer than 64 MiB, which no config is",
                    "name the JSON file that describes the model");
    }
  }
  if (stream.bad()) fail_io(path, errno == 0 ? EIO : errno);
  return text;
}

std::string read_config_text(const std::string& path, const std::vector<std::string>& assignments) {
  std::string text = read_config_text(path);
  for (const std::string& assignment : assignments) text = take(set_config_value(text, assignment, path));
  return text;
}

}  // namespace dcrnn::app
