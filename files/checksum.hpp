// XXH64 over tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "core/tensor.hpp"

namespace dcrnn::files {

/// Checksum over the names and bytes of the tensors, in order.
std::uint64_t checksum(const std::vector<TensorView>& tensors);

}  // namespace dcrnn::files
