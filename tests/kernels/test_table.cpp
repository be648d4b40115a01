// Every op of every table, and the tables themselves.
#include <string>

#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

#define DCRNN_OP(op, Arguments)               \
  TEST_CASE("op " #op) {                      \
    for (Isa isa : available_isas()) {        \
      INFO("isa " << std::string(name(isa))); \
      test_##op(table<float>(isa));           \
    }                                         \
    INFO("reference in double");              \
    test_##op(table<double>(Isa::reference)); \
  }
#include "kernels/ops.inc"
#undef DCRNN_OP

TEST_CASE("a table has every op and its own vector kernels") {
  const Table<float>& reference = table<float>(Isa::reference);
  for (Isa isa : available_isas()) {
    INFO("isa " << std::string(name(isa)));
    const Table<float>& entries = table<float>(isa);
    CHECK(&entries == &table<float>(isa));
    CHECK(entries.isa == isa);
    CHECK(entries.format.nr > 0);
    CHECK(kColumnStep % entries.format.nr == 0);
#define DCRNN_OP(op, Arguments)   \
  CHECK((entries.op != nullptr)); \
  CHECK((entries.op == reference.op) == (isa == Isa::reference));
#include "kernels/ops.inc"
#undef DCRNN_OP
  }
}

}  // namespace dcrnn::kernels::test
