// The one list of config keys: the parser's checks, the unknown-key suggestions and docs/config.md all read
// it. Which struct member a key fills stands in describe.hpp; the default values are those of the structs in
// config.hpp.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn {

/// What the value of a key may be.
enum class KeyKind {
  boolean,
  whole,       ///< whole number in [least, most]
  number,      ///< number in [least, most]
  word,        ///< one of `words`
  name,        ///< letters, digits, _ and -
  column,      ///< name of a CSV column, not empty
  byte,        ///< one byte that can stand between the items of a cell
  whole_list,  ///< list of whole numbers in [least, most]
  object,
  list,  ///< list of objects
};

inline constexpr double kAnyWhole = std::numeric_limits<double>::infinity();
inline constexpr double kLargest = std::numeric_limits<float>::max();  ///< parameters are floats
inline constexpr double kBelowOne = 0x1.fffffep-1;                     ///< the float before 1
inline constexpr double kAboveZero = std::numeric_limits<float>::denorm_min();
inline constexpr double kAny64Bits = 0x1p64;  ///< not reached: any unsigned 64-bit number

/// One key. `path` is dotted, "[]" stands for the index in a list.
struct Key {
  std::string_view path;
  KeyKind kind;
  std::string_view doc;
  std::string_view words = "";  ///< KeyKind::word: the words, in the order of the enum they fill, '|' between
  double least = 0;
  double most = kAnyWhole;
  std::string_view fallback = "";  ///< what an absent key means where that is not a value of the structs
  std::string_view applies = "";   ///< where the key makes sense, if not everywhere
};

inline constexpr std::string_view kRequired = "required";
inline constexpr double kMaxLayers = 64;

