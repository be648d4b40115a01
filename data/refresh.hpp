// More rows for the tables of rate fields. Everything else that training data fixed stays.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/encoder.hpp"
#include "data/fingerprint.hpp"
#include "data/rate_state.hpp"

namespace dcrnn::data {

/// add() the rows of a source and end_source(), source after source; then take(). The encoders given stay as
/// they are.
class Refresh {
 public:
  /// Failure(usage) if the config has no rate field.
  Refresh(const Schema& config, const Encoders& encoders);

  /// Labelled rows with the keys that encoding left in them.
  void add(const Batch& batch);
  /// The rows since the last one were `source`. Failure(data) if they are in the tables already, unless
  /// `again`, or if a sum is no longer finite.
  void end_source(const std::string& source, bool again);
  /// Encoders with the tables as they are now.
  Encoders take();

  std::uint64_t rows() const { return rows_; }
  /// Those that no row had before.
  std::uint64_t new_keys() const;

 private:
  struct Rate {
    std::size_t field;
    std::shared_ptr<RateState> state;
    std::size_t keys_before;
  };

  Encoders encoders_;
  std::vector<Rate> rates_;
  Fingerprint fingerprint_;
  std::vector<std::int8_t> labels_;  // of a row
  bool finite_ = true;
  std::uint64_t rows_ = 0;
};

}  // namespace dcrnn::data
