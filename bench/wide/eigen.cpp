#include <Eigen/Core>

#include "bench/wide/internal.hpp"

namespace dcrnn::bench {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Matrix> view(const float* data, std::size_t rows, std::size_t columns) {
  return {data, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}
Eigen::Map<Matrix> view(float* data, std::size_t rows, std::size_t columns) {
  return {data, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}

}  // namespace

const char* eigen_chose() {
  return Eigen::SimdInstructionSetsInUse();
}

void eigen_product(const ProductTask& task) {
  const auto [kind, B, in, out, x, dy, w, result] = task;
  switch (kind) {
    case Product::forward:
      view(result, B, out).noalias() = view(x, B, in) * view(w, out, in).transpose();
      break;
    case Product::dx:
      view(result, B, in).noalias() = view(dy, B, out) * view(w, out, in);
      break;
    case Product::dw:
      view(result, out, in).noalias() = view(dy, B, out).transpose() * view(x, B, in);
      break;
  }
}

void eigen_map(Function f, const float* x, float* y, std::size_t n) {
  const auto from = view(x, 1, n).array();
  auto to = view(y, 1, n).array();
  switch (f) {
    case Function::exp:
      to = from.exp();
      break;
    case Function::tanh:
      to = from.tanh();
      break;
    case Function::sigmoid:
      to = from.logistic();
      break;
  }
}

}  // namespace dcrnn::bench
