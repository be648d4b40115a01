// One row followed through a model: what a page that runs in a browser shows (docs/stepper.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/model.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn {

struct FollowedRow {
  /// An object. config: as in the model's file; members: M, of which the first is followed; row: the ids and
  /// numbers of every field with the first column that it fills, of every task label and soft label, null
  /// where there is none, and the weight; layers: role, page and blocks of each, in order; parameters: in
  /// float, of tables the rows that are used; trace: every value, with labels every value's gradient, in
  /// double. Tensors have a name, a shape, a type, little-endian data in base64 and, of tables, the rows that
  /// are there.
  std::string json;
  std::vector<std::string> pages;  ///< that describe its layers, each once: "docs/cross.md"
};

/// Row `row` of `data`, counted from 1 without the header, alone as a batch, in double. Without labels
/// forward only. ErrorCode::usage if there is no such row.
DCRNN_EXPORT Result<FollowedRow> follow_row(const Model& model, const std::string& data,
                                            std::uint64_t row) noexcept;

}  // namespace dcrnn
