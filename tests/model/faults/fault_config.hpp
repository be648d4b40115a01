// The model in which a fault of a layer's header is looked for.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "model/gradcheck.hpp"
#include "train/config.hpp"

namespace dcrnn::test {

/// A config in which a fault is looked for: `name`.json beside this file. scripts/fault.sh takes the same.
inline nlohmann::json fault_config(const std::string& name) {
  std::ifstream file(std::string(DCRNN_SOURCE_DIR) + "/tests/model/faults/" + name + ".json");
  return nlohmann::json::parse(file);
}

/// Gradcheck, every element, of a small model of two tasks, `a` and `b` after it, with the keys of `changes`
/// (an object of a config) in place of its own.
inline std::vector<model::GradcheckTensor> check_with(const std::string& changes) {
  nlohmann::json json = fault_config("layers");
  json.update(nlohmann::json::parse(changes));
  const Config config = parse_config(json.dump(), "config");
  return model::gradcheck(config.model, config.train.dropout, kernels::table<double>(Isa::reference),
                          {.seed = 3, .rows = 12, .elements = 0});
}

}  // namespace dcrnn::test
