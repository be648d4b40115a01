// Limits that several rooms rely on.
#pragma once

#include <cstddef>

namespace dcrnn {

/// Most tasks of a model: T.
inline constexpr std::size_t kMaxTasks = 16;

}  // namespace dcrnn
