// The GRU cross: where tied and untied layers are the same.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "model/trace.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/gru_cross.hpp:
//   fault  what h^0 = x0 hands back is dropped
//   -      pass.add(pass.at(out_.gradient, gradient(0)), dx0, x0_.width);
//   +      pass.add(pass.at(out_.gradient, gradient(0)), dx0, 0);
//   finds  x0 with {"cross": {"layers": 2}}
//   fault  tied weights learn from the first step alone
//   -      slots_, set, tied_ ? L_ : 1, set,
//   +      slots_, set, 1, set,
//   finds  cross.weight_hh with {"cross": {"layers": 2}}
//   fault  untied: all layers give the gradient of the first input product back
//   -      const std::size_t set = tied_ ? 0 : l;
//   +      const std::size_t set = 0;
//   finds  cross.1.weight_ih with {"cross": {"layers": 2, "tied": false}}
// Planted in model/layers/gru.hpp:
//   fault  only the last gate reaches the input
//   -      {.accumulate = true},
//   +      {},
//   finds  x0 with {"cross": {"layers": 2}}
// clang-format on

namespace dcrnn::test {

TEST_CASE("untied layers of equal weights are the tied ones, their gradients' sum the tied gradient") {
  for (const std::string candidate : {"cross", "tanh"}) {
    const std::string keys = R"({"kind": "gru", "layers": 3, "candidate": ")" + candidate + "\"";
    const Subject tied(Choice{keys + "}", kPlainSharing});
    Subject untied(Choice{keys + ", \"tied\": false}", kPlainSharing});
    const auto tied_name = [](const std::string& name) {
      return name.starts_with("cross.") ? "cross." + name.substr(8) : name;
    };
    for (const model::Parameter& parameter : untied.table.all()) {
      const model::Parameter& same = *tied.table.find(tied_name(parameter.name));
      std::copy_n(tied.parameters.begin() + static_cast<std::ptrdiff_t>(same.offset), same.size,
                  untied.parameters.begin() + static_cast<std::ptrdiff_t>(parameter.offset));
    }
    const auto gradients = [](const Subject& subject) {
      std::map<std::string, std::vector<double>> all;
      for (const auto& tensor :
           model::trace(subject.config.model, subject.table, subject.wide().data(),
                        kernels::table<double>(Isa::reference), rows_for(subject, 6), 1)) {
        all[tensor.name] = tensor.values;
      }
      return all;
    };
    const auto want = gradients(tied);
    const auto got = gradients(untied);
    for (const model::Parameter& parameter : tied.table.all()) {
      std::vector<double> sum(parameter.size);
      for (const model::Parameter& part : untied.table.all()) {
        if (tied_name(part.name) != parameter.name) continue;
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += got.at("grad." + part.name)[i];
      }
      double largest = 0, worst = 0;
      for (std::size_t i = 0; i < sum.size(); ++i) {
        const double g = want.at("grad." + parameter.name)[i];
        largest = std::max(largest, std::abs(g));
        worst = std::max(worst, std::abs(g - sum[i]));
      }
      CHECK_MESSAGE(worst <= 1e-12 * largest, parameter.name, ": ", worst, " of ", largest);
    }
  }
}

}  // namespace dcrnn::test
