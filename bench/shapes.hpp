// The shapes that every program measures: those of real models.
#pragma once

#include <cstddef>

namespace dcrnn::bench {

/// D, widths of x0: 60 is ten ids of 6; 429 is 26 ids of 16 and 13 numbers (Criteo); the others fit vectors.
inline constexpr std::size_t kWidths[] = {60, 64, 128, 256, 429, 512};
/// B, from one row to score to a large batch.
inline constexpr std::size_t kBatches[] = {1, 16, 64, 256, 1024, 4096};
/// L
inline constexpr std::size_t kLayers = 3;

/// A linear layer.
struct Layer {
  std::size_t in, out;
};
/// The products of the cross layers [D, 3D], and one each of a sharing block and a tower.
inline constexpr Layer kProducts[] = {{60, 180},   {64, 192},   {128, 384}, {256, 768},
                                      {429, 1287}, {512, 1536}, {429, 96},  {96, 32}};

}  // namespace dcrnn::bench
