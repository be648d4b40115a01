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
  std::size_t patience = 2;  ///< epochs without improvement; 0: never stop early

  bool operator==(const EarlyStoppingConfig&) const = default;
};

// What a config means that chooses none of train.optimizer, train.schedule and train.tables (docs/tuning.md
// says how these were found). One that does choose gets the defaults of the structs for the rest of its
// choice, and kChosenInitScale, as it always has.
inline const OptimizerConfig kOptimizer = {.kind = OptimizerKind::adam, .rate = 0.04};
inline const ScheduleConfig kSchedule = {.kind = ScheduleKind::inverse_sqrt, .warmup = 0};
inline const TablesConfig kTables = {{.kind = OptimizerKind::adagrad, .rate = 0.02},
                                     {.kind = ScheduleKind::cosine, .warmup = 0}};
inline constexpr double kInitScale = 0.01, kChosenInitScale = 0.1;

/// How to train; the model does not depend on it.
struct TrainConfig {
  std::size_t epochs = 10;
  std::size_t batch = 1024;
  std::uint64_t seed = 1;
  OptimizerConfig optimizer = kOptimizer;  ///< of the dense parameters
  ScheduleConfig schedule = kSchedule;
  TablesConfig tables = kTables;
  DropoutConfig dropout;
  double ridge = 3;        ///< lambda: L2 of the wide term over an epoch
  double clip_norm = 0.0;  ///< global gradient norm above which gradients are scaled down; 0: no clipping
  double unknown_rate = 0.001;     ///< share of vocabulary ids replaced by the unknown row while training
  bool base_rate = true;           ///< heads start at the base rate of their task
  double init_scale = kInitScale;  ///< standard deviation of fresh embeddings
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
    {.name = "optimizer", .kind = KeyKind::object, .doc = "the optimizer of the dense parameters; what it leaves out is as below", .fallback = "where `train.schedule` and `train.tables` are left out, too: adam from rate 0.04", .below = kOptimizerKeys},
    {.name = "schedule", .kind = KeyKind::object, .doc = "the learning rate over the steps; what it leaves out is as below", .fallback = "where `train.optimizer` and `train.tables` are left out, too: inverse_sqrt without warm-up", .below = kScheduleKeys},
    {.name = "tables", .kind = KeyKind::object, .doc = "the optimizer of the embedding tables; what it leaves out is as below", .fallback = "`train.optimizer` (muon: its adamw) and `train.schedule`; where these are left out, too: adagrad from 0.02, cosine without warm-up", .below = kTablesKeys},
    {.name = "dropout", .kind = KeyKind::object, .doc = "share of units dropped; a plain number p stands for {\"sharing\": p, \"tower\": p}", .number_for = "sharing|tower", .below = kDropoutKeys},
    {.name = "clip_norm", .kind = KeyKind::number, .doc = "global gradient norm above which gradients are scaled down; 0: never", .least = 0, .most = kLargest},
    {.name = "ridge", .kind = KeyKind::number, .doc = "lambda: L2 of the wide term, that of a whole epoch beside the sum of the rows' losses; 1 / C of a logistic regression", .least = 0, .most = kLargest, .added = true},
    {.name = "unknown_rate", .kind = KeyKind::number, .doc = "share of vocabulary ids replaced by the unknown row while training", .least = 0, .most = 1},
    {.name = "base_rate", .kind = KeyKind::boolean, .doc = "heads start at the base rate of their task", .added = true},
    {.name = "init_scale", .kind = KeyKind::number, .doc = "standard deviation of fresh embeddings", .least = 0, .most = kLargest, .fallback = "0.01; 0.1 where one of `train.optimizer`, `train.schedule` and `train.tables` is there"},
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
  const bool chosen = v.stands("optimizer") || v.stands("schedule") || v.stands("tables");
  v.value("epochs", train.epochs);
  v.value("batch", train.batch);
  v.value("seed", train.seed);
  v.object("optimizer", train.optimizer, chosen ? OptimizerConfig{} : kOptimizer);
  v.object("schedule", train.schedule, chosen ? ScheduleConfig{} : kSchedule);
  v.later_object("tables", train.tables, chosen ? tables_like(train.optimizer, train.schedule) : kTables);
  v.object("dropout", train.dropout);
  v.value("clip_norm", train.clip_norm);
  v.value("ridge", train.ridge);
  v.value("unknown_rate", train.unknown_rate);
  v.value("base_rate", train.base_rate);
  v.value("init_scale", train.init_scale, chosen ? kChosenInitScale : kInitScale);
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

/// The config in a model file. There, and nowhere else, the key "checksum" may stand beside the others: its
/// 16 hexadecimal digits go to `checksum`, nothing if it is absent.
Config parse_model_config(std::string_view json, const std::string& source, std::string& checksum);

/// The effective config as plain one-line JSON, every default written out, keys in a fixed order, with
/// "format": 1. parse_config(to_json(c)) == c.
std::string to_json(const Config& config);

/// `config` as member i is trained: with the seed train.seed + i.
Config for_member(const Config& config, std::size_t i);

/// docs/config.md: every key with its values, default and meaning.
std::string config_markdown();

}  // namespace dcrnn
