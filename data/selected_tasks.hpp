// Rows with the labels of some of their tasks.
#pragma once

#include <memory>
#include <vector>

#include "core/batch.hpp"

namespace dcrnn::data {

/// Task t of what is read is task `places[t]` of `rows`.
std::unique_ptr<BatchSource> select_tasks(std::unique_ptr<BatchSource> rows, std::vector<std::size_t> places);

}  // namespace dcrnn::data
