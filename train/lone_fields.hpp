// What each field says about each label all by itself. One that says everything has likely been written after
// the fact.
#pragma once

#include <optional>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"

namespace dcrnn::train {

/// An AUC above this is suspicious.
inline constexpr double kLeakAuc = 0.99;
/// Rows of either class that it takes to say anything.
inline constexpr std::size_t kLeakRows = 10;

/// AUC [F][T] of ranking the labelled rows of some weight by one field; nothing where a class has fewer than
/// kLeakRows. A table's rows, and about equal parts of the range of numbers, are ranked by their share of
/// ones among the other half of the rows, so that a value seen once says nothing; a bag by the sum of its
/// items' log odds. Numbers also as they are, upwards or downwards; the better counts.
std::vector<std::vector<std::optional<double>>> lone_field_aucs(const Schema& config, const Batch& rows,
                                                                int threads);

}  // namespace dcrnn::train
