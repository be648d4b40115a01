// Training data: CSV files parsed once into a binary cache, then read from there in any order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/encoder.hpp"
#include "data/fold.hpp"

namespace dcrnn::data {

/// Progress of a pass: bytes done of bytes in all (compressed bytes for .gz). May be empty. Returning false
/// stops: Failure(stopped).
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct Dataset {
  std::unique_ptr<BatchSource> rows;
  std::uint64_t fingerprint = 0;  ///< XXH64 over schema and content: two runs on the same rows agree on it
  bool from_cache = false;
  std::vector<CellCounts> counts;  ///< per field; of training data the encoders know them
};

struct TrainingData {
  Encoders encoders;
  Dataset dataset;
};
/// First pass over the training rows that `left_out` leaves: vocabularies, statistics, bucket edges and the
/// cache in `cache_directory`. A valid cache with the same key (schema and file content) is reused. Labels
/// and the weight column are required. Failure(data) names file, line and column; header-only input is
/// Failure(data). What is parsed is what the key was made of: a file that changes in between is Failure(io),
/// and no cache is written.
TrainingData build_training_data(const Schema& config, const std::vector<std::string>& paths,
                                 const std::string& cache_directory, const Progress& progress,
                                 const LeftOut& left_out = {});

/// Likewise, where encoders are there already and grow: words that they know keep their rows, new ones (seen
/// `min_count` times in these files) get rows behind them, statistics and edges stay.
TrainingData build_training_data(const Schema& config, const Encoders& known,
                                 const std::vector<std::string>& paths, const std::string& cache_directory,
                                 const Progress& progress);

/// Further files (validation) through existing encoders, cached likewise.
Dataset build_dataset(const Schema& config, const Encoders& encoders, const std::vector<std::string>& paths,
                      const std::string& cache_directory, const Progress& progress);

/// True for the names of the files that these write into the cache directory.
bool is_cache_name(std::string_view name);

}  // namespace dcrnn::data
