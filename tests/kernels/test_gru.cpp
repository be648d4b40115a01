// The GRU steps: forward against the formulas of the model, backward against central differences in double
// and, for the other tables, against the reference in double.
#include <bit>
#include <cstdint>
#include <functional>

#include "core/size.hpp"
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

namespace {

/// The three parts [D, D] of u, packed as the GRU ops want them.
template <class Real>
struct PackedState {
  PackedState(const Table<Real>& table, const Block<Real>& u, std::size_t D, std::size_t k_stride,
              std::size_t n_stride)
      : memory(table.packed_size(D, D, 3)), operand(table.operand(memory.data(), D, D, 3)) {
    for (std::size_t i = 0; i < 3; ++i) {
      table.pack({u.data() + i * D * D, k_stride, n_stride, operand.part(i)});
    }
  }
  std::vector<Real> memory;
  Operand<Real> operand;
};

/// A step with all that it reads and writes. Gradients of a loss sum(weight * h_next).
template <class Real>
struct Step {
  const Table<Real>& table;
  bool cross;
  std::size_t B, D, ld, G;  // G gates that take part in gx
  Numbers numbers;
  Roomy<Real> x0, gx, h;
  Block<Real> u;
  Roomy<Real> d;
  Block<Real> weight;
  Roomy<Real> gates, carry, reset, candidate, h_next, dh, dgx, dx0, scratch;

  Step(const Table<Real>& kernels, bool is_cross, std::size_t rows, std::size_t width, std::size_t distance)
      : table(kernels),
        cross(is_cross),
        B(rows),
        D(width),
        ld(distance),
        G(is_cross ? 2 : 3),
        numbers(rows * 1000 + width),
        x0(B, D, ld, 1, numbers),
        gx(B, D, ld, G, numbers, -2, 2),
        h(B, D, ld, 1, numbers),
        u(3 * D, D, D, numbers, -0.5, 0.5),
        d(1, D, ld, 3, numbers),
        weight(B, D, D, numbers),
        gates(B, D, ld, 2),
        carry(B, D, ld),
        reset(B, D, ld),
        candidate(B, D, ld),
        h_next(B, D, ld),
        dh(B, D, ld),
        dgx(B, D, ld, G, numbers),
        dx0(B, D, ld, 1, numbers),
        scratch(B, D, ld) {}

  void forward() {
    const PackedState<Real> u_forward(table, u, D, 1, D);
    const auto run = cross ? table.gru_cross_forward : table.gru_tanh_forward;
    run({B, D, ld, x0.data(), gx.data(), h.data(), u_forward.operand, d.data(), gates.data(), carry.data(),
         reset.data(), candidate.data(), h_next.data()});
  }

  /// Sets dh to the gradient of h_next.
  void seed() {
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t j = 0; j < D; ++j) dh.at(b, j) = weight.at(b, j);
    }
  }
  /// After forward() and seed(), into the gradients of `to`; its outputs take the place of the inputs where
  /// it is this step.
  void backward(Step& to) {
    const PackedState<Real> u_back(table, u, D, D, 1);
    const auto run = cross ? table.gru_cross_backward : table.gru_tanh_backward;
    run({B, D, ld, x0.data(), h.data(), u_back.operand, gates.data(), carry.data(), reset.data(),
         candidate.data(), dh.data(), to.gates.data(), to.candidate.data(),
         cross ? to.scratch.data() : to.reset.data(), to.dh.data(), to.dgx.data(), to.dx0.data()});
  }
  void backward() {
    seed();
    backward(*this);
  }

  double loss() {
    forward();
    double sum = 0;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t j = 0; j < D; ++j) {
        sum += static_cast<double>(weight.at(b, j)) * static_cast<double>(h_next.at(b, j));
      }
    }
    return sum;
  }

  std::string what(const char* tensor) const {
    return std::string(tensor) + " B=" + std::to_string(B) + " D=" + std::to_string(D) +
           " ld=" + std::to_string(ld);
  }
};

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

