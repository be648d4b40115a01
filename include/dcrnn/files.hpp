// Whole jobs over files: what the command-line program does, as functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/model.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn {

/// Figures of one task; nothing where undefined (one class absent, no labelled row). All weighted when the
/// data has a weight column.
struct TaskReport {
  std::string task;
  std::size_t rows = 0;  ///< rows with a label
  std::size_t positives = 0;
  std::optional<double> auc, logloss;
  std::optional<double> ece;  ///< expected calibration error, 20 bins of equal count
  std::optional<double> mean_prediction, mean_label;
  bool chain_child = false;  ///< its probability contains that of a parent
  std::optional<double>
      auc_given_parent;             ///< chain children: rows whose parent label is 1, by their own logit
  std::optional<double> truth_auc;  ///< of the columns true_<task>, where the file has them
  /// Of a task after another, where the file has the truth of both: P(task | parent) in the rows whose parent
  /// label is 0. Its mean less the true one; its AUC, each row counting as a positive by its true probability
  /// and as a negative by the rest; the AUC of the truth likewise.
  std::optional<double> counterfactual_bias, counterfactual_auc, counterfactual_truth_auc;
};

/// How a task's rows are ranked within their groups (docs/metrics.md); nothing where no group counts.
struct RankingReport {
  std::optional<double> gauc;                      ///< mean AUC of the groups with both classes
  std::size_t gauc_groups = 0, gauc_left_out = 0;  ///< groups that count, and those of one class
  std::vector<std::size_t> at;                     ///< the k of each nDCG@k
  std::vector<std::optional<double>> ndcg;         ///< one per `at`: mean over the groups with a positive
  std::size_t ndcg_groups = 0, ndcg_left_out = 0;  ///< groups that count, and those without a positive
};

struct EvalReport {
  std::size_t rows = 0;
  std::vector<TaskReport> tasks;
  std::vector<RankingReport> ranking;  ///< one per task where the config names a group column, else empty
  std::size_t rows_without_group = 0;  ///< in no ranking
  std::vector<std::string> notes;  ///< "note: ..." or "warning: ...": how the cells differ from training's
};

/// Where a long job is. `stage`: "reading", "counting", "training", "validating", "scoring", "writing".
struct JobProgress {
  std::string_view stage;
  /// Bytes when reading (at its end once more the rows, which are looked through), rows otherwise; total 0:
  /// unknown.
  std::uint64_t done = 0, total = 0;
  std::size_t epoch = 0, epochs = 0;    ///< from 1, training and validating
  std::size_t member = 0, members = 1;  ///< whose epoch that is, from 0, and of how many
  double loss = 0;                      ///< mean of the epoch so far, training
  double seconds = 0;                   ///< since the stage or epoch began
};
/// Called often from the calling thread, and must not throw (ErrorCode::usage if it does); returning false
/// stops the job (after saving, when training) with ErrorCode::stopped.
using ProgressCallback = std::function<bool(const JobProgress&)>;

/// How the gradients of the tasks agree on the parameters they share: means over the steps looked at.
struct InterferenceReport {
  std::size_t steps = 0;
  std::vector<std::string> tasks;  ///< names [T]
  std::vector<double> norm;        ///< [T]
  std::vector<double> cosine;      ///< [T, T]
  std::vector<double> negative;    ///< [T, T]: share of the steps in which the cosine was negative
};

struct EpochSummary {
  std::size_t epoch = 0, epochs = 0;    ///< from 1
  std::size_t member = 0, members = 1;  ///< which was trained, from 0, of how many
  double seconds = 0, rows_per_second = 0, loss = 0;
  std::vector<TaskReport> valid;  ///< empty without validation files
  bool best = false;
  std::optional<InterferenceReport> interference;  ///< with train.interference, if a step was looked at
};

struct FitJob {
  std::string config_json;             ///< text of the config; with `from` it may be empty: the config there
  std::string config_name = "config";  ///< names it in errors
  std::vector<std::string> set;        ///< assignments of set_config_value(), in their order
  std::vector<std::string> train;      ///< CSV or CSV.gz files
  std::vector<std::string> valid;
  std::string from;          ///< model, or <MODEL>.state, that the run goes on from (docs/going-on.md)
  bool keep_state = false;   ///< leave <MODEL>.state: the last epoch with the optimizer's state
  std::string model;         ///< MODEL to write; its log is <MODEL>.jsonl, its checkpoint <MODEL>.checkpoint;
                             ///< member i > 0 has <MODEL>.checkpoint.<i> and <MODEL>.state.<i>
  std::string cache;         ///< directory of the binary cache; empty: <MODEL>.cache
  std::string cache_config;  ///< a config of more tasks over the same fields, without rate fields: the cache
                             ///< holds what that asks for, so that models of some of its tasks share one;
                             ///< of no use otherwise; empty: the job's own
  /// With folds > 0 the rows of one fold take no part: row r, counted from 0 over all files of `train`, is in
  /// fold XXH64(r as 8 bytes, low byte first; seed: train.seed) mod folds.
  std::size_t folds = 0, left_out = 0;
  bool keep_checkpoint = false;  ///< of a finished run, too: resumed from it there is nothing left to train
  bool resume = false;           ///< go on from the checkpoint; without one start afresh
  bool restart = false;          ///< start afresh although a stopped run has left a checkpoint
  ComputeOptions compute;
  ProgressCallback progress;
  std::function<void(const EpochSummary&)> on_epoch;
  std::function<void(const std::string&)>
      on_note;  ///< one-line facts: resumed where, no validation, cache reused, "warning: ..."
};

