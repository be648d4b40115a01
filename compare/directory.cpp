#include "compare/directory.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "compare/comparison.hpp"
#include "compare/difference.hpp"
#include "compare/text_file.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "dcrnn/dcrnn.hpp"

namespace dcrnn::compare {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Whether a comparison has come to more than its cache.
bool has_begun(const std::string& directory) {
  return std::any_of(fs::directory_iterator(directory), fs::directory_iterator(), [](const auto& entry) {
    const fs::path name = entry.path().filename();
    return name != "comparison.json" && name != "cache" && name != "data";
  });
}

[[noreturn]] void refuse_another(const std::string& path, const std::string& difference) {
  fail(ErrorCode::model, printable(path) + ": another comparison: " + printable(difference, 400),
       "give another directory, or the config and the files of that one");
}

}  // namespace

std::string foundation(const Job& job) {
  Json json;
  json["config"] = Json::parse(value_of(inspect_config(job.config, job.config_name)).config_json);
  json["--equal"] = word(job.equal);
  json["--search"] = job.search;
  const auto add = [&](const char* option, const std::vector<std::string>& files) {
    json[option] = Json::array();
    for (const std::string& file : files) {
      std::error_code error;
      const std::uintmax_t size = fs::file_size(file, error);
      json[option].push_back(printable(file) + (error ? "" : ", " + std::to_string(size) + " bytes"));
    }
  };
  add("--train", job.train);
  add("--valid", job.valid);
  add("--test", job.test);
  return json.dump() + "\n";
}

Result<void> claim(const std::string& directory, const std::string& stands_on) noexcept {
  return guard([&] {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) {
      fail(ErrorCode::io, "cannot make " + printable(directory) + ": " + error.message(),
           "name a directory that can be written");
    }
    const std::string path = directory + "/comparison.json";
    if (file_exists(path)) {
      const Buffer<std::byte> content = file_content(path);
      const std::string difference =
          first_difference({reinterpret_cast<const char*>(content.data()), content.size()}, stands_on);
      if (difference.empty()) return;
      if (has_begun(directory)) refuse_another(path, difference);
    }
    write_figures(path, stands_on);
  });
}

void write_figures(const std::string& path, std::string_view text) {
  const Result<void> written = write_text(path, text);
  if (written) return;
  fail(written.error().code, written.error().message,
       "what is finished stays: mend it, and the same command goes on");
}

}  // namespace dcrnn::compare
