// Reports as pages of HTML: what happened in training, how good a model is, and how it comes to its scores.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/story.hpp"
#include "compare/comparison.hpp"
#include "dcrnn/scores.hpp"

namespace dcrnn::app {

/// --report FILE of train, eval and compare.
void add_report(CLI::App& command, std::string& target);

/// Failure(usage) where the report would be written over one of the files that are read, Failure(io) where it
/// cannot be written. To be called before long work.
void check_report(const std::string& path, const std::vector<std::string>& reads);

/// Reads `data` once more as the model at `path` does, and writes a report on it.
void write_model_report(const std::string& report, const std::string& path,
                        const std::vector<std::string>& data, const EvalJob& job);

/// `stories`: of its rows.
void write_comparison_report(const std::string& report, const compare::Comparison& comparison,
                             const std::vector<Story>& stories);

}  // namespace dcrnn::app
