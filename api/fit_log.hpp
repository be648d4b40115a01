// <MODEL>.jsonl: what a training run did, one JSON object per line (docs/format.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/json.hpp"
#include "core/cpu.hpp"
#include "dcrnn/files.hpp"
#include "train/config.hpp"
#include "train/fit.hpp"

namespace dcrnn::api {

class FitLog {
 public:
  explicit FitLog(std::string path) : path_(std::move(path)) {}

  /// Failure(usage) if something else than a log is there already, Failure(io) if it cannot be written.
  void check_target() const;
  /// Starts afresh with the effective config and the versions; an older log is replaced. Failure(io).
  void start(const Config& config, Isa isa, int threads) const;
  /// Before the first step: the loss, and the rates that the heads start at, by task (nothing: 0.5).
  void before(double loss, const std::vector<Task>& tasks,
              const std::vector<std::optional<double>>& base_rates) const;
  /// From here on the lines are about this member; before, and where there is but one, they name none.
  void of_member(std::size_t member) { member_ = member; }
  void epoch(const EpochSummary& summary) const;
  /// The run goes on in `epoch` (from 1), of which `rows` are done.
  void resumed(std::size_t epoch, std::size_t rows) const;
  void stopped(const std::string& reason, const train::FitResult& result) const;
  /// The run ended by an error.
  void failed(const Error& error) const;

 private:
  void append(Json json) const;

  std::string path_;
  std::optional<std::size_t> member_;
};

}  // namespace dcrnn::api
