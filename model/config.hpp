// The part of a config that says what the network is: a schema and the layers over it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/keys.hpp"
#include "config/schema.hpp"

namespace dcrnn {

enum class Candidate { cross, tanh };

/// GRU cross layers (L of them), docs/cross.md.
struct CrossConfig {
  Candidate candidate = Candidate::cross;
  std::size_t layers = 3;
  bool tied = true;

  bool operator==(const CrossConfig&) const = default;
};

enum class Gate { input, fixed, none };  ///< `fixed` is written "static"

/// One gated partial-sharing block (K of them), docs/sharing.md.
struct SharingConfig {
  std::size_t shared_units = 64;   ///< m_s
  std::size_t private_units = 32;  ///< m_p
  Gate gate = Gate::input;

  bool operator==(const SharingConfig&) const = default;
};

/// The model part of a config.
struct ModelConfig : Schema {
  CrossConfig cross;
  std::vector<SharingConfig> sharing = {SharingConfig{}};
  std::vector<std::size_t> tower = {32};
  bool transfer = true;  ///< "gru" or "none"
  bool chain = true;     ///< "chain" or "independent"

  bool operator==(const ModelConfig&) const = default;
};

/// Where in the network units are dropped while it learns; the model does not depend on it.
struct DropoutConfig {
  double input = 0.0;    ///< on x0
  double sharing = 0.2;  ///< on the output of every sharing block
  double tower = 0.2;    ///< on the output of every tower layer

  bool operator==(const DropoutConfig&) const = default;
};

inline constexpr double kMaxLayers = 64;

// clang-format off
inline constexpr Key kCrossKeys[] = {
    {.name = "kind", .kind = KeyKind::word, .doc = "kind of cross layer", .words = "gru", .fallback = "gru"},
    {.name = "candidate", .kind = KeyKind::word, .doc = "cross: explicit crossing under GRU gates; tanh: the textbook GRU", .words = "cross|tanh"},
    {.name = "layers", .kind = KeyKind::whole, .doc = "number of layers, L", .least = 0, .most = kMaxLayers},
    {.name = "tied", .kind = KeyKind::boolean, .doc = "one set of parameters for all layers"},
};

inline constexpr Key kSharingKeys[] = {
    {.name = "shared", .kind = KeyKind::whole, .doc = "units shared by all tasks; once 0, it is 0 in every later block", .least = 0},
    {.name = "private", .kind = KeyKind::whole, .doc = "units of each task alone; shared and private may not both be 0", .least = 0},
    {.name = "gate", .kind = KeyKind::word, .doc = "how much of each shared unit a task lets in. input: depends on the example; static: one number per unit; none: everything", .words = "input|static|none"},
};

inline constexpr Key kModelKeys[] = {
    {.name = "cross", .kind = KeyKind::object, .doc = "the GRU cross layers", .below = kCrossKeys},
    {.name = "sharing", .kind = KeyKind::list, .doc = "the partial-sharing blocks, K; at most 64, may be []", .below = kSharingKeys},
    {.name = "tower", .kind = KeyKind::whole_list, .doc = "widths of the layers of each task's tower; at most 64, may be []", .least = 1},
    {.name = "transfer", .kind = KeyKind::word, .doc = "gru: a task after another takes over its parent's representation through a GRU step", .words = "gru|none"},
    {.name = "probability", .kind = KeyKind::word, .doc = "chain: a task's probability is that of its whole path (click and consume); independent: of itself alone", .words = "chain|independent"},
};

inline constexpr Key kDropoutKeys[] = {
    {.name = "input", .kind = KeyKind::number, .doc = "on x0", .least = 0, .most = kBelowOne},
    {.name = "sharing", .kind = KeyKind::number, .doc = "on the output of every sharing block", .least = 0, .most = kBelowOne},
    {.name = "tower", .kind = KeyKind::number, .doc = "on the output of every tower layer", .least = 0, .most = kBelowOne},
};
// clang-format on

void describe(auto& v, Is<CrossConfig> auto& cross) {
  v.constant("kind", "gru");
  v.value("candidate", cross.candidate);
  v.value("layers", cross.layers);
  v.value("tied", cross.tied);
}

void describe(auto& v, Is<SharingConfig> auto& block) {
  v.value("shared", block.shared_units);
  v.value("private", block.private_units);
  v.value("gate", block.gate);
}

void describe(auto& v, Is<ModelConfig> auto& model) {
  describe_schema(v, model);
  v.object("cross", model.cross);
  v.list("sharing", model.sharing);
  v.value("tower", model.tower);
  v.value("transfer", model.transfer);
  v.value("probability", model.chain);
}

void describe(auto& v, Is<DropoutConfig> auto& dropout) {
  v.value("input", dropout.input);
  v.value("sharing", dropout.sharing);
  v.value("tower", dropout.tower);
}

/// The rules that concern more than one key, those of the schema left out. Failure(usage) naming `source` and
/// the JSON path.
void check_model(const ModelConfig& model, const std::string& source);

/// Failure(memory) if the parameters, or the input of `batch` rows, are more than any memory holds: the sizes
/// are multiplied with checked arithmetic, so that nobody after this has to fear an overflow. Tables of
/// vocabularies are not known yet and left out.
void check_sizes(const ModelConfig& model, std::size_t batch, const std::string& source);

}  // namespace dcrnn
