// The first pass over training data: raw rows into a scratch file, and out of them encoders and encoded rows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "core/file.hpp"
#include "data/columns.hpp"
#include "data/encoder.hpp"
#include "data/field_fit.hpp"
#include "data/fold.hpp"
#include "data/key_columns.hpp"
#include "data/progress.hpp"
#include "data/rate_fits.hpp"
#include "data/record.hpp"

namespace dcrnn::data {

/// parse() every file, then make_encoders(), then for_each_batch(). Memory holds the vocabularies and the
/// keys of rate fields, not the rows.
class DatasetBuilder {
 public:
  /// `scratch`: a path beside which the scratch file may lie while this object lives. `known`: encoders that
  /// are to grow, or null; they must outlive this object. The rows of `left_out` are as if they were not
  /// there.
  DatasetBuilder(const Schema& config, const std::string& scratch, const Encoders* known = nullptr,
                 const LeftOut& left_out = {});

  /// Gives the digest of the file as it was read. Failure(data) names file, line and column. A file may be
  /// without rows.
  std::uint64_t parse(const std::string& path, ProgressMeter& progress);
  std::uint64_t rows() const { return rows_; }
  Encoders make_encoders(ProgressMeter& progress);
  /// Per field, after make_encoders().
  std::vector<FieldProfile> profiles() const;
  /// Calls use(batch) for all rows in order, encoded by what make_encoders() gave.
  void for_each_batch(const Encoders& encoders, ProgressMeter& progress,
                      const std::function<void(const Batch&)>& use);

 private:
  void parse_row(const CsvReader& csv, const Columns& columns);
  std::string parse_field(std::size_t field, std::string_view cell);
  std::string parse_key(std::size_t column, std::string_view cell);
  void find_edges(ProgressMeter& progress);
  void add_to_batch(const Encoders& encoders, const std::byte* record, const std::byte* items);
  void fit_rates(ProgressMeter& progress);
  void load_targets(const std::byte* record);
  template <class Use>
  void for_each_row(ProgressMeter& progress, Use&& use);

  const Schema& config_;
  LeftOut left_out_;
  std::uint64_t passed_ = 0;  // rows of the files so far, those left out included
  RecordLayout layout_;       // raw
  std::vector<FieldFit> fits_;
  KeyColumns keys_;
  std::vector<FieldFit> key_fits_;        // one per column of keys
  std::optional<RateFits> rates_;         // after make_encoders()
  std::vector<std::uint64_t> file_ends_;  // rows up to the end of each file
  // Of the raw row at hand, for rate fields.
  std::vector<std::uint64_t> raw_keys_;
  std::vector<std::int8_t> labels_;
  double weight_ = 1;
  std::string name_;    // of the first file
  OutputFile scratch_;  // per row: its record, its items
  MappedFile raw_;
  std::uint64_t rows_ = 0;
  std::uint64_t item_count_ = 0;
  std::vector<std::byte> record_;
  std::vector<std::uint32_t> items_;
  Batch batch_;
};

}  // namespace dcrnn::data
