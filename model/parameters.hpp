// The one size table of the parameters: name, shape and place of every tensor in one flat arena.
//
// Tables come first, dense tensors behind them; every tensor starts on an aligned boundary and the
// few elements of padding between them are 0 and stay 0. Parameters, gradients and optimizer state share
// these offsets. The table is filled by the walk over the layers (build.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn {
struct ModelConfig;
}

namespace dcrnn::model {

/// How fresh values are drawn. mostly_own: of a square matrix, 0.9 on the diagonal and every row's sum 1.
enum class Init { zeros, embedding, uniform_fan_in, mostly_own };

/// Whose a parameter is: every task's, that of the task of this index, the objective's, or divided: its
/// columns, or its rows, each belong to a task. What the objective has to learn comes last, knows no weight
/// decay, and no task's gradient is compared on it.
using Owner = std::size_t;
inline constexpr Owner kEveryTask = static_cast<Owner>(-1);
inline constexpr Owner kObjective = static_cast<Owner>(-2);
inline constexpr Owner kDivided = static_cast<Owner>(-3);

struct Parameter {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;  ///< elements from the start of the arena
  std::size_t size = 0;    ///< product of shape
  Init init = Init::zeros;
  Owner owner = kEveryTask;
};

/// A table [rows, width] whose rows are looked up: its gradient has the rows that a batch touched.
struct LookupTable {
  std::size_t field = 0;  ///< whose ids choose the rows
  std::size_t offset = 0, rows = 0, width = 0;
  bool every_row = false;  ///< no ids: the weights of the field's numbers, touched by every batch
  Owner owner = kEveryTask;
};

/// Every parameter of a model, in order.
class ParameterTable {
 public:
  ParameterTable() = default;
  /// Those of the network that `config` describes. `table_rows[f]` is the number of rows of field f's
  /// embedding table (0: it has none). Failure(memory) if the sizes do not fit.
  ParameterTable(const ModelConfig& config, std::span<const std::size_t> table_rows);

  /// From here on a table of more than `most` values is handed to `refuse`, which throws.
  void limit(std::size_t most, std::function<void(std::size_t values)> refuse) {
    most_ = most;
    refuse_ = std::move(refuse);
  }
  /// Adds a tensor and gives its offset. Failure(memory).
  std::size_t add(std::string name, std::vector<std::size_t> shape, Init init, Owner owner);
  /// Adds a table, whose offset is set here, and gives its offset; all tables come before any other tensor.
  std::size_t add_lookup(std::string name, LookupTable lookup, Init init);

  const std::vector<Parameter>& all() const { return all_; }
  /// Null if there is none of that name.
  const Parameter* find(std::string_view name) const;
  /// The tensor that holds the element at `offset`; there must be one.
  const Parameter& at(std::size_t offset) const;
  /// Elements of the arena, padding included.
  std::size_t total() const { return total_; }
  /// Elements of all tensors, without padding.
  std::size_t values() const { return values_; }
  /// Where the dense tensors begin; before it lie the tables.
  std::size_t dense_begin() const { return dense_begin_; }
  const std::vector<LookupTable>& lookups() const { return lookups_; }
  /// Where the objective's parameters begin; total() if it has none.
  std::size_t objective_begin() const { return objective_begin_ < total_ ? objective_begin_ : total_; }

 private:
  std::vector<Parameter> all_;
  std::vector<LookupTable> lookups_;
  std::size_t total_ = 0, values_ = 0;
  std::size_t dense_begin_ = 0;
  std::size_t objective_begin_ = static_cast<std::size_t>(-1);
  std::size_t most_ = 0;
  std::function<void(std::size_t)> refuse_;
};

/// Fills `arena` (table.total() elements) with fresh values, a pure function of `seed` and the tensor's
/// position: embeddings normal with standard deviation `init_scale`, weights uniform in +-1/sqrt(fan in),
/// biases 0, mixtures of tasks mostly their own.
void initialize(const ParameterTable& table, std::uint64_t seed, double init_scale, std::span<float> arena);

}  // namespace dcrnn::model
