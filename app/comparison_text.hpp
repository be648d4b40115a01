// A comparison as text.
#pragma once

#include <string>
#include <vector>

#include "compare/comparison.hpp"

namespace dcrnn::app {

/// A table for each task, and one of cost; the first row of each heads the columns.
std::vector<std::vector<std::vector<std::string>>> tables(const compare::Comparison& comparison);
/// What the tables stand on, in lines.
std::string summary(const compare::Comparison& comparison);
/// All of that as text.
std::string as_table(const compare::Comparison& comparison);

}  // namespace dcrnn::app
