// Rows of one size: the widths of their sharing blocks, or without blocks of their towers, are changed.
#pragma once

#include "compare/rows.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn::compare {

enum class Equal { none, parameters, flops };

/// Parameters without tables, or multiplications and additions per row, of all of the row's configs.
Result<double> size_of(const Row& row, Equal equal, const std::string& config_name);

/// Share of the target by which a size may be off and still count as equal.
inline constexpr double kEqualWithin = 0.02;

/// Brings the row as near to `target` as whole widths do: all its widths are scaled alike, then moved one by
/// one. Gives whether it is within kEqualWithin; where it is not (what is left with widths of 1 is larger),
/// the row is unchanged.
Result<bool> make_equal(Row& row, Equal equal, double target, const std::string& config_name);

}  // namespace dcrnn::compare
