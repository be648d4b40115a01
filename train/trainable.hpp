// Configs that can be scored but not trained.
#pragma once

#include <string>

#include "train/config.hpp"

namespace dcrnn::train {

/// Failure(usage) naming `source` where fresh parameters would never leave 0: with every input looked up in
/// tables and these drawn at scale 0, x0 is 0, relu lets no gradient through, and nothing but the last biases
/// learns.
void check_trainable(const Config& config, const std::string& source);

}  // namespace dcrnn::train
