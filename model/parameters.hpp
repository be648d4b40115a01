// The one size table of the parameters: name, shape and place of every tensor in one flat arena.
//
// Embedding tables come first, dense tensors behind them; every tensor starts on an aligned boundary and the
// few elements of padding between them are 0 and stay 0. Parameters, gradients and optimizer state share
// these offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace dcrnn::model {

/// How fresh values are drawn.
enum class Init { zeros, embedding, uniform_fan_in };

struct Parameter {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;  ///< elements from the start of the arena
  std::size_t size = 0;    ///< product of shape
  Init init = Init::zeros;
};

/// y = x W^T + b: where its parameters lie.
struct LinearLayout {
  std::size_t in = 0, out = 0;
  std::size_t weight = 0;  ///< offset of W [out, in]
  std::size_t bias = 0;    ///< offset of b [out]
};

/// One set of GRU weights (torch.nn.GRUCell names and gate order r, z, n).
struct GruLayout {
  Candidate candidate = Candidate::tanh;
  std::size_t input = 0, state = 0;      ///< widths; equal for the cross layers
  std::size_t weight_ih = 0;             ///< W [input_gates() * state, input]
  std::size_t weight_hh = 0;             ///< U [3 * state, state]
  std::size_t bias_ih = 0, bias_hh = 0;  ///< b [input_gates() * state], d [3 * state]
  /// Gates that read the input: r, z for `cross`; r, z, n for `tanh`.
  std::size_t input_gates() const { return candidate == Candidate::cross ? 2 : 3; }
};

/// One partial-sharing block; vectors are indexed by task and empty where the block has no such part.
struct SharingLayout {
  std::size_t shared_units = 0, private_units = 0;  ///< m_s, m_p
  Gate gate = Gate::input;
  LinearLayout shared;
  std::vector<LinearLayout> gates;
  std::vector<std::size_t> static_gates;  ///< offsets of c_t [m_s]
  std::vector<LinearLayout> privates;
  std::size_t width() const { return shared_units + private_units; }
};

/// Every parameter of a model, by role and in order.
class ParameterTable {
 public:
  /// `table_rows[f]` is the number of rows of field f's embedding table (0: it has none). Failure(memory) if
  /// the sizes do not fit.
  ParameterTable(const ModelConfig& config, std::span<const std::size_t> table_rows);

  const std::vector<Parameter>& all() const { return all_; }
  /// Null if there is none of that name.
  const Parameter* find(std::string_view name) const;
  /// Elements of the arena, padding included.
  std::size_t total() const { return total_; }
  /// Where the dense tensors begin; before it lie the embedding tables.
  std::size_t dense_begin() const { return dense_begin_; }

  std::size_t input_width = 0;          ///< D
  std::size_t head_width = 0;           ///< H, the width of y_t
  std::vector<std::size_t> table_rows;  ///< per field
  std::vector<std::size_t> tables;      ///< offset of each field's table (meaningless where it has none)
  std::vector<GruLayout> cross;         ///< one if tied, L if not, none if L = 0
  std::vector<SharingLayout> sharing;   ///< K
  std::vector<std::vector<LinearLayout>> tower;  ///< [T][layers]
  std::vector<GruLayout> transfer;               ///< [T], state == 0 where the task has none
  std::vector<LinearLayout> head;                ///< [T]

 private:
  std::size_t add(std::string name, std::vector<std::size_t> shape, Init init);
  LinearLayout add_linear(const std::string& name, std::size_t out, std::size_t in);
  GruLayout add_gru(const std::string& name, Candidate candidate, std::size_t input, std::size_t state);

  std::vector<Parameter> all_;
  std::size_t total_ = 0;
  std::size_t dense_begin_ = 0;
};

/// Fills `arena` (table.total() elements) with fresh values, a pure function of `seed` and the tensor's
/// position: embeddings normal with standard deviation `init_scale`, weights uniform in +-1/sqrt(fan in),
/// biases 0.
void initialize(const ParameterTable& table, std::uint64_t seed, double init_scale, std::span<float> arena);

}  // namespace dcrnn::model
