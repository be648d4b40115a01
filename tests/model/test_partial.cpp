// Partial sharing: hard sharing is what is left of it without private units and gates.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "model/trace.hpp"
#include "tests/model/examples.hpp"

// clang-format off
// Planted in model/layers/partial.hpp:
//   fault  the shared units do not learn
//   -      if (m_s_ > 0) shared_.backward(pass);
//   +      if (m_s_ > 1000) shared_.backward(pass);
//   finds  sharing.0.shared.weight with {}
//   fault  what a gate saw of its task's stream is forgotten
//   -      if (gate_ == Gate::input) task.gate_units.backward(pass, da, s_.ld);
//   +      if (gate_ == Gate::none) task.gate_units.backward(pass, da, s_.ld);
//   finds  cross.weight_hh with {}
//   fault  a static gate's last unit is left out
//   -      {{task.dgate, 0, 0, m_s_, 1}, task.fixed_gate}
//   +      {{task.dgate, 0, 0, m_s_ - 1, 1}, task.fixed_gate}
//   finds  sharing.0.a.gate.bias with {"sharing": [{"shared": 5, "private": 3, "gate": "static"}]}
// clang-format on

namespace dcrnn::test {

TEST_CASE("without private units and gates every task reads the shared units themselves") {
  const Subject subject(Choice{kPlainCross, R"({"shared": 4, "private": 0, "gate": "none"})", "none"});
  const std::vector<double> parameters = subject.wide();
  std::map<std::string, std::vector<double>> values;
  for (const auto& tensor : model::trace(subject.config.model, subject.table, parameters.data(),
                                         kernels::table<double>(Isa::reference), rows_for(subject, 6), 1,
                                         {.every_gradient = true})) {
    values[tensor.name] = tensor.values;
  }
  // The first tower layer of a task, by hand from s'.
  const auto at = [&](const std::string& name) {
    return parameters.data() + subject.table.find(name)->offset;
  };
  for (const std::string task : {"a", "b"}) {
    const double *w = at("tower." + task + ".0.weight"), *bias = at("tower." + task + ".0.bias");
    for (std::size_t b = 0; b < 6; ++b) {
      for (std::size_t n = 0; n < 4; ++n) {
        double y = bias[n];
        for (std::size_t k = 0; k < 4; ++k) y += values["sharing.0.shared"][b * 4 + k] * w[n * 4 + k];
        CHECK(values["tower." + task + ".0"][b * 4 + n] == doctest::Approx(std::max(y, 0.0)).epsilon(1e-12));
      }
    }
  }
  CHECK(values.count("sharing.0.a.gate") + values.count("sharing.0.a.private") == 0);
}

}  // namespace dcrnn::test
