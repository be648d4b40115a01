// XXH64 over what a file holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/tensor.hpp"

namespace dcrnn::files {

/// Checksum over keys and values of the metadata, and names and bytes of the tensors, in order.
std::uint64_t checksum(const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorView>& tensors);

}  // namespace dcrnn::files
