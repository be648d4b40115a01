// Whole jobs on arrays in memory: what files.hpp does with files.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/files.hpp"
#include "dcrnn/model.hpp"
#include "dcrnn/result.hpp"
#include "dcrnn/rows.hpp"

namespace dcrnn {

struct RowsFitJob {
  std::string config_json;  ///< text of the config
  Rows train;               ///< labelled; where the config names a weight column, with weights
  Rows valid;               ///< likewise; no rows: the last epoch is kept
  std::string checkpoint;   ///< path; empty: none is written. It stays when the run is stopped or fails
  bool resume = false;      ///< go on from the checkpoint; without one start afresh
  ComputeOptions compute;
  ProgressCallback progress;
  std::function<void(const EpochSummary&)> on_epoch;
  std::function<void(const std::string&)> on_note;
};

struct RowsFit {
  Model model;
  FitReport report;  ///< reason also "stopped"
};

/// Fits encoders and trains: the model that fit() makes of the same rows as CSV files, byte for byte. Stopped
/// by `progress` while it trains, it gives the best epoch so far, or without one what was reached.
/// ErrorCode::data names column and row (from 0).
DCRNN_EXPORT Result<RowsFit> fit_rows(const RowsFitJob& job) noexcept;

/// Metrics of a model on labelled rows; groups are not known here.
DCRNN_EXPORT Result<EvalReport> evaluate_rows(const Model& model, const Rows& rows, std::size_t batch = 1024,
                                              const ComputeOptions& compute = {}) noexcept;

/// The rows as the network takes them, as the bytes of a safetensors file: of every field `<field>.ids` U32
/// and, of a bag, `<field>.offsets` U32 [n + 1], or of a plain number `<field>.values` F64 [n], or of a rate
/// field [n, numbers], as rows outside training see it. Labels do not count.
DCRNN_EXPORT Result<std::vector<std::byte>> encode_rows(const Model& model, const Rows& rows) noexcept;

/// The trace of docs/trace.md as the bytes of a safetensors file; without labels, forward only.
DCRNN_EXPORT Result<std::vector<std::byte>> trace_rows(const Model& model, const Rows& rows,
                                                       const TraceOptions& options,
                                                       const ComputeOptions& compute = {}) noexcept;

}  // namespace dcrnn