struct FitReport {
  std::string reason;              ///< "finished"; "early_stopping", if a member did
  std::size_t best_epoch = 0;      ///< from 1; of the first member
  std::size_t epochs = 0;          ///< done; likewise
  std::uint64_t rows_trained = 0;  ///< by this call, of all members, resumed parts not counted
  double seconds = 0;
  std::vector<std::size_t> best_epochs;  ///< of every member
};

/// Trains from files and writes the model. Stopped by `progress`: ErrorCode::stopped after saving a
/// checkpoint. ErrorCode::usage, with nothing written: a file written is one that is read, or there is a
/// checkpoint and neither `resume` nor `restart` says what is to become of it. ErrorCode::io: another run
/// writes the same model, or a data file changed while it was read.
DCRNN_EXPORT Result<FitReport> fit(const FitJob& job) noexcept;

/// Trains job.folds models, each without one of the folds, and writes to `out` what each says of the rows of
/// its fold: a CSV with p_<task> for every training row, in their order, from models that have not seen the
/// row, nor their encoders or tables of rates. Then trains job.model on all rows. Stopped and resumed as
/// fit(). ErrorCode::usage for fewer than 2 folds, or with job.from.
DCRNN_EXPORT Result<FitReport> fit_out_of_folds(const FitJob& job, const std::string& out) noexcept;

/// One assignment `key.path=value` applied to the text of a config.
DCRNN_EXPORT Result<std::string> set_config_value(std::string_view config_json, const std::string& assignment,
                                                  const std::string& config_name = "config") noexcept;

/// Metrics of a model on a labelled file ("-": standard input).
DCRNN_EXPORT Result<EvalReport> evaluate(const Model& model, const std::string& data,
                                         std::size_t batch = 1024, const ComputeOptions& compute = {},
                                         const ProgressCallback& progress = {}) noexcept;

/// Metrics over several files.
struct EvalJob {
  std::vector<std::string> data;  ///< labelled CSV files; "-": standard input
  std::size_t batch = 1024;       ///< rows scored at a time
  std::vector<std::size_t> at;    ///< the k of nDCG@k: needs a group column; empty: 5 and 10 if there is one
  ComputeOptions compute;
  ProgressCallback progress;
};
DCRNN_EXPORT Result<EvalReport> evaluate_files(const Model& model, const EvalJob& job) noexcept;

/// What predict_file did.
struct PredictReport {
  std::uint64_t rows = 0;
  bool closed_pipe = false;        ///< the reader of `out` went away; not an error
  std::uint64_t bad_rows = 0;      ///< of `rows`, those left empty
  std::vector<std::string> notes;  ///< as in EvalReport
};
/// One row `p_<task>,...` out for every row in, in order. `out` "-": standard output. ErrorCode::usage if
/// `out` is `data` or the file the model was loaded from.
DCRNN_EXPORT Result<PredictReport> predict_file(const Model& model, const std::string& data,
                                                const std::string& out, std::size_t batch = 1024,
                                                const ComputeOptions& compute = {},
                                                const ProgressCallback& progress = {}) noexcept;

/// Predictions for several files into one.
struct PredictJob {
  std::vector<std::string> data;   ///< CSV files; "-": standard input
  std::string out;                 ///< CSV to write; "-": standard output
  std::size_t batch = 1024;        ///< rows scored at a time; from a pipe each batch is answered at once
  std::vector<std::string> keep;   ///< columns copied in front of the predictions
  bool skip_bad_rows = false;      ///< a bad row gives a row of empty cells instead of an error
  std::uint64_t max_bad_rows = 0;  ///< with more of them: ErrorCode::data, and no file
  std::function<void(const std::string&)> on_bad_row;  ///< file, line, column and reason of each
  ComputeOptions compute;
  ProgressCallback progress;
};
DCRNN_EXPORT Result<PredictReport> predict_files(const Model& model, const PredictJob& job) noexcept;

