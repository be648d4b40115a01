// Where programs put files while they run.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

namespace dcrnn::bench {

/// A directory that goes with the program.
class Scratch {
 public:
  Scratch() : path_(std::filesystem::temp_directory_path() / ("dcrnn-bench-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ / name; }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dcrnn::bench
