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
  /// Draws the parameters of all members.
  void draw();
  /// Puts the heads of member i at the base rates, which are counted at the first call.
  void start_at_base_rates(std::size_t i);
  /// Trains one member after the other, after survey() and draw(), until one is stopped. begin(i) readies the
  /// parameters of member i and gives its options, of which those left open are filled in.
  std::vector<train::FitResult> run(const std::function<train::FitOptions(std::size_t i)>& begin);

  const std::vector<std::optional<double>>& base_rates() const { return base_rates_; }
  /// Where it stands, for messages.
  const std::string& position() const { return position_; }

 private:
  train::FitResult run_member(std::size_t i, train::FitOptions options);

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

/// The runs of all members, `seconds` long, as one.
FitReport report_of(const std::vector<train::FitResult>& members, double seconds);
/// "finished", "early_stopping", "stopped".
const char* word_of(train::StopReason reason);

/// What a run without validation does. `what`: "file" or "rows"; `in_vain`: early stopping was asked for.
std::string no_validation_note(const char* what, bool in_vain);

}  // namespace dcrnn::api
