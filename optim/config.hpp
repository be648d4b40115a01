// The part of a config that says how parameters are updated.
#pragma once

#include "config/keys.hpp"

namespace dcrnn {

enum class OptimizerKind { adam, adamw, sgd, adagrad, muon };
enum class ScheduleKind { constant, cosine, one_cycle, inverse_sqrt };

struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::adam;
  double rate = 0.002;                                ///< the peak of the schedule
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< adam, adamw; epsilon also adagrad
  double momentum = 0.9;                              ///< sgd, muon
  double weight_decay =
      0.0;  ///< L2 added to the gradient; adamw: decoupled. Embedding tables: touched rows only

  bool operator==(const OptimizerConfig&) const = default;
};

struct ScheduleConfig {
  ScheduleKind kind = ScheduleKind::one_cycle;
  double warmup = 0.3;      ///< share of all steps over which the rate rises
  double final_rate = 0.0;  ///< share of the peak rate at the last step

  bool operator==(const ScheduleConfig&) const = default;
};

/// How the embedding tables are trained.
struct TablesConfig {
  OptimizerConfig optimizer;  ///< no muon
  ScheduleConfig schedule;

  bool operator==(const TablesConfig&) const = default;
};

/// The tables trained as the dense parameters are; beside muon by adamw.
inline TablesConfig tables_like(OptimizerConfig optimizer, const ScheduleConfig& schedule) {
  if (optimizer.kind == OptimizerKind::muon) optimizer.kind = OptimizerKind::adamw;
  return {optimizer, schedule};
}

// clang-format off
inline constexpr Key kDenseKindKeys[] = {
    {.name = "kind", .kind = KeyKind::word, .doc = "which optimizer", .words = "adam|adamw|sgd|adagrad|muon"},
};
inline constexpr Key kTablesKindKeys[] = {
    {.name = "kind", .kind = KeyKind::word, .doc = "which optimizer", .words = "adam|adamw|sgd|adagrad"},
};
inline constexpr Key kRuleKeys[] = {
    {.name = "rate", .kind = KeyKind::number, .doc = "learning rate: the peak of the schedule", .least = kAboveZero, .most = kLargest},
    {.name = "beta1", .kind = KeyKind::number, .doc = "decay of the first moment (adam, adamw, muon)", .least = 0, .most = kBelowOne},
    {.name = "beta2", .kind = KeyKind::number, .doc = "decay of the second moment (adam, adamw, muon)", .least = 0, .most = kBelowOne},
    {.name = "epsilon", .kind = KeyKind::number, .doc = "added to the denominator (adam, adamw, muon, adagrad)", .least = kAboveZero, .most = kLargest},
    {.name = "momentum", .kind = KeyKind::number, .doc = "momentum (sgd, muon)", .least = 0, .most = kBelowOne, .fallback = "0.9; muon 0.95"},
    {.name = "weight_decay", .kind = KeyKind::number, .doc = "L2 added to the gradient; adamw, muon: decoupled; embedding rows: those touched", .least = 0, .most = kLargest},
};
inline constexpr auto kOptimizerKeys = joined(kDenseKindKeys, kRuleKeys);

inline constexpr Key kScheduleKeys[] = {
    {.name = "kind", .kind = KeyKind::word, .doc = "shape after the warm-up", .words = "constant|cosine|one_cycle|inverse_sqrt"},
    {.name = "warmup", .kind = KeyKind::number, .doc = "share of all steps over which the rate rises", .least = 0, .most = 1},
    {.name = "final_rate", .kind = KeyKind::number, .doc = "rate of the last step as a share of the peak", .least = 0, .most = 1},
};

inline constexpr Key kTablesScheduleKeys[] = {
    {.name = "schedule", .kind = KeyKind::object, .doc = "their learning rate over the steps", .below = kScheduleKeys},
};
inline constexpr auto kTablesKeys = joined(kTablesKindKeys, kRuleKeys, kTablesScheduleKeys);
// clang-format on

void describe(auto& v, Is<OptimizerConfig> auto& optimizer) {
  v.value("kind", optimizer.kind);
  v.value("rate", optimizer.rate);
  v.value("beta1", optimizer.beta1);
  v.value("beta2", optimizer.beta2);
  v.value("epsilon", optimizer.epsilon);
  v.value("momentum", optimizer.momentum, optimizer.kind == OptimizerKind::muon ? 0.95 : 0.9);
  v.value("weight_decay", optimizer.weight_decay);
}

void describe(auto& v, Is<ScheduleConfig> auto& schedule) {
  v.value("kind", schedule.kind);
  v.value("warmup", schedule.warmup);
  v.value("final_rate", schedule.final_rate);
}

void describe(auto& v, Is<TablesConfig> auto& tables) {
  describe(v, tables.optimizer);
  v.object("schedule", tables.schedule);
}

}  // namespace dcrnn
