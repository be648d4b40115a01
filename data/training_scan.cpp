#include "data/training_scan.hpp"

#include "data/data_files.hpp"

namespace dcrnn::data {
namespace {

Encoders read(const std::vector<std::string>& paths, DatasetBuilder& builder, ProgressMeter& meter) {
  for (const std::string& path : paths) builder.parse(path, meter);
  if (builder.rows() == 0) fail_no_rows(paths);
  return builder.make_encoders(meter);
}

std::uint64_t size_of(const std::vector<std::string>& paths) {
  require_paths(paths);
  return size_of_all(paths);
}

}  // namespace

TrainingScan::TrainingScan(const Schema& config, const std::vector<std::string>& paths,
                           const std::string& scratch_directory, const Progress& progress)
    : meter_(progress, size_of(paths)),
      builder_(config, scratch_directory + "/dcrnn"),
      encoders_(read(paths, builder_, meter_)) {}

}  // namespace dcrnn::data
