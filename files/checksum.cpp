#include "files/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace dcrnn::files {

std::uint64_t checksum(const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorView>& tensors) {
  std::uint64_t hash = 0;
  for (const auto& [key, value] : metadata) {
    hash = XXH64(key.data(), key.size(), hash);
    hash = XXH64(value.data(), value.size(), hash);
  }
  for (const TensorView& tensor : tensors) {
    hash = XXH64(tensor.name.data(), tensor.name.size(), hash);
    hash = XXH64(tensor.data.data(), tensor.data.size(), hash);
  }
  return hash;
}

}  // namespace dcrnn::files
