// Gather and scatter_add.
#include "tests/kernels/op_tests.hpp"
#include "tests/kernels/support.hpp"

namespace dcrnn::kernels::test {

template <class Real>
void test_gather(const Table<Real>& table) {
  const std::size_t V = 11;
  for (std::size_t d : kSizes) {
    for (int kind : {0, 1, 2}) {  // rows; sums of bags; means of bags
      Numbers numbers(d);
      const Block<Real> rows(V, d, d, numbers);
      // Bags of 0, 1, 2, .. ids, some of which occur twice.
      const std::size_t B = 12;
      std::vector<std::uint32_t> ids, offsets = {0};
      for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t i = 0; i < (kind == 0 ? 1 : b); ++i)
          ids.push_back(static_cast<std::uint32_t>(numbers.word() % V));
        offsets.push_back(static_cast<std::uint32_t>(ids.size()));
      }
      Block<Real> out(B, d, d + 3);
      table.gather({B, d, rows.data(), ids.data(), kind == 0 ? nullptr : offsets.data(), kind == 2,
                    out.data(), out.ld()});
      const auto want = [&](std::size_t b, std::size_t j) {
        double sum = 0;
        for (std::size_t i = offsets[b]; i < offsets[b + 1]; ++i) sum += rows.at(ids[i], j);
        const std::size_t size = offsets[b + 1] - offsets[b];
        return kind == 2 && size > 0 ? sum / static_cast<double>(size) : sum;
      };
      check_close(out, want, B, "gather d=" + std::to_string(d) + " kind=" + std::to_string(kind), numbers);
    }
  }
}

template <class Real>
void test_scatter_add(const Table<Real>& table) {
  const std::size_t B = 9, slots = 4;
  for (std::size_t d : kSizes) {
    for (std::size_t count : Sizes{0, std::size_t{1}, std::size_t{30}}) {
      for (bool scaled : {false, true}) {
        Numbers numbers(d + count);
        const Block<Real> dx(B, d, d + 2, numbers), scale(1, count, count, numbers);
        Block<Real> grad(slots, d, d, numbers);
        const Block<Real> before = grad;
        std::vector<std::uint32_t> from(count), to(count);
        for (std::size_t i = 0; i < count; ++i) {
          from[i] = static_cast<std::uint32_t>(static_cast<std::uint32_t>(numbers.word() % B));
          to[i] = static_cast<std::uint32_t>(static_cast<std::uint32_t>(numbers.word() % slots));
        }
        table.scatter_add({count, d, from.data(), to.data(), scaled ? scale.data() : nullptr, dx.data(),
                           dx.ld(), grad.data()});
        const auto want = [&](std::size_t slot, std::size_t j) {
          double sum = before.at(slot, j);
          for (std::size_t i = 0; i < count; ++i) {
            const double s = scaled ? static_cast<double>(scale.at(0, i)) : 1.0;
            if (to[i] == slot) sum += s * static_cast<double>(dx.at(from[i], j));
          }
          return sum;
        };
        check_close(grad, want, count, "scatter_add d=" + std::to_string(d), numbers);
      }
    }
  }
}

DCRNN_OP_TEST(gather);
DCRNN_OP_TEST(scatter_add);

}  // namespace dcrnn::kernels::test
