#include "core/cpu.hpp"

namespace dcrnn {

std::string_view name(Isa isa) {
  switch (isa) {
    case Isa::reference:
      return "reference";
    case Isa::sse2:
      return "sse2";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::neon:
      return "neon";
  }
  return "?";
}

std::optional<Isa> isa_from_name(std::string_view text) {
  if (text == "auto") return best_isa();
  for (Isa isa : {Isa::reference, Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (name(isa) == text) return isa;
  }
  return std::nullopt;
}

bool has(Isa isa) {
  switch (isa) {
    case Isa::reference:
      return true;
#if defined(__x86_64__)
    // __builtin_cpu_supports also asks the operating system whether it saves the wide registers.
    case Isa::sse2:
      return true;
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#elif defined(__aarch64__)
    case Isa::neon:
      return true;
#endif
    default:
      return false;
  }
}

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (Isa isa : {Isa::reference, Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon}) {
    if (has(isa)) isas.push_back(isa);
  }
  return isas;
}

Isa best_isa() {
  return available_isas().back();
}

}  // namespace dcrnn
