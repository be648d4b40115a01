// Reports the progress of a pass now and then, and ends it if the caller says so.
#pragma once

#include <cstdint>
#include <string>

#include "core/failure.hpp"
#include "data/dataset.hpp"

namespace dcrnn::data {

class ProgressMeter {
 public:
  /// `total`: bytes of all files.
  ProgressMeter(const Progress& progress, std::uint64_t total) : progress_(progress), total_(total) {}

  /// `done` bytes of the file at hand are read; cheap if it is too soon to report. Failure(stopped).
  void at(std::uint64_t done) {
    if (finished_ + done < next_) return;
    next_ = finished_ + done + kStep;
    report(finished_ + done);
  }
  /// Reports whatever was reported last; for long work between files.
  void report_again() { report(finished_); }
  void file_finished(std::uint64_t size) {
    finished_ += size;
    report(finished_);
  }

 private:
  static constexpr std::uint64_t kStep = std::uint64_t{1} << 20;

  void report(std::uint64_t done) {
    if (progress_ && !progress_(done < total_ ? done : total_, total_)) {
      fail(ErrorCode::stopped, "stopped while reading the data", "");
    }
  }

  const Progress& progress_;
  std::uint64_t total_;
  std::uint64_t finished_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace dcrnn::data
