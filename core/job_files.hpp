// The files of a job, told before it begins: nothing it writes may be what it reads.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn {

class JobFiles {
 public:
  using NameTest = std::function<bool(std::string_view name)>;

  /// "-" is standard input.
  void reads(const std::string& path);
  /// `what`: the file in words, unlike those of the others: "the log". "-" is standard output.
  void writes(const std::string& what, const std::string& path);
  /// A directory in which the job may write any file whose name `is_ours` accepts.
  void writes_in(const std::string& what, const std::string& directory, NameTest is_ours);

  /// Failure(usage) if a file written is a file read, by whatever name or link, or is written twice, or would
  /// lie below another. Devices and pipes are nobody's. Nothing on disk changes.
  void check() const;
  /// Removes the temporary files that killed processes left of what is written: none of a living process,
  /// none that is read. To be called after check().
  void sweep() const;

 private:
  struct Entry {
    std::string what, path;
    std::string location;  // of what is written: absolute, links followed, there or not
    std::optional<struct stat> status;
  };
  struct Directory {
    std::string path;
    NameTest is_ours;
  };
  static Entry entry(const std::string& what, const std::string& path, int standard);
  bool is_read(const std::string& path) const;
  void sweep(const std::string& directory, const NameTest& is_target) const;

  std::vector<Entry> read_, written_;
  std::vector<Directory> directories_;
};

}  // namespace dcrnn
