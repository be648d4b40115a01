#include "model/gradcheck.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/random.hpp"
#include "model/trace.hpp"

namespace dcrnn::model {

namespace {

constexpr std::size_t kVocabulary = 7;

/// Distances of the differences, those with the least rounding first.
constexpr std::array<double, 4> kSteps = {1e-2, 1e-3, 2e-4, 2e-5};

/// Weights of f(x + k h) - f(x - k h), k = 1..4, in a derivative that is exact up to the eighth power of h.
constexpr std::array<double, 4> kStencil = {4. / 5, -1. / 5, 4. / 105, -1. / 280};

/// Numbers for the check, one stream per purpose.
class Draw {
 public:
  Draw(std::uint64_t seed, std::uint32_t stream) : seed_(seed), stream_(stream) {}
  double unit() { return to_unit(philox(seed_, RandomUse::check, stream_, next_++)[0]); }
  /// Uniform in (-1, 1).
  double symmetric() { return 2 * unit() - 1; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(unit() * static_cast<double>(n)); }

 private:
  std::uint64_t seed_;
  std::uint32_t stream_;
  std::uint64_t next_ = 0;
};

std::vector<std::size_t> small_tables(const ModelConfig& config) {
  std::vector<std::size_t> rows;
  for (const Field& field : config.fields) rows.push_back(field.has_table() ? kVocabulary : 0);
  return rows;
}

std::vector<double> random_parameters(const ParameterTable& table, std::uint64_t seed) {
  std::vector<double> parameters(table.total());
  Draw draw(seed, 0);
  for (const Parameter& parameter : table.all()) {
    // Large enough that gates open and close and the crossings count, small enough that nothing saturates.
    const double bound = parameter.shape.size() < 2 || parameter.init == Init::embedding
                             ? 0.7
                             : 1.5 / std::sqrt(static_cast<double>(parameter.shape[1]));
    for (std::size_t i = 0; i < parameter.size; ++i)
      parameters[parameter.offset + i] = bound * draw.symmetric();
  }
  return parameters;
}

Batch random_rows(const ModelConfig& config, std::size_t rows, std::uint64_t seed) {
  Draw draw(seed, 1);
  Batch batch;
  batch.rows = rows;
  for (const Field& field : config.fields) {
    BatchColumn& column = batch.columns.emplace_back();
    if (field.type == FieldType::bag) column.offsets.push_back(0);
    for (std::size_t b = 0; b < rows; ++b) {
      if (field.type == FieldType::bag) {
        const std::size_t items = b == 0 ? 0 : draw.below(4);
        for (std::size_t i = 0; i < items; ++i) {
          column.ids.push_back(static_cast<std::uint32_t>(draw.below(kVocabulary)));
        }
        column.offsets.push_back(static_cast<std::uint32_t>(column.ids.size()));
      } else if (field.has_table()) {
        column.ids.push_back(static_cast<std::uint32_t>(draw.below(kVocabulary)));
      } else {
        for (std::size_t i = 0; i < field.width(); ++i) column.values.push_back(2 * draw.symmetric());
      }
    }
  }
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    std::vector<std::int8_t>& labels = batch.labels.emplace_back();
    for (std::size_t b = 0; b < rows; ++b) {
      const bool missing = b > 0 && draw.unit() < 0.2;
      labels.push_back(missing ? kMissingLabel : static_cast<std::int8_t>(draw.below(2)));
    }
  }
  batch.targets.resize(config.tasks.size());
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    for (std::size_t b = 0; b < rows && !config.tasks[t].soft.empty(); ++b) {
      batch.targets[t].push_back(config.tasks[t].target(batch.labels[t][b], draw.unit()));
    }
  }
  if (!config.weight.empty()) {
    for (std::size_t b = 0; b < rows; ++b) batch.weights.push_back(0.5 + draw.unit());
  }
  return batch;
}

/// A model to differentiate: the loss as a function of one flat array.
class Function {
 public:
  Function(const ModelConfig& config, const ParameterTable& table, std::vector<double> parameters,
           Batch batch, const DropoutState& dropout, const kernels::Table<double>& ops)
      : engine_(config, table, ops, batch.rows),
        parameters_(std::move(parameters)),
        batch_(std::move(batch)),
        dropout_(dropout) {}

  /// The tasks' parts of the loss at the current point; `pattern` tells which relus are open.
  const std::vector<double>& operator()(std::vector<bool>& pattern) {
    engine_.set_parameters(parameters_.data(), 1);
    engine_.forward(batch_, &dropout_, 1);
    pattern.clear();
    for (const Kink& kink : engine_.network().plan().kinks) {
      for (std::size_t b = 0; b < batch_.rows; ++b) {
        const double* values = row(kink.value, b);
        for (std::size_t n = 0; n < kink.value.width; ++n) {
          pattern.push_back(values[n] > (kink.against ? row(kink.other, b)[n] : 0));
        }
      }
    }
    return engine_.losses().parts;
  }
  const GradientEngine<double>& differentiate() {
    engine_.set_parameters(parameters_.data(), 1);
    engine_.forward_backward(batch_, &dropout_, 1);
    return engine_;
  }
  double& parameter(std::size_t i) { return parameters_[i]; }
  /// x0 [B, D], before dropout, from here on the point's: it can be moved.
  std::vector<double>& input() {
    const std::size_t D = engine_.network().x0().width;
    engine_.forward(batch_, nullptr, 1);
    input_.clear();
    for (std::size_t b = 0; b < batch_.rows; ++b) {
      const double* x0 = row({engine_.network().x0().value, 0, 0, D}, b);
      input_.insert(input_.end(), x0, x0 + D);
    }
    engine_.set_input(input_.data());
    return input_;
  }

