// One run at a time on one output: a lock that the system takes away when its process ends, however it ends.
#pragma once

#include <string>

namespace dcrnn {

class RunLock {
 public:
  /// Locks `path`, links followed, by a file `.<name>.dcrnn-lock` beside it. Failure(io) naming the process
  /// that holds it. Where the file system knows no locks nothing is locked.
  explicit RunLock(const std::string& path);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Of the lock of `path`.
  static std::string file_of(const std::string& path);

 private:
  bool lock(const std::string& path);

  std::string file_;
  int descriptor_ = -1;
};

}  // namespace dcrnn
