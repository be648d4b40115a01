// A small network in double whose parameters a test sets by name, to compare it with another one.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "kernels/table.hpp"
#include "model/gradient_engine.hpp"
#include "model/trace.hpp"
#include "train/config.hpp"

namespace dcrnn::test {

/// Five plain numbers as x0, weighted rows, labels with gaps; `model` is the rest of the model's config.
class Net {
 public:
  static constexpr std::size_t kWidth = 5, kRows = 9;

  explicit Net(const std::string& model, std::size_t tasks = 2)
      : config_(parse_config(text(model, tasks), "config").model),
        table_(config_, std::vector<std::size_t>(kWidth, 0)),
        parameters_(table_.total()) {
    std::uint64_t next = 0;
    for (const model::Parameter& parameter : table_.all()) {
      const double bound =
          parameter.shape.size() < 2 ? 0.5 : 1.2 / std::sqrt(static_cast<double>(parameter.shape[1]));
      for (double& value : (*this)[parameter.name]) value = bound * draw(1, next++);
    }
    batch_.rows = kRows;
    for (std::size_t f = 0; f < kWidth; ++f) {
      BatchColumn& column = batch_.columns.emplace_back();
      for (std::size_t b = 0; b < kRows; ++b) column.values.push_back(1.5 * draw(2, f * kRows + b));
    }
    for (std::size_t t = 0; t < tasks; ++t) {
      std::vector<std::int8_t>& labels = batch_.labels.emplace_back();
      for (std::size_t b = 0; b < kRows; ++b) {
        const double u = draw(3, t * kRows + b);
        labels.push_back(b > 0 && u > 0.7 ? kMissingLabel : static_cast<std::int8_t>(u > 0));
      }
    }
    for (std::size_t b = 0; b < kRows; ++b) batch_.weights.push_back(1.5 + draw(4, b));
  }

  /// The values of a parameter.
  std::span<double> operator[](const std::string& name) {
    const model::Parameter* found = table_.find(name);
    REQUIRE_MESSAGE(found != nullptr, name);
    return {parameters_.data() + found->offset, found->size};
  }
  void fill(const std::string& name, double value) { std::ranges::fill((*this)[name], value); }
  /// Copies every parameter that both nets have in one shape.
  void take(Net& other) {
    for (const model::Parameter& parameter : table_.all()) {
      const model::Parameter* found = other.table_.find(parameter.name);
      if (found != nullptr && found->shape == parameter.shape) copy(other[parameter.name], parameter.name);
    }
  }
  void copy(std::span<const double> from, const std::string& name) {
    const std::span<double> to = (*this)[name];
    REQUIRE(from.size() == to.size());
    std::ranges::copy(from, to.begin());
  }
  /// Weight and bias of the layer `name` become those of `other_name` in `other`.
  void take_layer(const std::string& name, Net& other, const std::string& other_name) {
    for (const char* part : {".weight", ".bias"}) copy(other[other_name + part], name + part);
  }

  const Batch& batch() const { return batch_; }
  std::size_t values() const { return table_.values(); }
  double flops() const { return model::Network(config_, table_, {}).plan().flops; }

  std::map<std::string, std::vector<double>> trace() const {
    std::map<std::string, std::vector<double>> values;
    for (auto& tensor : model::trace(config_, table_, parameters_.data(),
                                     kernels::table<double>(Isa::reference), batch_, 1)) {
      values[tensor.name] = std::move(tensor.values);
    }
    return values;
  }
  /// Values and gradients of values as one backward pass leaves them where all are kept, and gradients of
  /// parameters.
  std::map<std::string, std::vector<double>> kept() const {
    model::GradientEngine<double> engine(config_, table_, kernels::table<double>(Isa::reference), kRows,
                                         kRows,
                                         {.training = true, .keep_values = true, .keep_gradients = true});
    engine.set_parameters(parameters_.data(), 1);
    engine.forward_backward(batch_, nullptr, 1);
    std::map<std::string, std::vector<double>> values;
    const model::TraceSink<double> sink = [&](const std::string& name, std::vector<std::size_t> shape) {
      return values.emplace(name, std::vector<double>(shape[0] * shape[1])).first->second.data();
    };
    for (const bool gradients : {false, true}) {
      engine.network().trace(model::Tracer<double>{engine.arena(), sink, gradients});
    }
    for (std::size_t i = 0; i < table_.all().size(); ++i) {
      std::vector<double>& gradient = values["grad." + table_.all()[i].name];
      gradient.resize(table_.all()[i].size);
      engine.copy_gradient(i, gradient.data());
    }
    return values;
  }

 private:
  static std::string text(const std::string& model, std::size_t tasks) {
    std::string json = "{\"fields\": [";
    for (std::size_t f = 0; f < kWidth; ++f) {
      json += (f > 0 ? ", " : "") + std::string(R"({"name": "x)") + std::to_string(f) +
              R"(", "type": "number", "transform": "none"})";
    }
    json += "], \"tasks\": [";
    for (std::size_t t = 0; t < tasks; ++t) {
      const std::string name = "t" + std::to_string(t);
      json += (t > 0 ? ", " : "") + std::string(R"({"name": ")") + name + R"(", "label": "y)" + name + '"' +
              (t > 0 ? R"(, "after": "t0"})" : "}");
    }
    return json + "], \"weight\": \"w\", " + model + "}";
  }
  static double draw(std::uint32_t stream, std::uint64_t index) {
    return 2 * to_unit(philox(7, RandomUse::check, stream, index)[0]) - 1;
  }

  ModelConfig config_;
  model::ParameterTable table_;
  std::vector<double> parameters_;
  Batch batch_;
};

/// Three tasks whose heads read what the blocks `sharing` give.
inline Net sharing_net(const std::string& sharing) {
  return Net(R"("cross": {"layers": 1}, "tower": [], "transfer": "none", "sharing": )" + sharing, 3);
}

/// Checks two arrays to 1e-12 of the larger one's maximum.
inline void check_same(const std::string& name, const std::vector<double>& got,
                       const std::vector<double>& want) {
  CAPTURE(name);
  REQUIRE(got.size() == want.size());
  double most = 0;
  for (double value : want) most = std::max(most, std::abs(value));
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(got[i] - want[i]) <= 1e-12 * most);
  }
}

/// Checks every tensor that both traces have; `least` of them at least.
inline void check_common(const std::map<std::string, std::vector<double>>& got,
                         const std::map<std::string, std::vector<double>>& want, std::size_t least) {
  std::size_t common = 0;
  for (const auto& [name, values] : got) {
    const auto other = want.find(name);
    if (other == want.end() || other->second.size() != values.size()) continue;
    check_same(name, values, other->second);
    ++common;
  }
  CHECK(common >= least);
}

/// Checks values and gradients of layers whose names differ: one's `first`, the other's `second`.
inline void check_layers(const std::map<std::string, std::vector<double>>& got,
                         const std::map<std::string, std::vector<double>>& want,
                         const std::vector<std::pair<std::string, std::string>>& names) {
  for (const auto& [first, second] : names) {
    check_same(first, got.at(first), want.at(second));
    for (const char* part : {".weight", ".bias"}) {
      check_same("grad." + first + part, got.at("grad." + first + part), want.at("grad." + second + part));
    }
  }
}

/// Checks that `kept` has what the trace has, losses aside.
inline void check_kept(const std::map<std::string, std::vector<double>>& kept,
                       const std::map<std::string, std::vector<double>>& trace) {
  for (const auto& [name, values] : trace) {
    if (!name.starts_with("loss")) CHECK(kept.at(name) == values);
  }
}

}  // namespace dcrnn::test
