// The synthetic click -> consume log, whose true probabilities are known.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace dcrnn::synthetic {

struct SynthOptions {
  std::size_t rows = 200000;  ///< training rows; valid and test get rows / 8 each
  double correlation = 0.5;   ///< 0..1: share of the consume signal that it has in common with click
  std::uint64_t seed = 1;
  std::size_t users = 200;
  std::size_t items = 100;
  std::size_t noise_fields = 4;  ///< fields that mean nothing
  double selection =
      0.0;  ///< by how much the click logit varies more: the clicked are the more unlike the rest
  double missing_consume = 0.0;  ///< share of rows whose consume label is left empty
};

/// Rows written of all; false stops.
using SynthProgress = std::function<bool(std::size_t done, std::size_t total)>;

/// Writes train.csv, valid.csv, test.csv and config.json into `directory` (created if need be).
/// Failure(usage) for an option out of range and for a file of those names that synth did not write,
/// Failure(io).
/// Failure(stopped) if `progress`, which may be empty, says so.
void write_synthetic_log(const std::string& directory, const SynthOptions& options,
                         const SynthProgress& progress = {});

}  // namespace dcrnn::synthetic
