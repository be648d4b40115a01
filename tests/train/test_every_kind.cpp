// A run of every registered kind of layer: killed and resumed it ends with the bytes of an uninterrupted one.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/table.hpp"
#include "tests/model/examples.hpp"
#include "tests/scratch.hpp"
#include "train/fit.hpp"

namespace dcrnn::test {

namespace {

constexpr std::size_t kRows = 96;
const std::string kTrain =
    R"("batch": 16, "epochs": 2, "dropout": 0.2, "clip_norm": 1, "checkpoint_seconds": 0)";

/// The rows of a batch as a source.
class Rows : public BatchSource {
 public:
  explicit Rows(Batch all) : all_(std::move(all)) {}
  std::size_t rows() const override { return all_.rows; }
  void read(const std::size_t* index, std::size_t count, Batch& batch) override {
    batch = {};
    batch.rows = count;
    batch.columns.resize(all_.columns.size());
    batch.columns[1].offsets.push_back(0);
    batch.labels.resize(all_.labels.size());
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t b = index[i];
      batch.columns[0].ids.push_back(all_.columns[0].ids[b]);
      for (std::size_t item = all_.columns[1].offsets[b]; item < all_.columns[1].offsets[b + 1]; ++item) {
        batch.columns[1].ids.push_back(all_.columns[1].ids[item]);
      }
      batch.columns[1].offsets.push_back(static_cast<std::uint32_t>(batch.columns[1].ids.size()));
      for (std::size_t f = 2; f < all_.columns.size(); ++f) {
        const std::size_t width = all_.columns[f].values.size() / all_.rows;
        const auto from = all_.columns[f].values.begin() + static_cast<std::ptrdiff_t>(b * width);
        batch.columns[f].values.insert(batch.columns[f].values.end(), from,
                                       from + static_cast<std::ptrdiff_t>(width));
      }
      for (std::size_t t = 0; t < all_.labels.size(); ++t) batch.labels[t].push_back(all_.labels[t][b]);
      batch.weights.push_back(all_.weights[b]);
    }
  }

 private:
  Batch all_;
};

/// The parameters at the end of a run that is stopped after every `steps` steps and resumed; 0: never.
std::vector<float> run(const Choice& choice, std::size_t steps) {
  const ScratchDirectory scratch;
  const Subject subject(choice, kTrain);
  Rows rows(rows_for(subject, kRows));
  train::FitOptions options;
  options.checkpoint = scratch.file("checkpoint");
  options.config_json = subject.json;
  options.order = [](std::uint64_t, std::uint64_t epoch, std::size_t n, std::size_t position) {
    return (position * 5 + epoch) % n;
  };
  std::size_t left = 0;
  options.on_progress = [&](const JobProgress&) { return steps == 0 || --left > 0; };
  for (;;) {
    std::vector<float> parameters = subject.parameters;
    left = steps;
    const train::FitResult result = train::fit(subject.config, subject.table, parameters, rows, nullptr,
                                               kernels::table<float>(best_isa()), options);
    if (result.reason == train::StopReason::finished) return parameters;
    options.resume = true;
  }
}

}  // namespace

TEST_CASE("every kind: a run in pieces ends with the bytes of a whole one") {
  for (const Choice& choice : every_choice()) {
    CAPTURE(choice.json());
    const std::vector<float> whole = run(choice, 0);
    CHECK(whole != Subject(choice).parameters);
    CHECK(run(choice, 3) == whole);
  }
}

}  // namespace dcrnn::test
