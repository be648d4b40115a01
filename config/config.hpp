// A config after validation: plain structs that every room can trust. docs/config.md lists the keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.hpp"

namespace dcrnn {

enum class FieldType { category, bag, number };
enum class Encoding { vocab, hash, id };
enum class Pool { mean, sum };
enum class Transform { none, standardize, log1p, buckets };

/// One input field.
struct Field {
  std::string name;
  std::string column;  ///< CSV column read
  FieldType type = FieldType::category;
  Encoding encoding = Encoding::vocab;           ///< category, bag
  std::size_t size = 0;                          ///< hash, id: rows of the table
  std::size_t min_count = 1;                     ///< vocab
  std::size_t dim = 16;                          ///< width of an embedding; unused for a plain number
  Pool pool = Pool::mean;                        ///< bag
  std::string separator = "|";                   ///< bag: one byte
  Transform transform = Transform::standardize;  ///< number
  std::size_t bins = 40;                         ///< buckets

  /// True if the field looks rows up in a table `embedding.<name>.weight`.
  bool has_table() const { return type != FieldType::number || transform == Transform::buckets; }
  /// Columns of x0 the field fills.
  std::size_t width() const { return has_table() ? dim : 1; }

  bool operator==(const Field&) const = default;
};

inline constexpr std::size_t kNoParent = static_cast<std::size_t>(-1);

/// One task (T of them).
struct Task {
  std::string name;
  std::string label;               ///< CSV column of the label
  std::size_t parent = kNoParent;  ///< index of the task it stands `after`; always smaller than its own
  double weight = 1.0;

  bool operator==(const Task&) const = default;
};

enum class Candidate { cross, tanh };

/// GRU cross layers (L of them), docs/cross.md.
struct CrossConfig {
  Candidate candidate = Candidate::cross;
  std::size_t layers = 3;
  bool tied = true;

  bool operator==(const CrossConfig&) const = default;
};

enum class Gate { input, fixed, none };  ///< `fixed` is written "static"

/// One gated partial-sharing block (K of them), docs/sharing.md.
struct SharingConfig {
  std::size_t shared_units = 64;   ///< m_s
  std::size_t private_units = 32;  ///< m_p
  Gate gate = Gate::input;

  bool operator==(const SharingConfig&) const = default;
};

/// The model part of a config.
struct ModelConfig {
  std::vector<Field> fields;
  std::vector<Task> tasks;
  std::string weight;  ///< CSV column of the sample weight; empty: none
  CrossConfig cross;
  std::vector<SharingConfig> sharing = {SharingConfig{}};
  std::vector<std::size_t> tower = {32};
  bool transfer = true;  ///< "gru" or "none"
  bool chain = true;     ///< "chain" or "independent"

  /// D, the width of x0.
  std::size_t input_width() const {
    std::size_t width = 0;
    for (const Field& field : fields) width += field.width();
    return width;
  }

  bool operator==(const ModelConfig&) const = default;
};

enum class OptimizerKind { adam, adamw, sgd, adagrad };
enum class ScheduleKind { constant, cosine, one_cycle };
enum class Metric { auc, logloss };

struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::adam;
  double rate = 0.002;                                ///< the peak of the schedule
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< adam, adamw; epsilon also adagrad
  double momentum = 0.9;                              ///< sgd
  double weight_decay =
      0.0;  ///< L2 added to the gradient; adamw: decoupled. Embedding tables: touched rows only

  bool operator==(const OptimizerConfig&) const = default;
};

struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::one_cycle;
  double warmup = 0.3;      ///< share of all steps over which the rate rises
  double final_rate = 0.0;  ///< share of the peak rate at the last step

  bool operator==(const ScheduleConfig&) const = default;
};

struct DropoutConfig {
  double input = 0.0;    ///< on x0
  double sharing = 0.2;  ///< on the output of every sharing block
  double tower = 0.2;    ///< on the output of every tower layer

  bool operator==(const DropoutConfig&) const = default;
};

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

  bool operator==(const TrainConfig&) const = default;
};

struct Config {
  ModelConfig model;
  TrainConfig train;

  bool operator==(const Config&) const = default;
};

/// Parses and validates a config. `source` names it in errors (a file name). Failure(usage) with the JSON
/// path; Failure(memory) if the sizes multiply beyond what memory can hold. Comments (`//`) are allowed. A
/// key "format" other than 1 is refused.
Config parse_config(std::string_view json, const std::string& source);

/// Applies one `key.path=value` (value is JSON, or a plain word taken as a string; array elements by index:
/// `fields.0.dim=8`) to JSON text and gives the changed text. Failure(usage).
std::string assign_config_value(std::string_view json, const std::string& assignment,
                                const std::string& source);

/// The effective config as plain one-line JSON, every default written out, keys in a fixed order, with
/// "format": 1. parse_config(to_json(c)) == c.
std::string to_json(const Config& config);

}  // namespace dcrnn
