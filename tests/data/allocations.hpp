// Counts what this program allocates.
#pragma once

#include <cstddef>

namespace dcrnn::data {

/// Calls of operator new so far, of all threads.
std::size_t allocations();

}  // namespace dcrnn::data
