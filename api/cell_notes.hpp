// How the cells that are scored differ from those a model was trained on.
#pragma once

#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "data/encoder.hpp"

namespace dcrnn::api {

/// A line for every field of which more values are unknown than training leads one to expect, or whose share
/// of empty cells is another, by more than chance explains; "warning: " before it if the difference is
/// large. `counts` per field. Nothing for a model that does not hold the counts of its training.
std::vector<std::string> cell_notes(const Schema& config, const data::Encoders& encoders,
                                    const std::vector<CellCounts>& counts);

}  // namespace dcrnn::api
