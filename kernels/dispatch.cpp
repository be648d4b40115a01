#include "kernels/reference/table.hpp"
#include "kernels/table.hpp"

namespace dcrnn::kernels {

template <class Real>
const Table<Real>& table(Isa) {
  static const Table<Real> reference = reference::reference_table<Real>();
  return reference;
}

template const Table<float>& table<float>(Isa);
template const Table<double>& table<double>(Isa);

}  // namespace dcrnn::kernels
