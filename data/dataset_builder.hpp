// The first pass over training data: raw rows into a scratch file, and out of them encoders and encoded rows.
#pragma once

#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/file.hpp"
#include "data/cache.hpp"
#include "data/columns.hpp"
#include "data/encoder.hpp"
#include "data/field_fit.hpp"
#include "data/progress.hpp"
#include "data/record.hpp"

namespace dcrnn::data {

/// parse() every file, then make_encoders(), then write_rows(). Memory holds the vocabularies, not the rows.
class DatasetBuilder {
 public:
  /// `scratch`: a path beside which the scratch file may lie while this object lives.
  DatasetBuilder(const Schema& config, const std::string& scratch);

  /// Gives the digest of the file as it was read. Failure(data) names file, line and column. A file may be
  /// without rows.
  std::uint64_t parse(const std::string& path, ProgressMeter& progress);
  std::uint64_t rows() const { return rows_; }
  Encoders make_encoders(ProgressMeter& progress);
  /// Adds all rows to the cache, encoded by what make_encoders() gave.
  void write_rows(const Encoders& encoders, CacheWriter& writer, ProgressMeter& progress);

 private:
  void parse_row(const CsvReader& csv, const Columns& columns);
  std::string parse_field(std::size_t field, std::string_view cell);
  void find_edges(ProgressMeter& progress);
  template <class Use>
  void for_each_row(ProgressMeter& progress, Use&& use);

  const Schema& config_;
  RecordLayout layout_;  // raw
  std::vector<FieldFit> fits_;
  std::string name_;    // of the first file
  OutputFile scratch_;  // per row: its record, its items
  MappedFile raw_;
  std::uint64_t rows_ = 0;
  std::uint64_t item_count_ = 0;
  std::vector<std::byte> record_;
  std::vector<std::uint32_t> items_;
};

}  // namespace dcrnn::data
