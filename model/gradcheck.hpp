// Hand-written gradients against central differences, in double.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "model/config.hpp"

namespace dcrnn::model {

struct GradcheckOptions {
  std::uint64_t seed = 1;
  std::size_t rows = 8;
  std::size_t elements = 25;  ///< checked per tensor, drawn at random; 0: all of them
};

/// The figures of one tensor. The error of an element is |a - n| / (|a| + |n| + 1e-3 max |g|), a the analytic
/// and n the numeric derivative, g the analytic gradient of the tensor.
struct GradcheckTensor {
  std::string name;
  std::size_t checked = 0;  ///< elements compared
  std::size_t kinked = 0;   ///< elements left out: a relu changes sign within the step
  std::size_t rounded = 0;  ///< elements left out: so small that a and n differ by the loss's rounding alone
  double worst_error = 0;
  std::size_t worst_index = 0;  ///< flat
  double analytic = 0, numeric = 0;
  bool finite = true;
};

inline constexpr double kGradcheckTolerance = 1e-6;

/// True if every tensor is finite and within kGradcheckTolerance.
bool passed(const std::vector<GradcheckTensor>& tensors);

/// Checks every parameter tensor and x0 of a model with random parameters on random rows (tables of 7 rows;
/// bags, missing labels and sample weights where the config has them; dropout at these rates, its mask
/// held). The backward pass checked is that of `ops`.
std::vector<GradcheckTensor> gradcheck(const ModelConfig& model, const DropoutConfig& rates,
                                       const kernels::Table<double>& ops, const GradcheckOptions& options);

}  // namespace dcrnn::model
