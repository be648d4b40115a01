// A model in memory: make, load, save, score, train step by step. No file and no command line needed.
//
// Nothing here throws, prints, exits, installs handlers or changes a setting of the host program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/export.h"
#include "dcrnn/result.hpp"
#include "dcrnn/rows.hpp"

namespace dcrnn {

/// How to compute; the results' bytes depend on `isa` only.
struct ComputeOptions {
  int threads = 1;           ///< with 1 no other thread is ever made; 0: available_threads()
  std::string isa = "auto";  ///< auto, reference, sse2, avx2, avx512 (neon on aarch64): ErrorCode::usage if
                             ///< the CPU lacks it
};

/// Name, shape and values of one parameter tensor; a view into the model.
struct ParameterView {
  std::string_view name;
  std::span<const std::size_t> shape;
  std::span<const float> values;
};

/// A model: config, encoders (vocabularies, bucket edges, statistics) and parameters. Movable; const use from
/// several threads at once is safe.
class DCRNN_EXPORT Model {
 public:
  /// A fresh model from a JSON config (docs/config.md). All fields must be usable without training data:
  /// encodings `id` and `hash`, transform `none`. Parameters are drawn from train.seed.
  static Result<Model> create(std::string_view config_json) noexcept;
  /// Likewise, its encoders made from `rows`: any field can be used. Labels count for rate fields only.
  static Result<Model> create(std::string_view config_json, const Rows& rows) noexcept;
  /// From a model file.
  static Result<Model> load(const std::string& path) noexcept;
  Result<void> save(const std::string& path) const noexcept;
  /// The bytes of such a file, and a model from them.
  static Result<Model> from_bytes(std::span<const std::byte> bytes) noexcept;
  Result<std::vector<std::byte>> to_bytes() const noexcept;

  /// The effective config as one line of JSON, every default written out.
  std::string config() const;
  std::vector<std::string> tasks() const;  ///< T names, the order of all [B, T] arrays
  std::vector<std::string> fields() const;
  /// What Rows must have a Column for: every field but the rate fields, by its name, and what only keys of
  /// rate fields read, by the name of the CSV column ("column." before it where a field has that name).
  std::vector<std::string> columns() const;
  std::vector<ParameterView> parameters() const;
  /// Copies `values` into the parameter `name`: ErrorCode::usage if there is none or the size differs.
  Result<void> set_parameter(std::string_view name, std::span<const float> values) noexcept;

  /// Adds labelled rows to the tables of the rate fields (docs/rates.md); all else stays. Scorers made before
  /// keep the tables that they had. ErrorCode::data if the rows are in the tables already, unless `again`;
  /// ErrorCode::usage without rate fields. Then, as after any error, the model is as before.
  Result<void> refresh(const Rows& rows, bool again = false) noexcept;

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  struct Impl;  ///< not part of the API
  explicit Model(std::unique_ptr<Impl> impl);
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Scores rows. Holds the packed weights of the model as it was when the scorer was made (a later change of
/// the model needs a new scorer) and one workspace; the model must outlive it. For scoring from several
/// threads at once, make one scorer and `clone()` it per thread: the weights are shared.
class DCRNN_EXPORT Scorer {
 public:
  static Result<Scorer> create(const Model& model, const ComputeOptions& options = {}) noexcept;
  Result<Scorer> clone() const noexcept;

  /// Writes p(task) for row b to probabilities[b * T + t], and, unless it is empty, the task's own logit to
  /// `logits`. The bytes of a row do not depend on the other rows, on count or on threads. After the first
  /// call of a size there is no heap allocation.
  Result<void> score(const Rows& rows, std::span<float> probabilities, std::span<float> logits = {}) noexcept;

  Scorer(Scorer&&) noexcept;
  Scorer& operator=(Scorer&&) noexcept;
  ~Scorer();

  struct Impl;  ///< not part of the API
  explicit Scorer(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

/// What one training step did.
struct TrainStep {
  double loss = 0;           ///< weighted total over the tasks and the sum over members, before the update
  double rate = 0;           ///< learning rate used
  double gradient_norm = 0;  ///< global, of all members, before clipping (each of which clips by its own)
};

/// Trains a model in place, one batch after another, with the optimizer, dropout, clipping and schedule of
/// the config's `train` part, `train.ridge` left out, which takes a look at all rows. The model must outlive
/// it.
class DCRNN_EXPORT Trainer {
 public:
  /// `total_steps` places warm-up and end of the rate; 0: there is neither, and the rate stays at its peak
  /// (or falls, with schedule inverse_sqrt).
  static Result<Trainer> create(Model& model, std::size_t total_steps = 0,
                                const ComputeOptions& options = {}) noexcept;
  /// Likewise, with the heads first put at `base_rates`: the share of positives of every task, in the order
  /// of tasks(), in the data to come; with probability chain, of a task after another, among the positives of
  /// its parent. 0.5 is where a fresh head stands. ErrorCode::usage unless these are T numbers from 0 to 1.
  static Result<Trainer> create(Model& model, std::span<const double> base_rates, std::size_t total_steps = 0,
                                const ComputeOptions& options = {}) noexcept;

  /// One step on 1 to train.batch labelled rows. ErrorCode::diverged names the first tensor with a NaN or
  /// infinity and leaves the parameters as they were. After the first step of full size there is no heap
  /// allocation.
  Result<TrainStep> step(const Rows& rows) noexcept;

  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;
  ~Trainer();

  struct Impl;  ///< not part of the API
  explicit Trainer(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcrnn
