// `trace --gradients`: the gradient of every traced value of every kind, against central differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <string>

#include "model/trace.hpp"
#include "tests/model/examples.hpp"
#include "tests/model/watched.hpp"

namespace dcrnn::test {

namespace {

using model::NamedTensor;
using model::Place;

constexpr std::size_t kRows = 5;
constexpr std::size_t kElements = 4;  ///< of each tensor
constexpr double kTolerance = 1e-6;
/// Distances of the differences. A larger one meets more kinks, a smaller one rounds more.
constexpr std::array<double, 3> kSteps = {1e-2, 1e-3, 1e-4};
/// Of f(x + k h) - f(x - k h), k = 1..4.
constexpr std::array<double, 4> kStencil = {4. / 5, -1. / 5, 4. / 105, -1. / 280};

/// The values that lie inside one kernel: "cross.<l>.<which>" of a GRU, "transfer.<task>.attention".
std::optional<Watch::Inside> inside_kernel(const Subject& subject, const std::string& name) {
  if (name.starts_with("transfer.") && name.ends_with(".attention")) {
    std::size_t before = 0;  // attentions of the tasks before
    for (const Task& task : subject.config.model.tasks) {
      if (name == "transfer." + task.name + ".attention") break;
      if (task.parent != kNoParent) ++before;
    }
    return Watch::Inside{'a', before, 0, 0, 0};
  }
  if (!std::holds_alternative<model::GruCross::Config>(subject.config.model.cross)) return {};
  if (!name.starts_with("cross.") || name.ends_with(".h")) return {};
  return Watch::Inside{name.back(), std::stoul(name.substr(6)), 0, 0, 0};
}

class Forward {
 public:
  explicit Forward(const Subject& subject)
      : batch_(rows_for(subject, kRows)),
        parameters_(subject.wide()),
        engine_(subject.config.model, subject.table, watched_table(), kRows, kRows,
                {.training = true, .keep_values = true, .keep_gradients = true}) {
    engine_.set_parameters(parameters_.data(), 1);
  }
  const model::GradientEngine<double>& engine() const { return engine_; }
  void differentiate() {
    watch = {};
    engine_.forward_backward(batch_, nullptr, 1);
  }

  /// Where the traced matrix lies: where the walk says, else where these values are.
  std::optional<Place> find(const NamedTensor<double>& tensor) const {
    for (const model::TraceRow& row : engine_.network().plan().rows) {
      if (row.name == tensor.name) return row.value;
    }
    const auto& slots = engine_.network().plan().arena.slots();
    for (model::Slot slot = 0; slot < slots.size(); ++slot) {
      for (std::size_t layer = 0; layer < slots[slot].layers; ++layer) {
        for (std::size_t column = 0; column + tensor.shape[1] <= slots[slot].ld; ++column) {
          const Place place{slot, layer, column, tensor.shape[1]};
          if (holds(place, tensor)) return place;
        }
      }
    }
    return {};
  }

  /// When in a forward pass the values at `place` become what they are.
  std::size_t made_at(const Place& place) {
    const auto& slots = engine_.network().plan().arena.slots();
    for (model::Slot slot = 0; slot < slots.size(); ++slot) {
      std::fill_n(row({slot, 0, 0, 0}, 0), slots[slot].layers * kRows * slots[slot].ld,
                  std::numeric_limits<double>::quiet_NaN());
    }
    std::vector<double> before, now(kRows * place.width);
    std::size_t last = 0;
    run([&](std::size_t moment) {
      for (std::size_t b = 0; b < kRows; ++b) {
        std::copy_n(row(place, b), place.width, now.data() + b * place.width);
      }
      if (before.empty() || std::memcmp(before.data(), now.data(), now.size() * sizeof(double)) != 0) {
        last = moment;
      }
      before = now;
    });
    return last;
  }

  /// Losses of the tasks with element (b, j) of the values at `place`, made at `moment`, `delta` larger.
  std::vector<double> moved(const Place& place, std::size_t moment, std::size_t b, std::size_t j,
                            double delta) {
    double* value = row(place, b) + j;
    run([&](std::size_t now) {
      if (now == moment) *value += delta;
    });
    own_ = value;
    return engine_.losses().parts;
  }
  std::vector<double> moved(Watch::Inside inside, std::size_t b, std::size_t j, double delta) {
    inside.row = b;
    inside.column = j;
    inside.delta = delta;
    run([](std::size_t) {}, inside);
    own_ = nullptr;
    return engine_.losses().parts;
  }
  /// Which relus are open, but for the value that was moved.
  std::vector<bool> pattern() {
    std::vector<bool> open;
    for (const model::Kink& kink : engine_.network().plan().kinks) {
      for (std::size_t b = 0; b < kRows; ++b) {
        const double* values = row(kink.value, b);
        for (std::size_t j = 0; j < kink.value.width; ++j) {
          const double against = kink.against ? row(kink.other, b)[j] : 0;
          open.push_back(values + j != own_ && values[j] > against);
        }
      }
    }
    return open;
  }

