// The crossings without a state: forward against their formulas, backward against the derivatives written
// out.
#include "core/size.hpp"
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

/// Calls f(B, D, ld): no room behind the rows, little room, as the engine has it.
template <class F>
void for_shapes(F&& f) {
  for (std::size_t D : kSizes) {
    for (std::size_t ld : {D, D + 1, round_up(D, 16)}) {
      for (std::size_t B : Sizes{0, 1, 3}) f(B, D, ld);
    }
  }
}

std::string shape(const char* op, std::size_t D, std::size_t ld) {
  return std::string(op) + " D=" + std::to_string(D) + " ld=" + std::to_string(ld);
}

}  // namespace

template <class Real>
void test_crossing_forward(const Table<Real>& table) {
  for_shapes([&](std::size_t B, std::size_t D, std::size_t ld) {
    for (bool gated : {false, true}) {
      for (bool in_place : {false, true}) {
        Numbers numbers(D + ld);
        const Roomy<Real> x0(B, D, ld, 1, numbers), u(B, D, ld, 1, numbers), g(B, D, ld, 1, numbers, 0, 1);
        const Roomy<Real> h(B, D, ld, 1, numbers);
        Roomy<Real> next = h;
        Roomy<Real> given = h;
        table.crossing_forward({B, D, ld, x0.data(), u.data(), gated ? g.data() : nullptr,
                                in_place ? next.data() : given.data(), next.data()});
        check_close(
            next,
            [&](auto b, auto j) {
              const double gate = gated ? static_cast<double>(g.at(b, j)) : 1.0;
              return static_cast<double>(h.at(b, j)) + static_cast<double>(u.at(b, j)) * gate * x0.at(b, j);
            },
            0, shape("crossing_forward", D, ld), numbers);
        CHECK(same(given, h));
      }
    }
  });
}

template <class Real>
void test_crossing_backward(const Table<Real>& table) {
  for_shapes([&](std::size_t B, std::size_t D, std::size_t ld) {
    for (bool gated : {false, true}) {
      for (bool in_place : {false, true}) {
        Numbers numbers(D + ld);
        const Roomy<Real> x0(B, D, ld, 1, numbers), u(B, D, ld, 1, numbers), g(B, D, ld, 1, numbers, 0, 1);
        const Roomy<Real> dh_next(B, D, ld, 1, numbers), before(B, D, ld, 1, numbers);
        Roomy<Real> dx0 = before, du = u, da = g, dh = dh_next;
        const Roomy<Real>&u_in = in_place ? du : u, &g_in = in_place ? da : g;
        const Roomy<Real>& dh_in = in_place ? dh : dh_next;
        table.crossing_backward({B, D, ld, x0.data(), u_in.data(), gated ? g_in.data() : nullptr,
                                 dh_in.data(), du.data(), gated ? da.data() : nullptr, dx0.data(),
                                 dh.data()});
        const auto gate = [&](auto b, auto j) { return gated ? static_cast<double>(g.at(b, j)) : 1.0; };
        const std::string what = shape("crossing_backward", D, ld);
        check_close(
            du, [&](auto b, auto j) { return gate(b, j) * dh_next.at(b, j) * x0.at(b, j); }, 0, what + " du",
            numbers);
        check_close(
            dx0, [&](auto b, auto j) { return before.at(b, j) + gate(b, j) * dh_next.at(b, j) * u.at(b, j); },
            0, what + " dx0", numbers);
        if (gated) {
          check_close(
              da,
              [&](auto b, auto j) {
                return gate(b, j) * (1 - gate(b, j)) * dh_next.at(b, j) * u.at(b, j) * x0.at(b, j);
              },
              0, what + " da", numbers);
        } else {
          CHECK(same(da, g));
        }
        CHECK(same(dh, dh_next));
        CHECK(dh.intact());
      }
    }
  });
}

template <class Real>
void test_vector_crossing_forward(const Table<Real>& table) {
  for_shapes([&](std::size_t B, std::size_t D, std::size_t ld) {
    for (bool in_place : {false, true}) {
      Numbers numbers(D + ld);
      const Roomy<Real> x0(B, D, ld, 1, numbers), bias(1, D, ld, 1, numbers), h(B, D, ld, 1, numbers);
      const Block<Real> u(1, B, B, numbers);
      Roomy<Real> next = h, given = h;
      table.vector_crossing_forward(
          {B, D, ld, x0.data(), u.data(), bias.data(), in_place ? next.data() : given.data(), next.data()});
      check_close(
          next,
          [&](auto b, auto j) {
            return static_cast<double>(u.at(0, b)) * x0.at(b, j) + bias.at(0, j) + h.at(b, j);
          },
          0, shape("vector_crossing_forward", D, ld), numbers);
      CHECK(same(given, h));
    }
  });
}

template <class Real>
void test_vector_crossing_backward(const Table<Real>& table) {
  for_shapes([&](std::size_t B, std::size_t D, std::size_t ld) {
    for (bool in_place : {false, true}) {
      Numbers numbers(D + ld);
      const Roomy<Real> x0(B, D, ld, 1, numbers), dh_next(B, D, ld, 1, numbers);
      const Roomy<Real> before(B, D, ld, 1, numbers);
      const Block<Real> u(1, B, B, numbers);
      Block<Real> du = u;
      Roomy<Real> dx0 = before, dh = dh_next;
      table.vector_crossing_backward({B, D, ld, x0.data(), in_place ? du.data() : u.data(),
                                      in_place ? dh.data() : dh_next.data(), du.data(), dx0.data(),
                                      dh.data()});
      const std::string what = shape("vector_crossing_backward", D, ld);
      check_close(
          du,
          [&](auto, auto b) {
            double sum = 0;
            for (std::size_t j = 0; j < D; ++j) sum += static_cast<double>(x0.at(b, j)) * dh_next.at(b, j);
            return sum;
          },
          0, what + " du", numbers);
      check_close(
          dx0,
          [&](auto b, auto j) {
            return before.at(b, j) + static_cast<double>(u.at(0, b)) * dh_next.at(b, j);
          },
          0, what + " dx0", numbers);
      CHECK(same(dh, dh_next));
      CHECK(dh.intact());
    }
  });
}

DCRNN_OP_TEST(crossing_forward);
DCRNN_OP_TEST(crossing_backward);
DCRNN_OP_TEST(vector_crossing_forward);
DCRNN_OP_TEST(vector_crossing_backward);

}  // namespace dcrnn::kernels::test
