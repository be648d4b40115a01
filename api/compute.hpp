// ComputeOptions, checked.
#pragma once

#include "core/cpu.hpp"
#include "dcrnn/model.hpp"

namespace dcrnn::api {

/// The instruction set meant. Failure(usage) if the options cannot be met: naming those this machine has, or
/// the range of the thread count.
Isa resolve(const ComputeOptions& options);

/// The number of threads meant, of options that resolve() took.
int threads_of(const ComputeOptions& options);

}  // namespace dcrnn::api
