// A log to read: your own, or what a program makes up.
#pragma once

#include <optional>
#include <string>

namespace dcrnn::bench {

/// A config and the CSV file of its rows.
struct Log {
  std::string config_json, csv;
};

Log read_log(const std::string& config, const std::string& csv);
/// That of $DCRNN_BENCH_CONFIG and $DCRNN_BENCH_CSV.
std::optional<Log> own_log();

}  // namespace dcrnn::bench