 private:
  const double* row(const Place& place, std::size_t b) const {
    return engine_.arena().at(place.slot, b, place.layer) + place.column;
  }

  GradientEngine<double> engine_;
  std::vector<double> parameters_, input_;
  Batch batch_;
  DropoutState dropout_;
};

/// Derivative of `f` along `x` by eight points; nothing if a relu changes sign on the way. The differences
/// are taken task by task, so that the losses x does not reach cancel exactly instead of adding their
/// rounding. `base` is the pattern of relus at the point itself, `tasks` the number of losses.
std::optional<double> numeric_derivative(Function& f, const std::vector<bool>& base, std::size_t tasks,
                                         double& x, double step) {
  const double at = x;
  std::vector<bool> pattern;
  std::vector<double> sum(tasks);
  bool smooth = true;
  for (std::size_t k = 1; k <= kStencil.size() && smooth; ++k) {
    for (const double sign : {1., -1.}) {
      x = at + sign * static_cast<double>(k) * step;
      const std::vector<double>& losses = f(pattern);
      for (std::size_t t = 0; t < losses.size(); ++t) sum[t] += sign * kStencil[k - 1] * losses[t];
      smooth = smooth && pattern == base;
    }
  }
  x = at;
  if (!smooth) return std::nullopt;
  return std::accumulate(sum.begin(), sum.end(), 0.0) / step;
}

/// Compares `analytic` [size] with differences along coordinate(i).
template <class Coordinate>
GradcheckTensor check(const std::string& name, const std::vector<double>& analytic, Function& f,
                      const GradcheckOptions& options, std::uint32_t stream, Coordinate&& coordinate) {
  GradcheckTensor result;
  result.name = name;
  double largest = 0;
  for (double g : analytic) {
    result.finite = result.finite && std::isfinite(g);
    largest = std::max(largest, std::abs(g));
  }
  if (!result.finite) return result;
  std::vector<bool> base;
  const std::vector<double> losses = f(base);
  double largest_loss = 0;
  for (double loss : losses) largest_loss = std::max(largest_loss, std::abs(loss));
  const double rounding = 4 * std::numeric_limits<double>::epsilon() * largest_loss;  // of a difference
  Draw draw(options.seed, stream);
  const std::size_t size = analytic.size();
  const bool all = options.elements == 0 || options.elements >= size;
  for (std::size_t k = 0; k < (all ? size : options.elements); ++k) {
    const std::size_t i = all ? k : draw.below(size);
    double error = std::numeric_limits<double>::infinity(), numeric = 0;
    bool rounded = false;
    // A larger step meets more kinks, a smaller one rounds more. What one of them confirms is right.
    for (const double step : kSteps) {
      const std::optional<double> derivative =
          numeric_derivative(f, base, losses.size(), coordinate(i), step);
      if (!derivative) continue;
      const double difference = std::abs(analytic[i] - *derivative);
      const double scale = std::abs(analytic[i]) + std::abs(*derivative) + 1e-3 * largest;
      const double step_error = scale > 0 ? difference / scale : 0;
      rounded = rounded || difference <= rounding / step;
      if (step_error >= error) continue;
      error = step_error;
      numeric = *derivative;
      if (error <= kGradcheckTolerance) break;
    }
    if (std::isinf(error)) {
      ++result.kinked;
      continue;
    }
    if (error > kGradcheckTolerance && rounded) {
      ++result.rounded;
      continue;
    }
    ++result.checked;
    if (error >= result.worst_error) {
      result.worst_error = error;
      result.worst_index = i;
      result.analytic = analytic[i];
      result.numeric = numeric;
    }
  }
  return result;
}

}  // namespace

bool passed(const std::vector<GradcheckTensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const GradcheckTensor& tensor) {
    return tensor.finite && tensor.worst_error <= kGradcheckTolerance;
  });
}

std::vector<GradcheckTensor> gradcheck(const ModelConfig& model, const DropoutConfig& rates,
                                       const kernels::Table<double>& ops, const GradcheckOptions& options) {
  const ParameterTable table(model, small_tables(model));
  const std::vector<double> parameters = random_parameters(table, options.seed);
  const Batch batch = random_rows(model, options.rows, options.seed);
  const DropoutState dropout{options.seed, 0, rates.input, rates.sharing, rates.tower, rates.field};

  Function f(model, table, parameters, batch, dropout, ops);
  const GradientEngine<double>& engine = f.differentiate();
  std::vector<std::vector<double>> gradients;
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    gradients.emplace_back(table.all()[i].size);
    engine.copy_gradient(i, gradients.back().data());
  }
  const bool has_input = engine.network().x0().width > 0;

  std::vector<GradcheckTensor> results;
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    const Parameter& parameter = table.all()[i];
    results.push_back(check(parameter.name, gradients[i], f, options, static_cast<std::uint32_t>(2 + i),
                            [&](std::size_t k) -> double& { return f.parameter(parameter.offset + k); }));
  }

  if (!has_input) return results;
  std::vector<double>& x0 = f.input();
  // At this point: x0 holds what is projected without the mask that it has while learning.
  const std::vector<double> dx0 = f.differentiate().input_gradient();
  results.push_back(check("x0", dx0, f, options, 1, [&](std::size_t k) -> double& { return x0[k]; }));
  return results;
}

}  // namespace dcrnn::model
