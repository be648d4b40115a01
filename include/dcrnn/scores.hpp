// Labelled rows read once and scored by many models: what a comparison of models begins with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/files.hpp"
#include "dcrnn/model.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn {

/// B rows in their order, T tasks in the order of EvalReport::tasks.
struct LabelledScores {
  EvalReport report;
  std::vector<std::vector<float>> probabilities;  ///< [T][B]: p(task)
  std::vector<std::vector<float>> logits;  ///< [T][B]: the task's own logit; a chain's child given its parent
  std::vector<std::vector<std::int8_t>> labels;  ///< [T][B]: 0, 1, or -1 where missing
  std::vector<double> weights;                   ///< [B]; empty without a weight column
  double seconds = 0;                            ///< the network took, reading and measuring left out
};

/// Mean over rows of what a gate lets through, in [0, 1], by the name that docs/trace.md gives it.
struct GateMeans {
  std::string name;
  std::vector<double> mean;  ///< of each unit or expert; of a cross layer's gate, of each field below
  std::vector<std::string>
      fields;  ///< of a cross layer's gate: whose columns of x0 were averaged; else empty
};
/// What a task's ranking loses when a column of the data is shuffled among the rows.
struct ColumnImportance {
  std::string column;                           ///< of a rate field its name
  std::vector<std::optional<double>> auc_lost;  ///< [T]
};
/// How a model comes to its scores on some rows.
struct Explanation {
  std::size_t rows = 0;
  std::vector<std::string> tasks;
  std::vector<GateMeans> gates;
  std::vector<ColumnImportance> importance;
};

/// The rows of labelled files, encoded and in memory: 4 bytes per category and 8 per number.
class DCRNN_EXPORT LabelledRows {
 public:
  /// Reads data of `job` as `model` reads it, with progress "reading". `config_json`: a config over the same
  /// fields whose tasks hold those of the model, so that the labels of all are read; empty: the model's own.
  static Result<LabelledRows> read(const Model& model, const EvalJob& job,
                                   std::string_view config_json = {}) noexcept;

  std::size_t rows() const noexcept;
  /// Whether `model` would have read the same: its fields and encoders are those of the model that read them,
  /// and its tasks are among that one's.
  bool suit(const Model& model) const noexcept;

  /// What evaluate_files() would say of a model that they suit (ErrorCode::usage otherwise), and its scores.
  /// Takes batch, at, compute and progress of `job`. Keeps 9 bytes per row and task, and 8 per weight.
  Result<LabelledScores> score(const Model& model, const EvalJob& job) const noexcept;
  /// The same of probabilities [T][B] of all tasks, from several models perhaps, each taken by itself: no
  /// chain.
  Result<LabelledScores> score_probabilities(std::vector<std::vector<float>> probabilities) const noexcept;
  /// The same of predictions made elsewhere: a CSV file as predict writes it, with a column p_<task> for each
  /// task and a row for every row, in order. ErrorCode::data for another number of rows, a missing column, or
  /// a p that is no number in [0, 1].
  Result<LabelledScores> score_predictions(const std::string& path) const noexcept;

  /// Gates and importance of a model that they suit (ErrorCode::usage otherwise), on up to 16384 of the rows.
  /// Takes compute and progress of `job`. The same for every call.
  Result<Explanation> explain(const Model& model, const EvalJob& job) const noexcept;

  LabelledRows(LabelledRows&&) noexcept;
  LabelledRows& operator=(LabelledRows&&) noexcept;
  ~LabelledRows();

  struct Impl;  ///< not part of the API
  explicit LabelledRows(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcrnn
