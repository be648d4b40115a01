#include "train/forecast.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/failure.hpp"
#include "train/trainer.hpp"

namespace dcrnn::train {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTrainingSeconds = 0.4, kScoringSeconds = 0.2;
/// The weights of the products are kept packed for both passes, and once more for scoring.
constexpr std::size_t kPacks = 3;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Stopwatch {
 public:
  Stopwatch(BatchSource& sample, std::size_t batch, const std::function<bool()>& go_on)
      : sample_(sample), index_(std::min(batch, sample.rows())), go_on_(go_on) {}

  /// Rows per second of work(batch), the first batch not counted; nothing if it was told to stop.
  std::optional<double> measure(double seconds, const std::function<void(Batch&)>& work) {
    run(work);
    const Clock::time_point start = Clock::now();
    double rows = 0;
    do {
      if (!go_on_()) return std::nullopt;
      run(work);
      rows += static_cast<double>(index_.size());
    } while (seconds_since(start) < seconds);
    return rows / std::max(seconds_since(start), 1e-9);
  }

 private:
  void run(const std::function<void(Batch&)>& work) {
    for (std::size_t& row : index_) row = next_++ % sample_.rows();
    sample_.read(index_.data(), index_.size(), batch_);
    work(batch_);
  }

  BatchSource& sample_;
  std::vector<std::size_t> index_;
  const std::function<bool()>& go_on_;
  Batch batch_;
  std::size_t next_ = 0;
};

std::uint64_t memory_of(Trainer& trainer, const model::ParameterTable& table) {
  const std::size_t dense = trainer.engine().dense_size();
  std::uint64_t values = table.total() + dense * (1 + kPacks);
  for (const Buffer<float>& state : trainer.state().arrays()) values += state.size();
  return values * sizeof(float) + trainer.engine().arena().bytes();
}

}  // namespace

std::optional<Forecast> forecast(const Config& config, const model::ParameterTable& table,
                                 std::span<float> parameters, BatchSource& sample, std::uint64_t rows,
                                 const kernels::Table<float>& ops, int threads,
                                 const std::function<bool()>& go_on) {
  Config sized = config;
  sized.train.batch = static_cast<std::size_t>(std::min<std::uint64_t>(config.train.batch, rows));
  const std::size_t steps = static_cast<std::size_t>(rows) / sized.train.batch + 1;
  Trainer trainer(sized, table, parameters, steps * config.train.epochs, ops, threads);
  Forecast forecast;
  forecast.memory_bytes = memory_of(trainer, table);
  Stopwatch watch(sample, sized.train.batch, go_on);
  try {
    const auto training = watch.measure(kTrainingSeconds, [&](Batch& batch) { trainer.step(batch); });
    const auto scoring = watch.measure(kScoringSeconds, [&](Batch& batch) { trainer.losses(batch); });
    if (!training || !scoring) return std::nullopt;
    forecast.training_rows_per_second = *training;
    forecast.scoring_rows_per_second = *scoring;
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::diverged) throw;
    forecast.diverged = true;
  }
  return forecast;
}

}  // namespace dcrnn::train
