// Fits all rate fields of a config on the same rows. Knows no files.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/field_fit.hpp"
#include "data/fingerprint.hpp"
#include "data/key_columns.hpp"
#include "data/rate_fit.hpp"

namespace dcrnn::data {

/// count() every row, end_source() behind the last of each source, fix_priors(); measure() every row again
/// and fix_statistics(); then give_to() the states of the fields, and after restart() encode() every row.
/// Always in the order of the rows; `raw` [keys.columns] are raw forms, raw_key(), of a row's cells.
class RateFits {
 public:
  /// `fits`: of all fields, which say what is known of a rate field; `key_fits`: of keys.columns, whose edges
  /// are known. `keys` must outlive it.
  RateFits(const Schema& config, const KeyColumns& keys, const std::vector<FieldFit>& fits,
           const std::vector<FieldFit>& key_fits);

  bool empty() const { return rates_.empty(); }
  void count(const std::uint64_t* raw, const std::int8_t* labels, double weight);
  void end_source();
  /// `source` names the data in errors. Failure(data).
  void fix_priors(const std::string& source);
  void measure(const std::uint64_t* raw, const std::int8_t* labels, double weight);
  void fix_statistics();
  /// [config.fields].
  void give_to(const std::vector<std::unique_ptr<FieldState>>& fields) const;
  /// Of the sources, ascending; those that gave nothing left out.
  std::vector<std::uint64_t> fingerprints() const;
  void restart();
  /// Appends what the row sees of the others to the columns of the rate fields.
  void encode(const std::uint64_t* raw, const std::int8_t* labels, double weight,
              std::vector<BatchColumn>& columns);

 private:
  struct Rate {
    std::size_t field;
    RateFit fit;
  };
  std::uint64_t key(const Rate& rate, const std::uint64_t* raw) const;

  const KeyColumns& keys_;
  std::vector<Rate> rates_;
  Fingerprint fingerprint_;
  std::vector<std::uint64_t> fingerprints_;
};

}  // namespace dcrnn::data