template <class Real>
void check_forward(const Table<Real>& table, bool cross, std::size_t B, std::size_t D, std::size_t ld) {
  Step<Real> s(table, cross, B, D, ld);
  s.forward();
  // Row `row` of the weights times the state, scaled by r if asked for, and its bias.
  const auto state = [&](std::size_t b, std::size_t row, bool scaled) {
    double sum = s.d.at(0, row);
    for (std::size_t k = 0; k < D; ++k) {
      double r = 1;
      if (scaled) {
        r = s.d.at(0, k) + s.gx.at(b, k);
        for (std::size_t i = 0; i < D; ++i) r += static_cast<double>(s.u.at(k, i)) * s.h.at(b, i);
        r = logistic(r);
      }
      sum += static_cast<double>(s.u.at(row, k)) * r * s.h.at(b, k);
    }
    return sum;
  };
  const auto gate = [&](std::size_t b, std::size_t j) {
    return logistic(state(b, j, false) + s.gx.at(b, j));
  };
  const auto last = [&](std::size_t b, std::size_t j) { return state(b, 2 * D + j, cross); };
  const auto candidate = [&](std::size_t b, std::size_t j) {
    return cross ? last(b, j) : std::tanh(s.gx.at(b, 2 * D + j) + gate(b, j) * last(b, j));
  };
  const auto next = [&](std::size_t b, std::size_t j) {
    const double h = s.h.at(b, j), z = gate(b, D + j);
    const double n = cross ? h + s.x0.at(b, j) * candidate(b, j) : candidate(b, j);
    return (1 - z) * n + z * h;
  };
  check_close(s.gates, gate, D, s.what("gates"), s.numbers);
  check_close(
      s.carry, [&](auto b, auto j) { return 1 - gate(b, D + j); }, D, s.what("carry"), s.numbers);
  check_close(
      s.reset, [&](auto b, auto j) { return cross ? gate(b, j) * s.h.at(b, j) : last(b, j); }, D,
      s.what("reset"), s.numbers);
  check_close(s.candidate, candidate, 2 * D, s.what("candidate"), s.numbers);
  check_close(s.h_next, next, 2 * D, s.what("h_next"), s.numbers);
}

/// Gates far open and far shut: what is left of them, and of the carry, still has its digits, so the carry
/// cannot be 1 - z.
template <class Real>
void check_saturated(const Table<Real>& table, bool cross) {
  const std::size_t B = 5, D = 19;
  Step<Real> s(table, cross, B, D, D);
  for (std::size_t b = 0; b < B; ++b) {
    for (std::size_t j = 0; j < 2 * D; ++j) s.gx.at(b, j) += static_cast<Real>((b + j) % 2 == 0 ? 20 : -20);
  }
  s.forward();
  double worst = 0;
  for (std::size_t b = 0; b < B; ++b) {
    for (std::size_t j = 0; j < 2 * D; ++j) {
      double a = s.d.at(0, j);
      for (std::size_t k = 0; k < D; ++k) a += static_cast<double>(s.u.at(j, k)) * s.h.at(b, k);
      a += s.gx.at(b, j);
      const auto compare = [&](double got, double want) {
        const double error = std::abs(got / want - 1);
        if (!(error <= worst)) worst = error;
      };
      compare(s.gates.at(b, j), logistic(a));
      if (j >= D) compare(s.carry.at(b, j - D), logistic(-a));
    }
  }
  // An error of the sum a is a relative error of the gate.
  const double allowed = std::numeric_limits<Real>::epsilon() * 22 * (8 + static_cast<double>(D));
  CHECK_MESSAGE(worst <= allowed, s.what("saturated gates") << ": worst relative error " << worst);
}

