// Training once the rows are encoded: what runs on files and on arrays have in common.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/model_impl.hpp"
#include "core/batch.hpp"
#include "core/cpu.hpp"
#include "dcrnn/files.hpp"
#include "train/fit.hpp"
#include "train/survey.hpp"

namespace dcrnn::api {

class Training {
 public:
  /// Whom to tell; every one may be empty.
  struct Host {
    ProgressCallback progress;
    std::function<void(const EpochSummary&)> on_epoch;  ///< its exceptions pass
    std::function<void(const std::string&)> on_note;
  };

  /// All must outlive it; `valid` may be null.
  Training(Model::Impl& model, BatchSource& train, BatchSource* valid, Isa isa, int threads,
           const Host& host);

  /// Tells what cannot be learnt, before hours are spent on it. `go_on(rows)` false: Failure(stopped).
  void survey(const std::function<bool(std::uint64_t rows)>& go_on);
  /// Draws the parameters.
  void draw();
  /// Counts the base rates and puts the heads there.
  void start_at_base_rates();
  /// Trains, after survey(); fills in what `options` leaves open.
  train::FitResult run(train::FitOptions options);

  const std::vector<std::optional<double>>& base_rates() const { return base_rates_; }
  /// Where it stands, for messages.
  const std::string& position() const { return position_; }

 private:
  Model::Impl& model_;
  BatchSource& train_;
  BatchSource* valid_;
  Isa isa_;
  int threads_;
  const Host& host_;
  std::optional<train::Survey> survey_;
  std::string position_;
  std::vector<std::optional<double>> base_rates_;
};

/// What a run without validation does. `what`: "file" or "rows"; `in_vain`: early stopping was asked for.
std::string no_validation_note(const char* what, bool in_vain);

}  // namespace dcrnn::api
