// The instruction sets the engine knows and which of them this processor has.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace dcrnn {

/// `reference` is plain C++; the others are vector kernels. neon exists on aarch64 only.
enum class Isa { reference, sse2, avx2, avx512, neon };

std::string_view name(Isa isa);
/// "auto" gives the best one available; an unknown name nothing.
std::optional<Isa> isa_from_name(std::string_view name);
/// True if this processor and operating system can run it and this build holds it.
bool has(Isa isa);
/// Those for which has() is true, slowest first; `reference` is always there.
std::vector<Isa> available_isas();
/// The last of available_isas().
Isa best_isa();

}  // namespace dcrnn
