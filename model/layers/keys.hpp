// Config keys that several kinds of layers have.
#pragma once

#include "config/keys.hpp"

namespace dcrnn::model {

inline constexpr double kMaxLayers = 64;

inline constexpr Key kLayersKey = {
    .name = "layers", .kind = KeyKind::whole, .doc = "number of layers, L", .least = 0, .most = kMaxLayers};
inline constexpr Key kTiedKey = {
    .name = "tied", .kind = KeyKind::boolean, .doc = "one set of parameters for all layers"};

}  // namespace dcrnn::model
