// Multi-gate mixture of experts. Derivation: docs/mmoe.md.
#pragma once

#include <string_view>

#include "config/rules.hpp"
#include "model/layers/experts.hpp"

namespace dcrnn::model {

/// Kind of sharing: every task weighs the same n experts by a gate of its own.
class Mmoe : public Experts {
 public:
  struct Config {
    using Kind = Mmoe;
    std::size_t experts = 4;  ///< n
    std::size_t units = 32;   ///< m
    Gate gate = Gate::input;

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "mmoe";
  static constexpr Key kKeys[] = {{.name = "experts",
                                   .kind = KeyKind::whole,
                                   .doc = "experts, shared by all tasks",
                                   .least = 1,
                                   .added = true},
                                  kExpertUnitsKey,
                                  kExpertGateKey};
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "mmoe", "experts": 3, "units": 4})", R"({"kind": "mmoe", "experts": 1, "units": 5})",
      R"({"kind": "mmoe", "experts": 2, "units": 4, "gate": "static"})"};

  static bool reads_shared(const Config& /*config*/) { return true; }
  /// What is wrong with a block; empty if nothing.
  static Complaint complaint(const Config& /*config*/, bool has_shared) {
    if (has_shared) return {};
    return {".kind", "the experts of mmoe read the shared stream, but an earlier block has none to pass on",
            "put the block before those that share nothing"};
  }

  Mmoe(Build& build, const Config& config, std::size_t k, const SharedStreams& in, bool next_reads)
      : Experts(build, {config.experts, 0, config.units}, config.gate, k, in, next_reads) {}
};

void describe(auto& v, Is<Mmoe::Config> auto& block) {
  v.value("experts", block.experts);
  v.value("units", block.units);
  v.value("gate", block.gate);
}

}  // namespace dcrnn::model
