// The model in which a fault of a layer's header is looked for.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "model/gradcheck.hpp"
#include "train/config.hpp"

namespace dcrnn::test {

/// Gradcheck, every element, of a small model of two tasks, `a` and `b` after it, with the keys of `changes`
/// (an object of a config) in place of its own.
inline std::vector<model::GradcheckTensor> check_with(const std::string& changes) {
  nlohmann::json json = nlohmann::json::parse(R"({
    "fields": [{"name": "user", "type": "category", "encoding": "id", "size": 7, "dim": 3},
               {"name": "age", "type": "number", "transform": "none"}],
    "tasks": [{"name": "a"}, {"name": "b", "after": "a"}], "cross": {"layers": 2},
    "sharing": [{"shared": 5, "private": 3}], "tower": [4], "train": {"dropout": 0}})");
  json.update(nlohmann::json::parse(changes));
  const Config config = parse_config(json.dump(), "config");
  return model::gradcheck(config.model, config.train.dropout, kernels::table<double>(Isa::reference),
                          {.seed = 3, .rows = 12, .elements = 0});
}

}  // namespace dcrnn::test
