// The parts of a module. Hidden: every module has its own.
#pragma once

#include "bench/wide/wide.hpp"

namespace dcrnn::bench {

double multiply_add(std::size_t rounds);
float read(const float* x, std::size_t n);
void update(float a, const float* x, float* y, std::size_t n);
void eigen_product(const ProductTask& task);
void eigen_map(Function f, const float* x, float* y, std::size_t n);
const char* eigen_chose();
void xsimd_map(Function f, const float* x, float* y, std::size_t n);

}  // namespace dcrnn::bench
