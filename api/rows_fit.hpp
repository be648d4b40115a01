// Encoders made from the rows of a caller.
#pragma once

#include "data/encoder.hpp"
#include "dcrnn/rows.hpp"
#include "train/config.hpp"

namespace dcrnn::api {

/// What training files of the same cells would make. Failure(data) names column and row: a bad cell, no row,
/// or ids for a field whose table is made from its values.
data::Encoders fit_encoders(const ModelConfig& config, const Rows& rows);

}  // namespace dcrnn::api
