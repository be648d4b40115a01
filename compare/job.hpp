// What a comparison is asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compare/training_log.hpp"
#include "compare/widths.hpp"
#include "dcrnn/files.hpp"
#include "dcrnn/scores.hpp"

namespace dcrnn::compare {

/// A row to train: one of row_names(), or a config of one's own, which stays as it is.
struct Entrant {
  std::string name;
  std::string config;  ///< JSON; empty: the row of that name over the job's config
};

/// Predictions made elsewhere.
struct OutsideRow {
  std::string name;
  std::vector<std::string> files;  ///< CSV as predict writes it: one for each seed, or one for all
};

/// How far the training is.
struct Trained {
  std::size_t models = 0, of = 0;  ///< finished, and all that were not there yet
  double done = 0, all = 0;        ///< of their work, in any unit
};

struct Job {
  std::string config;                           ///< JSON without comments, as set_config_value() gives it
  std::string config_name;                      ///< for messages
  std::vector<std::string> train, valid, test;  ///< CSV files
  std::vector<Entrant> models;                  ///< none: all rows
  std::vector<OutsideRow> outside;
  Equal equal = Equal::parameters;
  std::size_t seeds = 5, search = 0;
  std::string out;  ///< directory of models, cache, timings, table.json and table.csv
  ComputeOptions compute;
  bool explain = false;  ///< look into one row: dcrnn, if it is there, else the first
  // Each may be empty. Those of the training are called by any of the threads, one at a time.
  std::function<bool(const Trained&)> on_training;                         ///< before each batch; false stops
  std::function<void(const std::string& model, const Trained&)> on_model;  ///< one is finished
  std::function<void(const std::string&)> on_note;                         ///< each note once
  ProgressCallback progress;                                               ///< of the test data
  /// Of each trained row the first seed: the logs of its models, and what they say of the test data.
  std::function<void(const std::string& row, const std::vector<TrainingLog>&, const LabelledScores&)> on_row;
};

}  // namespace dcrnn::compare
