// The part of a config that says what the network is: a schema and the layers over it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/schema.hpp"
#include "model/combination.hpp"
#include "model/kinds.hpp"
#include "model/layers/loss.hpp"
#include "model/members.hpp"

namespace dcrnn {

/// The model part of a config.
struct ModelConfig : Schema {
  model::Crosses::Config cross;
  std::vector<model::Sharings::Config> sharing = {{}};  ///< K blocks
  std::vector<std::size_t> tower = {32};
  model::Transfers::Config transfer;
  bool chain = true;      ///< "chain" or "independent"
  double calibrator = 0;  ///< alpha
  model::Weighting weighting = model::Weighting::fixed;
  model::Combination gradients = model::Combination::sum;
  model::UnitActivation activation = model::UnitActivation::relu;
  std::size_t members = 1;  ///< M: networks whose logits are averaged; the layers describe each of them
  std::size_t project = 0;  ///< m: numbers that those of rate fields are brought down to; 0: they stay
  bool wide = false;        ///< a linear model of the fields beside the network
  bool head = true;         ///< false: it stands alone, without a network

  /// D, the width of x0.
  std::size_t input_width() const {
    return Schema::input_width() + project - (project > 0 ? rate_width() : 0);
  }

  bool operator==(const ModelConfig&) const = default;
};

/// Where in the network units are dropped while it learns; the model does not depend on it.
struct DropoutConfig {
  double input = 0.0;    ///< on x0
  double sharing = 0.2;  ///< on the output of every sharing block
  double tower = 0.2;    ///< on the output of every tower layer
  double field = 0.0;    ///< on all of x0 that comes from one column of the data

  bool operator==(const DropoutConfig&) const = default;
};

// clang-format off
inline constexpr Key kCrossKeys[] = {
    {.name = "kind", .kind = KeyKind::word, .doc = "kind of cross layer", .words = model::Crosses::words(), .fallback = "gru"},
};

inline constexpr Key kSharingKeys[] = {
    {.name = "kind", .kind = KeyKind::word, .doc = "kind of block", .words = model::Sharings::words(), .fallback = "partial", .added = true},
};

inline constexpr Key kModelKeys[] = {
    {.name = "cross", .kind = KeyKind::object, .doc = "the cross layers", .below = kCrossKeys, .kinds = model::Crosses::kKeys},
    {.name = "sharing", .kind = KeyKind::list, .doc = "the sharing blocks, K; at most 64, may be []", .fallback = "one, all keys at their defaults", .below = kSharingKeys, .kinds = model::Sharings::kKeys},
    {.name = "tower", .kind = KeyKind::whole_list, .doc = "widths of the layers of each task's tower; at most 64, may be []", .least = 1},
    {.name = "transfer", .kind = KeyKind::word, .doc = "gru: a task after another takes over its parent's representation through a GRU step", .words = model::Transfers::words()},
    {.name = "probability", .kind = KeyKind::word, .doc = "chain: a task's probability is that of its whole path (click and consume); independent: of itself alone", .words = "chain|independent"},
    {.name = "calibrator", .kind = KeyKind::number, .doc = "alpha: what it costs, per unit, that a task's probability lies above its parent's", .least = 0, .most = kLargest, .added = true},
    {.name = "weighting", .kind = KeyKind::word, .doc = "how the tasks' losses are weighted. fixed: tasks[].weight alone; uncertainty: also a learned log variance of each", .words = "fixed|uncertainty", .added = true},
    {.name = "gradients", .kind = KeyKind::word, .doc = "what shared parameters learn from. sum: the total loss; pcgrad: the tasks' gradients, each without what opposes another's", .words = "sum|pcgrad", .added = true},
    {.name = "activation", .kind = KeyKind::word, .doc = "what makes the units of sharing blocks and towers: relu(a) = max(a, 0) or silu(a) = a sigma(a)", .words = "relu|silu", .added = true},
    {.name = "members", .kind = KeyKind::whole, .doc = "M: so many networks, each trained alone with a seed of its own, whose logits are averaged", .least = 1, .most = model::kMostMembers, .added = true},
    {.name = "project", .kind = KeyKind::whole, .doc = "m: the numbers of all rate fields are brought down to m by a learned matrix, at the end of x0; 0: they stand where their fields do", .added = true},
    {.name = "wide", .kind = KeyKind::boolean, .doc = "a linear model of the fields is added to every logit", .added = true},
    {.name = "head", .kind = KeyKind::boolean, .doc = "false, with `wide` alone: no network beside it, so no `cross`, `sharing`, `tower`, `transfer`", .added = true},
};

inline constexpr Key kDropoutKeys[] = {
    {.name = "input", .kind = KeyKind::number, .doc = "on x0", .least = 0, .most = kBelowOne},
    {.name = "sharing", .kind = KeyKind::number, .doc = "on the output of every sharing block", .least = 0, .most = kBelowOne},
    {.name = "tower", .kind = KeyKind::number, .doc = "on the output of every tower layer", .least = 0, .most = kBelowOne},
    {.name = "field", .kind = KeyKind::number, .doc = "on whole columns of the data: all of x0 that comes from one", .least = 0, .most = kBelowOne, .added = true},
};
// clang-format on

void describe(auto& v, Is<ModelConfig> auto& model) {
  describe_schema(v, model);
  v.object("cross", model.cross);
  v.list("sharing", model.sharing);
  v.value("tower", model.tower);
  v.value("transfer", model.transfer);
  v.value("probability", model.chain);
  v.value("calibrator", model.calibrator);
  v.value("weighting", model.weighting);
  v.value("gradients", model.gradients);
  v.value("activation", model.activation);
  v.value("members", model.members);
  v.value("project", model.project);
  v.value("wide", model.wide);
  v.value("head", model.head);
}

void describe(auto& v, Is<DropoutConfig> auto& dropout) {
  v.value("input", dropout.input);
  v.value("sharing", dropout.sharing);
  v.value("tower", dropout.tower);
  v.value("field", dropout.field);
}

/// The rules that concern more than one key, those of the schema left out. Failure(usage) naming `source` and
/// the JSON path.
void check_model(const ModelConfig& model, const std::string& source);

/// Failure(memory) if the parameters, or the input of `batch` rows, are more than any memory holds: the sizes
/// are multiplied with checked arithmetic, so that nobody after this has to fear an overflow. Tables of
/// vocabularies are not known yet and left out.
void check_sizes(const ModelConfig& model, std::size_t batch, const std::string& source);

}  // namespace dcrnn
