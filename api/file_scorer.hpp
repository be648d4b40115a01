// Scores CSV files batch after batch: what evaluate and predict have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/cell_notes.hpp"
#include "api/model_impl.hpp"
#include "data/row_reader.hpp"
#include "dcrnn/files.hpp"
#include "model/scorer.hpp"

namespace dcrnn::api {

class FileScorer {
 public:
  static constexpr std::size_t kBadRow = static_cast<std::size_t>(-1);

  /// Opens the files. Failure(usage) for options that cannot be met.
  FileScorer(const Model::Impl& model, const std::vector<std::string>& paths,
             const data::RowReader::Options& options, std::size_t batch, const ComputeOptions& compute);

  /// Reads and scores up to `batch` rows; false at the end. Failure(stopped) if `progress` says so.
  bool next(const ProgressCallback& progress);

  const Batch& batch() const { return batch_; }
  const std::vector<float>& probabilities() const { return probabilities_; }  ///< [B, T]
  const std::vector<float>& logits() const { return logits_; }                ///< [B, T]
  /// How the cells read so far differ from those of training, a line for each difference.
  std::vector<std::string> notes() const { return cell_notes(model_.config.model, model_.encoders, counts_); }
  /// Of every row read, in order: its row in batch(), or kBadRow where bad rows are skipped.
  const std::vector<std::size_t>& answers() const { return answers_; }
  /// Place and reason of each kBadRow.
  const std::vector<std::string>& bad_rows() const { return bad_rows_; }
  const data::RowReader& reader() const { return reader_; }
  std::uint64_t rows() const { return rows_; }       ///< so far, bad ones included
  const std::string& name() const { return name_; }  ///< of the first file, for messages

 private:
  void list_answers(std::size_t count);

  const Model::Impl& model_;
  std::string name_;
  bool skip_bad_rows_;
  std::size_t batch_rows_;
  model::ScoringNetwork network_;
  model::ScoringWorkspace workspace_;
  data::RowReader reader_;
  Batch batch_;
  std::vector<float> probabilities_, logits_;
  std::vector<CellCounts> counts_;  // per field
  std::vector<std::size_t> answers_;
  std::vector<std::string> bad_rows_;
  std::uint64_t rows_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace dcrnn::api
