// Encoders made from the rows of a caller.
#pragma once

#include <vector>

#include "data/encoder.hpp"
#include "dcrnn/rows.hpp"
#include "train/config.hpp"

namespace dcrnn::api {

struct FittedRows {
  data::Encoders encoders;
  /// Per field: of a rate field what each row sees of the others [B, numbers], which is what it trains on.
  std::vector<std::vector<double>> rates;
};

/// What training files of the same cells would make; labels and weights count where there are rate fields.
/// Failure(data) names column and row: a bad cell or label, no row, or ids for a field whose table is made
/// from its values.
FittedRows fit_encoders(const ModelConfig& config, const Rows& rows);

}  // namespace dcrnn::api
