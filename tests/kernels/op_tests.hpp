// One test per op of ops.inc: test_<op>(table) tests that entry of a table. They are declared from the list
// and called from the list, so an op without a test does not link.
#pragma once

#include "kernels/table.hpp"

namespace dcrnn::kernels::test {

#define DCRNN_OP(name, Arguments) \
  template <class Real>           \
  void test_##name(const Table<Real>& table);
#include "kernels/ops.inc"
#undef DCRNN_OP

}  // namespace dcrnn::kernels::test

/// Defines test_<op> for both scalar types from its template, at the end of the file that has it.
#define DCRNN_OP_TEST(name)                                                             \
  template void dcrnn::kernels::test::test_##name(const dcrnn::kernels::Table<float>&); \
  template void dcrnn::kernels::test::test_##name(const dcrnn::kernels::Table<double>&)