template <class Real>
void check_backward(const Table<Real>& table, bool cross, std::size_t B, std::size_t D, std::size_t ld) {
  Step<Real> got(table, cross, B, D, ld);
  Step<double> want(kernels::table<double>(Isa::reference), cross, B, D, ld);
  got.forward();
  got.backward();
  want.forward();
  want.backward();
  const auto check = [&](const Roomy<Real>& block, const Roomy<double>& truth, const char* name) {
    check_close(
        block, [&](auto b, auto j) { return truth.at(b, j); }, 6 * D, got.what(name), got.numbers);
  };
  check(got.gates, want.gates, "da_rz");
  check(got.candidate, want.candidate, "du or da_n");
  check(got.reset, want.reset, "reset or dreset");
  check(got.dh, want.dh, "dh");
  check(got.dgx, want.dgx, "dgx");
  check(got.dx0, want.dx0, "dx0");
}

/// Checks `analytic` (i) against central differences of the loss for the elements of `input`.
template <class Matrix>
void check_gradient(Step<double>& step, Matrix& input, const char* name,
                    const std::function<double(std::size_t, std::size_t)>& analytic) {
  double worst = 0;
  for (std::size_t r = 0; r < input.rows(); ++r) {
    for (std::size_t c = 0; c < input.columns(); ++c) {
      const double kept = input.at(r, c), e = 1e-5;
      input.at(r, c) = kept + e;
      const double above = step.loss();
      input.at(r, c) = kept - e;
      const double below = step.loss();
      input.at(r, c) = kept;
      const double error = std::abs((above - below) / (2 * e) - analytic(r, c));
      if (!(error <= worst)) worst = error;
    }
  }
  CHECK_MESSAGE(worst < 1e-8, step.what(name) << ": worst " << worst << ", seed " << step.numbers.seed());
}

void check_gradients(bool cross) {
  const std::size_t B = 3, D = 5, ld = 7;
  Step<double> step(kernels::table<double>(Isa::reference), cross, B, D, ld);
  const Roomy<double> dgx_before = step.dgx, dx0_before = step.dx0;
  step.forward();
  const Roomy<double> reset = step.reset;
  step.backward();
  Step<double> probe(step.table, cross, B, D, ld);
  const auto last = [&](std::size_t b, std::size_t j) {
    return cross ? step.candidate.at(b, j) : step.reset.at(b, j);  // gradient of the last product
  };
  const auto product_gradient = [&](std::size_t b, std::size_t row) {
    return row < 2 * D ? step.gates.at(b, row) : last(b, row - 2 * D);
  };
  check_gradient(probe, probe.h, "h", [&](auto b, auto j) { return step.dh.at(b, j); });
  check_gradient(probe, probe.gx, "gx",
                 [&](auto b, auto j) { return step.dgx.at(b, j) - dgx_before.at(b, j); });
  check_gradient(probe, probe.x0, "x0",
                 [&](auto b, auto j) { return step.dx0.at(b, j) - dx0_before.at(b, j); });
  check_gradient(probe, probe.d, "d", [&](auto, auto row) {
    double sum = 0;
    for (std::size_t b = 0; b < B; ++b) sum += product_gradient(b, row);
    return sum;
  });
  check_gradient(probe, probe.u, "U", [&](auto row, auto k) {
    double sum = 0;
    for (std::size_t b = 0; b < B; ++b) {
      const bool reset_first = cross && row >= 2 * D;
      sum += product_gradient(b, row) * (reset_first ? step.reset.at(b, k) : step.h.at(b, k));
    }
    return sum;
  });
}

template <class Real>
void check_shapes(const Table<Real>& table,
                  void (*check)(const Table<Real>&, bool, std::size_t, std::size_t, std::size_t),
                  bool cross) {
  for (std::size_t D : Sizes{1, 3, 7, 8, 9, 16, 17, 35, 45}) {
    for (std::size_t ld : {D, D + 1, round_up(D, 16)}) {  // no room, little room, as the engine has it
      for (std::size_t B : Sizes{0, 1, 5, 13}) check(table, cross, B, D, ld);
    }
  }
}

}  // namespace

