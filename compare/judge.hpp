// The work of a comparison: trains the rows, and judges what they have become.
#pragma once

#include "compare/comparison.hpp"
#include "compare/job.hpp"
#include "compare/rows.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn::compare {

/// A row, and whether it has the size that was asked for.
struct SizedRow {
  Row row;
  bool equal = true;
};
/// ErrorCode::usage as make_row().
Result<SizedRow> make_sized_row(const Entrant& model, const Job& job) noexcept;

/// Trains what is not in job.out yet, and judges all. ErrorCode::stopped where a callback says so, what was
/// unfinished having a checkpoint.
Result<Comparison> judge(const Job& job) noexcept;

/// The same, with job.out claimed, and the figures written there.
Result<Comparison> compare(const Job& job) noexcept;

}  // namespace dcrnn::compare
