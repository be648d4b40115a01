// What the machine can do, and the ops that its memory limits: bandwidth of every level, Adam, embedding
// rows.
#include <memory>
#include <string>
#include <vector>

#include "bench/program.hpp"
#include "bench/subject.hpp"
#include "bench/wide/wide.hpp"
#include "core/random.hpp"

namespace dcrnn::bench {

namespace {

const Wide& machine() {
  return wide(best_isa());
}

std::string nothing_wrong() {
  return "";
}

/// The multiply-add peak as a benchmark of its own.
void add_peak() {
  constexpr std::size_t kRounds = 4096;
  Work work;
  work.flops = wide(isa()).multiply_add(0) * kRounds;
  add("machine/multiply-add", work, []() -> Subject {
    return {[] { wide(isa()).multiply_add(kRounds); }, nothing_wrong};
  });
}

/// Reading x, and y += a x, of so many bytes in all.
void add_bandwidth(const std::string& level, std::size_t bytes) {
  Work work;
  work.bytes = static_cast<double>(bytes);
  add("machine/read/" + level, work, [=]() -> Subject {
    const auto x = std::make_shared<Buffer<float>>(bytes / sizeof(float));
    return {[x] {
              volatile float sink = machine().read(x->data(), x->size());
              (void)sink;
            },
            nothing_wrong};
  });
  work.bytes *= 1.5;  // x and y are read, y is written
  add("machine/update/" + level, work, [=]() -> Subject {
    const std::size_t n = bytes / 2 / sizeof(float);
    const auto x = std::make_shared<Buffer<float>>(n), y = std::make_shared<Buffer<float>>(n);
    return {[x, y, n] { machine().update(0.5F, x->data(), y->data(), n); }, nothing_wrong};
  });
}

/// Adam on n parameters: four numbers read, three written.
void add_adam(const std::string& level, std::size_t n) {
  Work work;
  work.rows = static_cast<double>(n);
  work.bytes = 7.0 * sizeof(float) * static_cast<double>(n);
  add("adam/" + level + "/ours", work, [=]() -> Subject {
    struct State {
      explicit State(std::size_t size) : p(numbers(size, 1)), g(numbers(size, 2)), m(size), v(size) {}
      void step(const kernels::Table<float>& kernels) {
        kernels.adam({p.size(), p.data(), g.data(), m.data(), v.data(), 1e-3F, 0.9F, 0.999F, 1e-8F, 0, 0.1F,
                      0.001F, 1, false});
      }
      Buffer<float> p, g, m, v;
    };
    const auto state = std::make_shared<State>(n);
    return {[state] { state->step(ops()); },
            [n] {
              State got(n), want(n);
              got.step(ops());
              want.step(kernels::table<float>(Isa::reference));
              return difference("parameter", got.p.span(), want.p.span(), tolerance(1));
            }};
  });
}

/// Rows of a large embedding table, gathered, and their gradients added up.
void add_embedding(std::size_t rows, std::size_t d) {
  constexpr std::size_t B = 1024;
  struct State {
    State(std::size_t table_rows, std::size_t width)
        : table(numbers(table_rows * width, 1)),
          x(B * width),
          gradient(B * width),
          ids(B),
          slots(B),
          places(B) {
      for (std::size_t b = 0; b < B; ++b) {
        ids[b] = philox(1, RandomUse::check, 2, b)[0] % static_cast<std::uint32_t>(table_rows);
        slots[b] = places[b] = static_cast<std::uint32_t>(b);
      }
    }
    Buffer<float> table, x, gradient;
    std::vector<std::uint32_t> ids, slots, places;
  };
  const std::string shape = "/rows=" + std::to_string(rows) + "/d=" + std::to_string(d) + "/ours";
  Work work;
  work.rows = B;
  work.bytes = 2.0 * sizeof(float) * static_cast<double>(B * d);
  const auto gather = [=](const kernels::Table<float>& kernels, State& s) {
    kernels.gather({B, d, s.table.data(), s.ids.data(), nullptr, false, s.x.data(), d});
  };
  add("gather" + shape, work, [=]() -> Subject {
    const auto state = std::make_shared<State>(rows, d);
    return {[=] { gather(ops(), *state); },
            [=] {
              State want(rows, d);
              gather(kernels::table<float>(Isa::reference), want);
              return difference("x", state->x.span(), want.x.span(), 0);
            }};
  });
  const auto scatter = [=](const kernels::Table<float>& kernels, State& s) {
    kernels.scatter_add(
        {B, d, s.places.data(), s.slots.data(), nullptr, s.table.data(), d, s.gradient.data()});
  };
  work.bytes *= 1.5;
  add("scatter" + shape, work, [=]() -> Subject {
    const auto state = std::make_shared<State>(rows, d);
    return {[=] { scatter(ops(), *state); },
            [=] {
              State want(rows, d);
              scatter(kernels::table<float>(Isa::reference), want);
              return difference("gradient", state->gradient.span(), want.gradient.span(), 0);
            }};
  });
}

}  // namespace

void add_benchmarks() {
  add_peak();
  for (const auto& [level, bytes] : {std::pair{"16KiB", 16UL << 10}, std::pair{"256KiB", 256UL << 10},
                                     std::pair{"8MiB", 8UL << 20}, std::pair{"256MiB", 256UL << 20}}) {
    add_bandwidth(level, bytes);
  }
  add_adam("16Ki", 16UL << 10);
  add_adam("4Mi", 4UL << 20);
  for (const std::size_t rows : {10'000UL, 1'000'000UL}) add_embedding(rows, 16);
}

}  // namespace dcrnn::bench