TEST_CASE("gradients of the reference GRU steps against central differences") {
  check_gradients(true);
  check_gradients(false);
}

TEST_CASE("a backward GRU step beside its inputs gives the same bytes as in their place and leaves them") {
  for (Isa isa : available_isas()) {
    for (bool cross : {true, false}) {
      for (std::size_t D : Sizes{17, 64}) {
        INFO("isa " << std::string(name(isa)) << " cross=" << cross << " D=" << D);
        Step<float> place(table<float>(isa), cross, 13, D, round_up(D, 16));
        place.forward();
        place.seed();
        Step<float> given = place, beside = place;
        for (Roomy<float>* output : {&beside.gates, &beside.candidate, &beside.reset, &beside.dh}) {
          std::fill_n(output->data(), output->rows() * output->columns(), -7.0f);
        }
        const Step<float> before = given;
        place.backward(place);
        given.backward(beside);
        const auto same = [](const Roomy<float>& a, const Roomy<float>& b) {
          for (std::size_t r = 0; r < a.rows(); ++r) {
            for (std::size_t c = 0; c < a.columns(); ++c) {
              if (std::bit_cast<std::uint32_t>(a.at(r, c)) != std::bit_cast<std::uint32_t>(b.at(r, c)))
                return false;
            }
          }
          return true;
        };
        CHECK(same(beside.gates, place.gates));
        CHECK(same(beside.candidate, place.candidate));
        CHECK((cross || same(beside.reset, place.reset)));
        CHECK(same(beside.dh, place.dh));
        CHECK(same(beside.dgx, place.dgx));
        CHECK(same(beside.dx0, place.dx0));
        CHECK(same(given.gates, before.gates));
        CHECK(same(given.candidate, before.candidate));
        CHECK(same(given.reset, before.reset));
        CHECK(same(given.carry, before.carry));
        CHECK(same(given.dh, before.dh));
      }
    }
  }
}

TEST_CASE("a GRU step gives a row the same bytes alone and in a batch") {
  for (Isa isa : available_isas()) {
    for (bool cross : {true, false}) {
      for (std::size_t D : Sizes{35, 300}) {
        const std::size_t B = 257, ld = round_up(D, 16);
        Step<float> batch(table<float>(isa), cross, B, D, ld);
        batch.forward();
        Step<float> alone(table<float>(isa), cross, 1, D, ld);
        alone.u = batch.u;
        alone.d = batch.d;
        bool same = true;
        for (std::size_t b = 0; b < B; b += 16) {
          std::copy_n(&batch.x0.at(b, 0), D, alone.x0.data());
          std::copy_n(&batch.gx.at(b, 0), batch.G * ld, alone.gx.data());
          std::copy_n(&batch.h.at(b, 0), D, alone.h.data());
          alone.forward();
          same = same && std::memcmp(&batch.h_next.at(b, 0), alone.h_next.data(), D * sizeof(float)) == 0;
        }
        CHECK_MESSAGE(same, std::string(name(isa)) << " cross=" << cross << " D=" << D);
      }
    }
  }
}

template <class Real>
void test_gru_cross_forward(const Table<Real>& table) {
  check_shapes(table, &check_forward<Real>, true);
  check_saturated(table, true);
}
template <class Real>
void test_gru_tanh_forward(const Table<Real>& table) {
  check_shapes(table, &check_forward<Real>, false);
  check_saturated(table, false);
}
template <class Real>
void test_gru_cross_backward(const Table<Real>& table) {
  check_shapes(table, &check_backward<Real>, true);
}
template <class Real>
void test_gru_tanh_backward(const Table<Real>& table) {
  check_shapes(table, &check_backward<Real>, false);
}

DCRNN_OP_TEST(gru_cross_forward);
DCRNN_OP_TEST(gru_tanh_forward);
DCRNN_OP_TEST(gru_cross_backward);
DCRNN_OP_TEST(gru_tanh_backward);

}  // namespace dcrnn::kernels::test
