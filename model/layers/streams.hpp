// What passes from sharing block to sharing block.
#pragma once

#include <optional>
#include <vector>

#include "model/pass.hpp"

namespace dcrnn::model {

/// What the gates of a block depend on; `fixed` is written "static".
enum class Gate { input, fixed, none };

/// The shared stream, where there still is one, and the thin stream of every task.
struct SharedStreams {
  std::optional<Stream> s;
  std::vector<Stream> v;  ///< [T]
};

}  // namespace dcrnn::model
