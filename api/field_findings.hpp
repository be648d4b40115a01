// What a single field of the training data has that keeps it from being of use, or makes it suspicious.
#pragma once

#include <optional>
#include <vector>

#include "config/schema.hpp"
#include "data/field_fit.hpp"
#include "train/findings.hpp"

namespace dcrnn::api {

/// Fields that say nothing: no cell filled, every value too rare, ids that never come again. `profiles` per
/// field.
std::vector<train::Finding> field_findings(const Schema& config,
                                           const std::vector<data::FieldProfile>& profiles);

/// Fields that say everything. `aucs` [F][T] as of train::lone_field_aucs().
std::vector<train::Finding> leak_findings(const Schema& config,
                                          const std::vector<std::vector<std::optional<double>>>& aucs);

}  // namespace dcrnn::api