/// More rows for the tables of a model's rate fields (docs/rates.md).
struct RefreshJob {
  std::vector<std::string> data;  ///< labelled CSV files; "-": standard input
  std::string out;                ///< model to write, another file than the model's
  bool again = false;             ///< rows that are in the tables already are counted once more
  ProgressCallback progress;
};
struct RefreshReport {
  std::uint64_t rows = 0, new_keys = 0;
};
/// Writes `model`, as it is, with grown tables to job.out. ErrorCode::usage if that is the model's own file
/// or one that is read, or if the model has no rate field; ErrorCode::data if a file's rows are in the tables
/// already.
DCRNN_EXPORT Result<RefreshReport> refresh_files(const Model& model, const RefreshJob& job) noexcept;

enum class Precision { f32, f64 };
/// The trace of docs/trace.md as a safetensors file. f64 runs the plain reference in double. `out` as in
/// predict_file.
DCRNN_EXPORT Result<void> trace_file(const Model& model, const std::string& data, const std::string& out,
                                     Precision precision, const ComputeOptions& compute = {}) noexcept;
/// What a trace holds.
struct TraceOptions {
  Precision precision = Precision::f32;
  bool gradients =
      false;  ///< also of every value between x0 and the logits, not of the parameters and x0 alone
  bool interference = false;  ///< how the tasks' gradients agree, where the config does not ask for it anyway
};
DCRNN_EXPORT Result<void> trace_file(const Model& model, const std::string& data, const std::string& out,
                                     const TraceOptions& options,
                                     const ComputeOptions& compute = {}) noexcept;

/// One line of a gradient check.
struct GradcheckLine {
  std::string tensor;
  std::size_t checked = 0;
  std::size_t kinked = 0;   ///< left out: a relu changes sign within the step
  std::size_t rounded = 0;  ///< left out: so small that rounding hides whether it is right
  double worst_error = 0;
  std::string worst_at;  ///< index of the worst element, "[3, 1]"
  double analytic = 0, numeric = 0;
  bool ok = false;
};
struct GradcheckReport {
  bool ok = false;
  double tolerance = 0;
  std::vector<GradcheckLine> tensors;
};
/// Hand-written gradients of the config's model against central differences in double. elements: per tensor,
/// 0 = all.
DCRNN_EXPORT Result<GradcheckReport> gradcheck(std::string_view config_json, const std::string& config_name,
                                               std::uint64_t seed = 1, std::size_t rows = 8,
                                               std::size_t elements = 25) noexcept;

/// One parameter of a model.
struct TensorInfo {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t count = 0, bytes = 0;
};
struct ModelInfo {
  std::string config_json;
  std::string checksum;  ///< of the file it was loaded from, 16 hexadecimal digits; empty: that has none
  std::vector<TensorInfo> parameters;
  std::vector<TensorInfo> encoders;  ///< vocabularies, edges, statistics
  std::size_t parameter_count = 0, parameter_bytes = 0;
  std::size_t table_parameter_count = 0;  ///< of these, in tables whose rows are looked up
  double forward_flops_per_row = 0;       ///< multiplications and additions of the products
  double training_flops_per_row = 0;
};
DCRNN_EXPORT Result<ModelInfo> inspect(const Model& model) noexcept;

/// The network of a config, before any data: what does not depend on the rows of its tables.
struct NetworkInfo {
  std::string config_json;     ///< the effective config, every default written out
  std::size_t parameters = 0;  ///< without tables
  double forward_flops_per_row = 0;
};
DCRNN_EXPORT Result<NetworkInfo> inspect_config(std::string_view config_json,
                                                const std::string& config_name = "config") noexcept;

struct SynthJob {
  std::string directory;
  std::size_t rows = 200000;
  double correlation = 0.5;
  std::uint64_t seed = 1;
  double missing_consume = 0.0;
  double selection = 0.0;  ///< from 0 to 10: the larger, the more unlike the others are those who click
  ProgressCallback progress;
};
/// Writes the synthetic click -> consume log: train.csv, valid.csv, test.csv and config.json.
/// ErrorCode::usage if one of them is there and is none that synth writes. Stopped by `progress`: the files
/// that are complete stay.
DCRNN_EXPORT Result<void> synth(const SynthJob& job) noexcept;

/// `text` from outside (a file's name, an argument) fit for one line of a message: what would act on a
/// terminal as \n, \t or \xHH, and "..." for the middle of more than `longest` bytes. All errors of the
/// library are like this.
DCRNN_EXPORT std::string one_line(std::string_view text, std::size_t longest = 500);

/// "0.1.0"
DCRNN_EXPORT const char* version() noexcept;
/// Commit the library was built from, "unknown" outside a checkout.
DCRNN_EXPORT const char* commit() noexcept;
/// Instruction sets this machine can run, slowest first; the last is what "auto" means.
DCRNN_EXPORT std::vector<std::string> instruction_sets();
/// Processors this process can use: those it may run on, and no more than the quotas of its control groups
/// (containers) pay for.
DCRNN_EXPORT int available_threads() noexcept;
/// All keys of a config as a Markdown page, from the one table.
DCRNN_EXPORT std::string config_reference();

}  // namespace dcrnn