// clang-format off
inline constexpr Key kKeys[] = {
    {.path = "format", .kind = KeyKind::whole, .doc = "version of the config format", .least = 1, .most = 1, .fallback = "1"},

    {.path = "fields", .kind = KeyKind::list, .doc = "the inputs, in the order in which they make up x0; at least one", .fallback = kRequired},
    {.path = "fields[].name", .kind = KeyKind::name, .doc = "name of the field; unique", .fallback = kRequired},
    {.path = "fields[].column", .kind = KeyKind::column, .doc = "CSV column read; several fields may read one column", .fallback = "the field's name"},
    {.path = "fields[].type", .kind = KeyKind::word, .doc = "category: one value per cell; bag: several; number: a number", .words = "category|bag|number", .fallback = kRequired},
    {.path = "fields[].encoding", .kind = KeyKind::word, .doc = "how a value becomes a row of the table. vocab: values seen in training, row 0 is unknown; hash: XXH64 modulo size; id: the cell is the row", .words = "vocab|hash|id", .applies = "type category or bag"},
    {.path = "fields[].size", .kind = KeyKind::whole, .doc = "rows of the table", .least = 1, .fallback = kRequired, .applies = "encoding hash or id"},
    {.path = "fields[].min_count", .kind = KeyKind::whole, .doc = "times a value must be seen in training to get a row of its own", .least = 1, .applies = "encoding vocab"},
    {.path = "fields[].pool", .kind = KeyKind::word, .doc = "how the rows of a bag become one", .words = "mean|sum", .applies = "type bag"},
    {.path = "fields[].separator", .kind = KeyKind::byte, .doc = "the byte between two values of a bag", .applies = "type bag"},
    {.path = "fields[].transform", .kind = KeyKind::word, .doc = "none: as it is; standardize: mean 0, variance 1 over the training rows; log1p: log(1 + x), then standardized; buckets: quantiles of the training values, each with a row of a table", .words = "none|standardize|log1p|buckets", .applies = "type number"},
    {.path = "fields[].bins", .kind = KeyKind::whole, .doc = "most buckets; edges saved by merging equal ones go to the other values", .least = 1, .applies = "transform buckets"},
    {.path = "fields[].dim", .kind = KeyKind::whole, .doc = "width of the embedding", .least = 1, .applies = "type category or bag, or transform buckets"},

    {.path = "tasks", .kind = KeyKind::list, .doc = "what to predict, parents first; 1 to 16", .fallback = kRequired},
    {.path = "tasks[].name", .kind = KeyKind::name, .doc = "name of the task; unique", .fallback = kRequired},
    {.path = "tasks[].label", .kind = KeyKind::column, .doc = "CSV column of the label: 0, 1 or empty (missing)", .fallback = "the task's name"},
    {.path = "tasks[].after", .kind = KeyKind::name, .doc = "the task this one follows, listed before it (click, then consume)", .fallback = "none"},
    {.path = "tasks[].weight", .kind = KeyKind::number, .doc = "factor of the task's loss", .least = 0, .most = kLargest},

    {.path = "weight", .kind = KeyKind::column, .doc = "CSV column of the sample weight", .fallback = "none"},

    {.path = "cross", .kind = KeyKind::object, .doc = "the GRU cross layers"},
    {.path = "cross.kind", .kind = KeyKind::word, .doc = "kind of cross layer", .words = "gru", .fallback = "gru"},
    {.path = "cross.candidate", .kind = KeyKind::word, .doc = "cross: explicit crossing under GRU gates; tanh: the textbook GRU", .words = "cross|tanh"},
    {.path = "cross.layers", .kind = KeyKind::whole, .doc = "number of layers, L", .least = 0, .most = kMaxLayers},
    {.path = "cross.tied", .kind = KeyKind::boolean, .doc = "one set of parameters for all layers"},

    {.path = "sharing", .kind = KeyKind::list, .doc = "the partial-sharing blocks, K; at most 64, may be []"},
    {.path = "sharing[].shared", .kind = KeyKind::whole, .doc = "units shared by all tasks; once 0, it is 0 in every later block", .least = 0},
    {.path = "sharing[].private", .kind = KeyKind::whole, .doc = "units of each task alone; shared and private may not both be 0", .least = 0},
    {.path = "sharing[].gate", .kind = KeyKind::word, .doc = "how much of each shared unit a task lets in. input: depends on the example; static: one number per unit; none: everything", .words = "input|static|none"},

    {.path = "tower", .kind = KeyKind::whole_list, .doc = "widths of the layers of each task's tower; at most 64, may be []", .least = 1},
    {.path = "transfer", .kind = KeyKind::word, .doc = "gru: a task after another takes over its parent's representation through a GRU step", .words = "gru|none"},
    {.path = "probability", .kind = KeyKind::word, .doc = "chain: a task's probability is that of its whole path (click and consume); independent: of itself alone", .words = "chain|independent"},

    {.path = "train", .kind = KeyKind::object, .doc = "how to train; the model does not depend on it"},
    {.path = "train.epochs", .kind = KeyKind::whole, .doc = "passes over the training rows", .least = 1, .most = 1e6},
    {.path = "train.batch", .kind = KeyKind::whole, .doc = "rows per step, B", .least = 1},
    {.path = "train.seed", .kind = KeyKind::whole, .doc = "seed of everything random", .most = kAny64Bits},
    {.path = "train.optimizer", .kind = KeyKind::object, .doc = "the optimizer"},
    {.path = "train.optimizer.kind", .kind = KeyKind::word, .doc = "which optimizer", .words = "adam|adamw|sgd|adagrad"},
    {.path = "train.optimizer.rate", .kind = KeyKind::number, .doc = "learning rate: the peak of the schedule", .least = kAboveZero, .most = kLargest},
    {.path = "train.optimizer.beta1", .kind = KeyKind::number, .doc = "decay of the first moment (adam, adamw)", .least = 0, .most = kBelowOne},
    {.path = "train.optimizer.beta2", .kind = KeyKind::number, .doc = "decay of the second moment (adam, adamw)", .least = 0, .most = kBelowOne},
    {.path = "train.optimizer.epsilon", .kind = KeyKind::number, .doc = "added to the denominator (adam, adamw, adagrad)", .least = kAboveZero, .most = kLargest},
    {.path = "train.optimizer.momentum", .kind = KeyKind::number, .doc = "momentum (sgd)", .least = 0, .most = kBelowOne},
    {.path = "train.optimizer.weight_decay", .kind = KeyKind::number, .doc = "L2 added to the gradient; adamw: decoupled; embedding rows: those touched", .least = 0, .most = kLargest},
    {.path = "train.schedule", .kind = KeyKind::object, .doc = "the learning rate over the steps"},
    {.path = "train.schedule.kind", .kind = KeyKind::word, .doc = "shape after the warm-up", .words = "constant|cosine|one_cycle"},
    {.path = "train.schedule.warmup", .kind = KeyKind::number, .doc = "share of all steps over which the rate rises", .least = 0, .most = 1},
    {.path = "train.schedule.final_rate", .kind = KeyKind::number, .doc = "rate of the last step as a share of the peak", .least = 0, .most = 1},
    {.path = "train.dropout", .kind = KeyKind::object, .doc = "share of units dropped; a plain number p stands for {\"sharing\": p, \"tower\": p}"},
    {.path = "train.dropout.input", .kind = KeyKind::number, .doc = "on x0", .least = 0, .most = kBelowOne},
    {.path = "train.dropout.sharing", .kind = KeyKind::number, .doc = "on the output of every sharing block", .least = 0, .most = kBelowOne},
    {.path = "train.dropout.tower", .kind = KeyKind::number, .doc = "on the output of every tower layer", .least = 0, .most = kBelowOne},
    {.path = "train.clip_norm", .kind = KeyKind::number, .doc = "global gradient norm above which gradients are scaled down; 0: never", .least = 0, .most = kLargest},
    {.path = "train.unknown_rate", .kind = KeyKind::number, .doc = "share of vocabulary ids replaced by the unknown row while training", .least = 0, .most = 1},
    {.path = "train.init_scale", .kind = KeyKind::number, .doc = "standard deviation of fresh embeddings", .least = 0, .most = kLargest},
    {.path = "train.early_stopping", .kind = KeyKind::object, .doc = "when to stop before the last epoch"},
    {.path = "train.early_stopping.task", .kind = KeyKind::name, .doc = "the task watched", .fallback = "the mean over all tasks"},
    {.path = "train.early_stopping.metric", .kind = KeyKind::word, .doc = "the metric watched", .words = "auc|logloss"},
    {.path = "train.early_stopping.patience", .kind = KeyKind::whole, .doc = "epochs without improvement before stopping; 0: never stop early"},
    {.path = "train.checkpoint_seconds", .kind = KeyKind::number, .doc = "least time between two checkpoints; 0: after every step", .least = 0, .most = kLargest},
};
// clang-format on

/// The row of `path` (with "[]" for indices), null if there is none.
const Key* find_key(std::string_view path);

/// The names of the keys right below `path` ("" for the top level, "fields[]", "train", ...).
std::vector<std::string_view> keys_below(std::string_view path);

/// The words of a KeyKind::word.
std::vector<std::string_view> words_of(const Key& key);

/// What the value of `key` may be, to stand after "want": "a whole number of at least 1".
std::string wanted(const Key& key);

/// docs/config.md: every key with its values, default and meaning.
std::string config_markdown();

}  // namespace dcrnn
