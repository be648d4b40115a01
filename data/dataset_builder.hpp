// The first pass over training data: raw rows into a scratch file, and out of them encoders and encoded rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/file.hpp"
#include "data/cache.hpp"
#include "data/columns.hpp"
#include "data/encoder.hpp"
#include "data/moments.hpp"
#include "data/progress.hpp"
#include "data/quantiles.hpp"
#include "data/record.hpp"
#include "data/vocabulary.hpp"

namespace dcrnn::data {

/// parse() every file, then make_encoders(), then write_rows(). Memory holds the vocabularies, not the rows.
class DatasetBuilder {
 public:
  /// `scratch`: a path beside which the scratch file may lie while this object lives.
  DatasetBuilder(const Schema& config, const std::string& scratch);

  /// Failure(data) names file, line and column; a file without rows is one too.
  void parse(const std::string& path, ProgressMeter& progress);
  Encoders make_encoders(ProgressMeter& progress);
  /// Adds all rows to the cache, encoded by what make_encoders() gave.
  void write_rows(const Encoders& encoders, CacheWriter& writer, ProgressMeter& progress);

 private:
  /// What is gathered of one field.
  struct Gathered {
    Vocabulary words;  // all seen
    std::vector<std::uint64_t> counts;
    std::vector<std::uint32_t> rows;  // of the table, one per word
    Moments moments;
    std::optional<QuantileSearch> quantiles;  // of a bucketed field
  };

  void parse_row(const CsvReader& csv, const Columns& columns);
  std::string parse_field(std::size_t field, std::string_view cell);
  std::string parse_word(std::size_t field, std::string_view word, std::uint32_t& row);
  void find_edges(ProgressMeter& progress);
  template <class Use>
  void for_each_row(ProgressMeter& progress, Use&& use);

  const Schema& config_;
  RecordLayout layout_;  // raw
  Encoders encoders_;    // fields only; filled by make_encoders()
  std::vector<Gathered> gathered_;
  std::string name_;    // of the first file
  OutputFile scratch_;  // per row: its record, its items
  MappedFile raw_;
  std::uint64_t rows_ = 0;
  std::uint64_t item_count_ = 0;
  std::vector<std::byte> record_;
  std::vector<std::uint32_t> items_;
};

}  // namespace dcrnn::data