 private:
  double* row(const Place& place, std::size_t b) {
    return const_cast<double*>(engine_.arena().at(place.slot, b, place.layer)) + place.column;
  }
  bool holds(const Place& place, const NamedTensor<double>& tensor) const {
    for (std::size_t b = 0; b < kRows; ++b) {
      const double* values = engine_.arena().at(place.slot, b, place.layer) + place.column;
      if (!std::equal(values, values + place.width, tensor.values.data() + b * place.width)) return false;
    }
    return true;
  }
  void run(std::function<void(std::size_t)> look, const Watch::Inside& inside = {}) {
    watch = {};
    watch.look = std::move(look);
    watch.inside = inside;
    engine_.forward(batch_, nullptr, 1);
    watch = {};
  }

  Batch batch_;
  std::vector<double> parameters_;
  model::GradientEngine<double> engine_;
  const double* own_ = nullptr;
};

/// The error of `analytic` against differences of moved(delta), relative; nothing if relus are in the way.
template <class Moved>
std::optional<double> error_of(Forward& forward, double analytic, double largest, Moved&& moved) {
  std::optional<double> best;
  moved(0.0);
  const std::vector<bool> base = forward.pattern();
  for (const double step : kSteps) {
    double sum = 0;
    bool smooth = true;
    for (std::size_t k = 1; k <= kStencil.size() && smooth; ++k) {
      for (const double sign : {1., -1.}) {
        const std::vector<double> losses = moved(sign * static_cast<double>(k) * step);
        smooth = smooth && forward.pattern() == base;
        sum += sign * kStencil[k - 1] * std::accumulate(losses.begin(), losses.end(), 0.0);
      }
    }
    if (!smooth) continue;
    const double numeric = sum / step;
    const double scale = std::abs(analytic) + std::abs(numeric) + 1e-3 * largest;
    const double error = scale > 0 ? std::abs(analytic - numeric) / scale : 0;
    if (!best || error < *best) best = error;
    if (*best <= kTolerance) break;
  }
  return best;
}

}  // namespace

TEST_CASE("the gradient of every traced value is its central difference") {
  std::size_t checked = 0, kinked = 0;
  for (const Choice& choice : every_choice()) {
    const Subject subject(choice);
    CAPTURE(subject.json);
    Forward forward(subject);
    forward.differentiate();
    const auto values = model::forward_values(forward.engine());
    const auto gradients = model::value_gradients(forward.engine());

    std::set<std::string> wanted, given;
    for (const NamedTensor<double>& value : values) {
      const bool learns =
          value.name != "probability" && value.name != "rate" && !value.name.starts_with("loss");
      if (learns) wanted.insert("grad." + value.name);
    }
    for (const model::TraceRow& row : forward.engine().network().plan().rows) {
      if (row.repeated) wanted.erase("grad." + row.name);
    }
    for (const NamedTensor<double>& gradient : gradients) given.insert(gradient.name);
    CHECK(given == wanted);
    CHECK(given.size() == gradients.size());

    Numbers draw(7);
    for (const NamedTensor<double>& gradient : gradients) {
      CAPTURE(gradient.name);
      const auto value = std::find_if(values.begin(), values.end(), [&](const NamedTensor<double>& tensor) {
        return "grad." + tensor.name == gradient.name;
      });
      REQUIRE(value != values.end());
      REQUIRE(value->shape == gradient.shape);
      double largest = 0;
      for (const double g : gradient.values) {
        REQUIRE(std::isfinite(g));
        largest = std::max(largest, std::abs(g));
      }
      const auto inside = inside_kernel(subject, value->name);
      std::optional<Place> place;
      std::size_t moment = 0;
      if (!inside) {
        forward.differentiate();
        place = forward.find(*value);
        REQUIRE(place);
        moment = forward.made_at(*place);
      }
      for (std::size_t k = 0; k < kElements; ++k) {
        const std::size_t i = draw.below(gradient.values.size()), width = gradient.shape[1];
        CAPTURE(i);
        const auto error = error_of(forward, gradient.values[i], largest, [&](double delta) {
          return inside ? forward.moved(*inside, i / width, i % width, delta)
                        : forward.moved(*place, moment, i / width, i % width, delta);
        });
        error ? ++checked : ++kinked;
        if (error) CHECK(*error <= kTolerance);
      }
    }
  }
  CHECK(kinked * 20 < checked);
}

}  // namespace dcrnn::test
