#include <array>
#include <type_traits>

#include "core/size.hpp"
#include "kernels/isa/layers.hpp"
#include "kernels/reference/table.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels {

namespace {

inline constexpr std::array kAllIsas = {Isa::reference, Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon};

/// A layer over the table below it.
struct Layer {
  Isa isa;
  void (*override_ops)(Table<float>& table);
};

/// From the lowest to the highest.
constexpr Layer kLayers[] = {
#if defined(__x86_64__)
    {Isa::sse2, &sse2_layer},
    {Isa::avx2, &avx2_layer},
    {Isa::avx512, &avx512_layer},
#elif defined(__aarch64__)
    {Isa::neon, &neon_layer},
#endif
};

/// The reference kernels, overridden layer by layer up to that of `isa`.
template <class Real>
Table<Real> make_table(Isa isa) {
  Table<Real> table = reference::reference_table<Real>();
  if constexpr (std::is_same_v<Real, float>) {
    // A layer runs code of its instruction set.
    if (isa == Isa::reference || !has(isa)) return table;
    for (const Layer& layer : kLayers) {
      layer.override_ops(table);
      table.isa = layer.isa;
      if (layer.isa == isa) break;
    }
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
std::size_t Table<Real>::packed_size(std::size_t K, std::size_t N, std::size_t parts) const {
  constexpr const char* kWhat = "packed operand";
  return checked_mul(checked_mul(K, parts, kWhat), format.padded(N), kWhat);
}

template <class Real>
const Table<Real>& table(Isa isa) {
  static const std::array<Table<Real>, kAllIsas.size()> tables = make_tables<Real>();
  return tables[static_cast<std::size_t>(isa)];
}

template struct Table<float>;
template struct Table<double>;
template const Table<float>& table<float>(Isa);
template const Table<double>& table<double>(Isa);

}  // namespace dcrnn::kernels
