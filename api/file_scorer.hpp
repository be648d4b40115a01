// Scores a CSV file batch after batch: what evaluate and predict have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "api/cell_notes.hpp"
#include "api/model_impl.hpp"
#include "data/row_reader.hpp"
#include "dcrnn/files.hpp"
#include "model/scorer.hpp"

namespace dcrnn::api {

class FileScorer {
 public:
  /// Opens the file. Failure(usage) for options that cannot be met.
  FileScorer(const Model::Impl& model, const std::string& path, data::RowReader::Labels labels,
             std::size_t batch, const ComputeOptions& compute);

  /// Reads and scores up to `batch` rows; false at the end. Failure(stopped) if `progress` says so.
  bool next(const ProgressCallback& progress);

  const Batch& batch() const { return batch_; }
  const std::vector<float>& probabilities() const { return probabilities_; }  ///< [B, T]
  const std::vector<float>& logits() const { return logits_; }                ///< [B, T]
  /// How the cells read so far differ from those of training, a line for each difference.
  std::vector<std::string> notes() const { return cell_notes(model_.config.model, model_.encoders, counts_); }
  std::uint64_t rows() const { return rows_; }       ///< so far
  const std::string& name() const { return name_; }  ///< of the file, for messages

 private:
  const Model::Impl& model_;
  std::string name_;
  std::size_t batch_rows_;
  model::ScoringNetwork network_;
  model::ScoringWorkspace workspace_;
  data::RowReader reader_;
  Batch batch_;
  std::vector<float> probabilities_, logits_;
  std::vector<CellCounts> counts_;  // per field
  std::uint64_t rows_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace dcrnn::api
