// Predictions as the text of a CSV file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"

namespace dcrnn::api {

/// A cell as RFC 4180 writes it.
void append_cell(std::string& text, std::string_view cell);

/// The first line: the columns kept, then p_<task> for every task. Failure(usage) for two of one name.
std::string prediction_header(const std::vector<Task>& tasks, const std::vector<std::string>& keep);

/// The predictions of a row as the rest of its line: each the shortest text that reads back to the same
/// float.
void append_predictions(std::string& text, std::span<const float> probabilities);

}  // namespace dcrnn::api
