// Progressive layered extraction: experts of all tasks and experts of each. Derivation: docs/mmoe.md.
#pragma once

#include <string>
#include <string_view>

#include "config/rules.hpp"
#include "model/layers/experts.hpp"

namespace dcrnn::model {

/// Kind of sharing: every task weighs n experts shared by all and p of its own by a gate of its own.
class Ple : public Experts {
 public:
  struct Config {
    using Kind = Ple;
    std::size_t shared_experts = 2;  ///< n
    std::size_t task_experts = 1;    ///< p
    std::size_t units = 32;          ///< m
    Gate gate = Gate::input;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "ple";
  static constexpr std::string_view kPage = "docs/mmoe.md";
  // clang-format off
  static constexpr Key kKeys[] = {
      {.name = "shared_experts", .kind = KeyKind::whole, .doc = "experts shared by all tasks; once a block reads no shared stream, it is 0 in every later block", .least = 0, .added = true},
      {.name = "task_experts", .kind = KeyKind::whole, .doc = "experts of each task alone; shared_experts and task_experts may not both be 0", .least = 0, .added = true},
      kExpertUnitsKey,
      kExpertGateKey};
  // clang-format on
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "ple", "shared_experts": 2, "task_experts": 1, "units": 4})",
      R"({"kind": "ple", "shared_experts": 1, "task_experts": 2, "units": 3, "gate": "static"})",
      R"({"kind": "ple", "shared_experts": 2, "task_experts": 0, "units": 4})",
      R"({"kind": "ple", "shared_experts": 0, "task_experts": 2, "units": 4})"};

  static bool reads_shared(const Config& config) { return config.shared_experts > 0; }
  /// What is wrong with a block; empty if nothing.
  static Complaint complaint(const Config& config, bool has_shared) {
    if (config.shared_experts == 0 && config.task_experts == 0) {
      return {"", "\"shared_experts\" and \"task_experts\" are both 0",
              "give the block experts or leave it out"};
    }
    if (!has_shared && config.shared_experts > 0) {
      return {".shared_experts",
              "found " + std::to_string(config.shared_experts) +
                  ", want 0, because an earlier block has no shared stream to pass on",
              "put the block before those that share nothing, or let its experts be the tasks' own"};
    }
    return {};
  }

  Ple(Build& build, const Config& config, std::size_t k, const SharedStreams& in, bool next_reads)
      : Experts(build, {config.shared_experts, config.task_experts, config.units}, config.gate, k, in,
                next_reads) {}
};

void describe(auto& v, Is<Ple::Config> auto& block) {
  v.value("shared_experts", block.shared_experts);
  v.value("task_experts", block.task_experts);
  v.value("units", block.units);
  v.value("gate", block.gate);
}

}  // namespace dcrnn::model
