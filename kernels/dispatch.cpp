#include <array>
#include <type_traits>

#include "kernels/isa/tables.hpp"
#include "kernels/reference/table.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels {

namespace {

inline constexpr std::array kAllIsas = {Isa::reference, Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon};

/// The vector kernels of `isa`, none if this build has none.
Table<float> vector_table(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::sse2:
      return sse2_table();
    case Isa::avx2:
      return avx2_table();
    case Isa::avx512:
      return avx512_table();
#elif defined(__aarch64__)
    case Isa::neon:
      return neon_table();
#endif
    default:
      return {};
  }
}

/// The reference kernels, overridden by those that `isa` has. A panel belongs to the pack and the product of
/// one table, so these come together.
template <class Real>
Table<Real> make_table(Isa isa) {
  Table<Real> table = reference::reference_table<Real>();
  if constexpr (std::is_same_v<Real, float>) {
    // Making a table runs code of its instruction set.
    if (isa == Isa::reference || !has(isa)) return table;
    const Table<float> faster = vector_table(isa);
    table.isa = isa;
    table.panel = faster.panel;
#define DCRNN_OP(name, Arguments) \
  if (faster.name != nullptr) table.name = faster.name;
#include "kernels/ops.inc"
#undef DCRNN_OP
  }
  return table;
}

template <class Real>
std::array<Table<Real>, kAllIsas.size()> make_tables() {
  std::array<Table<Real>, kAllIsas.size()> tables;
  for (std::size_t i = 0; i < tables.size(); ++i) tables[i] = make_table<Real>(kAllIsas[i]);
  return tables;
}

}  // namespace

template <class Real>
const Table<Real>& table(Isa isa) {
  static const std::array<Table<Real>, kAllIsas.size()> tables = make_tables<Real>();
  return tables[static_cast<std::size_t>(isa)];
}

template const Table<float>& table<float>(Isa);
template const Table<double>& table<double>(Isa);

}  // namespace dcrnn::kernels
