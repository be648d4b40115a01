// The run whose checkpoints are tried: Adam on a small model with validation.
#pragma once

#include <vector>

#include "optim/state.hpp"
#include "tests/small_model.hpp"
#include "train/checkpoint.hpp"
#include "train/config.hpp"

namespace dcrnn::fuzz {

struct Run {
  static constexpr std::uint64_t kFingerprint = 7;
  static constexpr train::RunExtent kExtent{.start = {}, .epochs = 3, .rows = 300, .batch = 64};

  train::RunArrays arrays() {
    train::RunArrays arrays{parameters, {}, best, state.squares(), {}};
    for (Buffer<float>& array : state.arrays()) arrays.optimizer.push_back(array.span());
    return arrays;
  }
  /// In the second epoch, after two steps.
  static train::RunState position() {
    train::RunState at;
    at.fingerprint = kFingerprint;
    at.epoch = 1;
    at.position = 128;
    at.rows_trained = 428;
    at.optimizer_steps = 7;
    at.loss_sum = 12.5;
    at.seconds = 0.25;
    at.has_best = true;
    at.best_score = 0.75;
    return at;
  }

  Config config = parse_config(test::small_config(R"("epochs": 3, "batch": 64)"), "config");
  std::string config_json = to_json(config);
  std::vector<std::size_t> rows = {50, 30, 12, 0};
  model::ParameterTable table{config.model, rows};
  std::vector<float> parameters = std::vector<float>(table.total(), 0.25F);
  std::vector<float> best = std::vector<float>(table.total(), 0.5F);
  optim::State state{config.train.tables.optimizer.kind, config.train.optimizer.kind, table.dense_begin(),
                     table.total()};
};

}  // namespace dcrnn::fuzz
