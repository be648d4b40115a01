#include "train/base_rates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/failure.hpp"

namespace dcrnn::train {

namespace {

constexpr std::size_t kRows = 8192;  // read at a time
constexpr double kLeast = 1e-6;      // rates beyond have no more to say than a few rows

struct Counts {
  double hits = 0, base = 0;
};

void add(const ModelConfig& config, const Batch& batch, std::vector<Counts>& counts) {
  for (std::size_t t = 0; t < counts.size(); ++t) {
    const std::size_t parent = config.chain ? config.tasks[t].parent : kNoParent;
    for (std::size_t b = 0; b < batch.rows; ++b) {
      const std::int8_t label = batch.labels[t][b];
      const std::int8_t given = parent == kNoParent ? std::int8_t{1} : batch.labels[parent][b];
      if (label == kMissingLabel || given != 1) continue;
      const double weight = batch.weights.empty() ? 1.0 : batch.weights[b];
      counts[t].base += weight;
      counts[t].hits += weight * label;
    }
  }
}

}  // namespace

std::vector<std::optional<double>> count_base_rates(const ModelConfig& config, BatchSource& source,
                                                    const std::function<bool(std::uint64_t)>& progress) {
  std::vector<Counts> counts(config.tasks.size());
  std::vector<std::size_t> index(kRows);
  Batch batch;
  const std::size_t n = source.rows();
  for (std::size_t first = 0; first < n; first += kRows) {
    const std::size_t count = std::min(kRows, n - first);
    std::iota(index.begin(), index.end(), first);
    source.read(index.data(), count, batch);
    add(config, batch, counts);
    if (!progress(first + count)) fail(ErrorCode::stopped, "stopped while counting the labels");
  }
  std::vector<std::optional<double>> rates;
  for (const Counts& task : counts) {
    if (!std::isfinite(task.base)) {
      fail(ErrorCode::data, "the sample weights sum to infinity", "scale the weights down");
    }
    rates.push_back(task.base > 0 ? std::optional(task.hits / task.base) : std::nullopt);
  }
  return rates;
}

void start_heads(std::span<const Task> tasks, std::span<const std::optional<double>> rates,
                 const model::ParameterTable& table, std::span<float> parameters) {
  for (std::size_t t = 0; t < rates.size(); ++t) {
    const double rate = std::clamp(rates[t].value_or(0.5), kLeast, 1 - kLeast);
    parameters[table.find("head." + tasks[t].name + ".bias")->offset] =
        static_cast<float>(std::log(rate) - std::log1p(-rate));
  }
}

}  // namespace dcrnn::train
