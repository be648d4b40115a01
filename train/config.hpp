// How to train, and the whole config: the parts of all rooms put together. docs/config.md lists the keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/keys.hpp"
#include "model/config.hpp"
#include "optim/config.hpp"

namespace dcrnn {

enum class Metric { auc, logloss };

struct EarlyStoppingConfig {
  std::string task;  ///< empty: the mean over all tasks
  Metric metric = Metric::auc;
  std::size_t patience = 0;  ///< epochs without improvement; 0: never stop early

  bool operator==(const EarlyStoppingConfig&) const = default;
};

/// How to train; the model does not depend on it.
struct TrainConfig {
  std::size_t epochs = 10;
  std::size_t batch = 1024;
  std::uint64_t seed = 1;
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  DropoutConfig dropout;
  double clip_norm = 0.0;  ///< global gradient norm above which gradients are scaled down; 0: no clipping
  double unknown_rate = 0.001;  ///< share of vocabulary ids replaced by the unknown row while training
  double init_scale = 0.1;      ///< standard deviation of fresh embeddings
  EarlyStoppingConfig early_stopping;
  double checkpoint_seconds = 60;  ///< least time between two checkpoints; 0: after every step

  std::size_t interference = 0;  ///< every so many steps the tasks' gradients are compared; 0: never

  bool operator==(const TrainConfig&) const = default;
};

struct Config {
  ModelConfig model;
  TrainConfig train;

  bool operator==(const Config&) const = default;
};

// clang-format off
inline constexpr Key kEarlyStoppingKeys[] = {
    {.name = "task", .kind = KeyKind::name, .doc = "the task watched", .fallback = "the mean over all tasks"},
    {.name = "metric", .kind = KeyKind::word, .doc = "the metric watched", .words = "auc|logloss"},
    {.name = "patience", .kind = KeyKind::whole, .doc = "epochs without improvement before stopping; 0: never stop early"},
};

inline constexpr Key kTrainKeys[] = {
    {.name = "epochs", .kind = KeyKind::whole, .doc = "passes over the training rows", .least = 1, .most = 1e6},
    {.name = "batch", .kind = KeyKind::whole, .doc = "rows per step, B", .least = 1},
    {.name = "seed", .kind = KeyKind::whole, .doc = "seed of everything random", .most = kAny64Bits},
    {.name = "optimizer", .kind = KeyKind::object, .doc = "the optimizer", .below = kOptimizerKeys},
    {.name = "schedule", .kind = KeyKind::object, .doc = "the learning rate over the steps", .below = kScheduleKeys},
    {.name = "dropout", .kind = KeyKind::object, .doc = "share of units dropped; a plain number p stands for {\"sharing\": p, \"tower\": p}", .number_for = "sharing|tower", .below = kDropoutKeys},
    {.name = "clip_norm", .kind = KeyKind::number, .doc = "global gradient norm above which gradients are scaled down; 0: never", .least = 0, .most = kLargest},
    {.name = "unknown_rate", .kind = KeyKind::number, .doc = "share of vocabulary ids replaced by the unknown row while training", .least = 0, .most = 1},
    {.name = "init_scale", .kind = KeyKind::number, .doc = "standard deviation of fresh embeddings", .least = 0, .most = kLargest},
    {.name = "early_stopping", .kind = KeyKind::object, .doc = "when to stop before the last epoch", .below = kEarlyStoppingKeys},
    {.name = "checkpoint_seconds", .kind = KeyKind::number, .doc = "least time between two checkpoints; 0: after every step", .least = 0, .most = kLargest},
    {.name = "interference", .kind = KeyKind::whole, .doc = "the first step and every n-th after it compare the tasks' gradients, for the log; 0: none", .added = true},
};

inline constexpr Key kFormatKeys[] = {
    {.name = "format", .kind = KeyKind::whole, .doc = "version of the config format", .least = 1, .most = 1, .fallback = "1"},
};
inline constexpr Key kRunKeys[] = {
    {.name = "train", .kind = KeyKind::object, .doc = "how to train; the model does not depend on it", .below = kTrainKeys},
};
// clang-format on

/// Every key of a config.
inline constexpr auto kConfigKeys = joined(kFormatKeys, kSchemaKeys, kModelKeys, kRunKeys);

void describe(auto& v, Is<EarlyStoppingConfig> auto& early_stopping) {
  v.optional("task", early_stopping.task);
  v.value("metric", early_stopping.metric);
  v.value("patience", early_stopping.patience);
}

void describe(auto& v, Is<TrainConfig> auto& train) {
  v.value("epochs", train.epochs);
  v.value("batch", train.batch);
  v.value("seed", train.seed);
  v.object("optimizer", train.optimizer);
  v.object("schedule", train.schedule);
  v.object("dropout", train.dropout);
  v.value("clip_norm", train.clip_norm);
  v.value("unknown_rate", train.unknown_rate);
  v.value("init_scale", train.init_scale);
  v.object("early_stopping", train.early_stopping);
  v.value("checkpoint_seconds", train.checkpoint_seconds);
  v.value("interference", train.interference);
}

void describe(auto& v, Is<Config> auto& config) {
  v.constant("format", 1);
  describe(v, config.model);
  v.object("train", config.train);
}

/// Parses and validates a config. `source` names it in errors (a file name). Failure(usage) with the JSON
/// path; Failure(memory) if the sizes multiply beyond what memory can hold. Comments (`//`) are allowed. A
/// key "format" other than 1 is refused.
Config parse_config(std::string_view json, const std::string& source);

/// The effective config as plain one-line JSON, every default written out, keys in a fixed order, with
/// "format": 1. parse_config(to_json(c)) == c.
std::string to_json(const Config& config);

/// docs/config.md: every key with its values, default and meaning.
std::string config_markdown();

}  // namespace dcrnn
