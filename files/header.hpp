// The JSON header of a safetensors file, read token by token: nothing grows beyond what a right header needs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.hpp"

namespace dcrnn::files {

/// Longest header accepted, as in the format's own implementation, bytes.
inline constexpr std::size_t kMaxHeader = 100'000'000;

/// What the header says of one tensor, not yet compared with the file.
struct TensorEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::size_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes from the start of the data
};

struct Header {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> tensors;
};

/// Failure(model) naming `source` and the tensor: bad JSON or UTF-8, duplicate names or keys, unknown keys,
/// missing keys, wrong types, unknown dtypes.
Header parse_header(std::string_view json, const std::string& source);

/// "F32", ...
std::string_view dtype_name(DType type);

}  // namespace dcrnn::files
