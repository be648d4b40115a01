// Rows of the caller -> a Batch, everything checked.
#pragma once

#include <utility>
#include <vector>

#include "api/row_columns.hpp"
#include "core/batch.hpp"
#include "data/encoder.hpp"
#include "dcrnn/rows.hpp"
#include "train/config.hpp"

namespace dcrnn::api {

/// Checks and encodes rows for one model. Keeps one batch; no heap allocation once it has grown.
class RowsEncoder {
 public:
  /// `config` and `encoders` must outlive it.
  RowsEncoder(const ModelConfig& config, const data::Encoders& encoders);

  /// The encoded rows, valid until the next call. With `labelled` the labels and weights too; otherwise those
  /// of `rows` are ignored. Failure(data) names the column, the row (from 0), what was found and wanted.
  Batch& encode(const Rows& rows, bool labelled);
  /// Hands over what encode() gave.
  Batch take() { return std::move(batch_); }

 private:
  void encode_column(const Column& column, std::size_t count, std::size_t field);
  void encode_rates(std::size_t count, std::size_t field);
  void append_ids(const Column& column, std::size_t field, const std::uint32_t* offsets);

  const ModelConfig& config_;
  const data::Encoders& encoders_;
  RowColumns columns_;
  std::vector<std::size_t> table_rows_;
  Batch batch_;
};

}  // namespace dcrnn::api
