// The bucket of a number: the one rule, for fields and for the keys of rate fields.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dcrnn::data {

/// Bucket i holds edge[i-1] < x <= edge[i], from 1; 0 for a missing number (NaN).
inline std::uint32_t bucket_of(const std::vector<double>& edges, double raw) {
  if (raw != raw) return 0;
  const auto edge = std::lower_bound(edges.begin(), edges.end(), raw);
  return static_cast<std::uint32_t>(edge - edges.begin()) + 1;
}

}  // namespace dcrnn::data
