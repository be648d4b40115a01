// L2 of the wide term, spread over the steps of an epoch by how often each weight is used. Derivation:
// docs/wide.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/parameters.hpp"
#include "model/sparse_rows.hpp"
#include "train/config.hpp"
#include "train/survey.hpp"

namespace dcrnn::train {

/// gradient[i] += strength * uses[i] / in_epoch(touched[i]) * A[touched[i]], rows of `width` values; `uses`
/// counts those of a row in the batch, in_epoch(row) those in a whole epoch. `strength` is lambda / B.
template <class Real, class InEpoch>
void add_ridge(double strength, std::size_t width, std::span<const std::uint32_t> touched,
               std::span<const std::uint32_t> uses, InEpoch&& in_epoch, const Real* A, Real* gradient) {
  for (std::size_t i = 0; i < touched.size(); ++i) {
    const double share = static_cast<double>(uses[i]) / in_epoch(touched[i]);
    const auto factor = static_cast<Real>(strength * share);
    for (std::size_t j = 0; j < width; ++j) gradient[i * width + j] += factor * A[touched[i] * width + j];
  }
}

/// train.ridge on the wide tables of a model; without any it does nothing.
class Ridge {
 public:
  /// `survey`: of all training rows; it must stay.
  Ridge(const Config& config, const model::ParameterTable& table, const Survey& survey);

  /// Adds to the gradients of the tables, one per lookup, what a batch of `rows` rows adds; `parameters` are
  /// those before the step.
  void add(std::size_t rows, const float* parameters, std::vector<model::SparseRows<float>>& gradients,
           int threads);

 private:
  struct Table {
    std::size_t index;  ///< of the lookup
    model::LookupTable lookup;
    double unknown_rate;              ///< of ids that training makes unknown
    double known = 0;                 ///< uses of all rows but 0 in the training rows
    std::vector<std::uint32_t> uses;  ///< per touched row, in the batch
  };
  double in_epoch(const Table& table, std::size_t row) const;

  const Survey& survey_;
  double lambda_;
  std::vector<Table> tables_;
};

}  // namespace dcrnn::train
