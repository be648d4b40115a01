// How long models took to score, kept in a file: told again, a comparison tells the same.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "dcrnn/result.hpp"

namespace dcrnn::compare {

/// Microseconds per row by checksum of a model; a line "checksum,us" each.
class Timings {
 public:
  /// Of a file that may not be there yet; lines that are no timings are passed over. ErrorCode::io.
  static Result<Timings> open(const std::string& path) noexcept;
  std::optional<double> find(const std::string& checksum) const;
  /// ErrorCode::io.
  Result<void> add(const std::string& checksum, double microseconds) noexcept;

 private:
  std::string path_;
  std::map<std::string, double> known_;
};

}  // namespace dcrnn::compare
