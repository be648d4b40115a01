// Reading: the CSV reader alone, and what the first epoch of training pays for reading, parsing and caching.
// On the synthetic log, or on your own data: $DCRNN_BENCH_CONFIG and $DCRNN_BENCH_CSV.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/log.hpp"
#include "bench/program.hpp"
#include "bench/scratch.hpp"
#include "bench/subject.hpp"
#include "bench/workload.hpp"
#include "data/csv.hpp"

namespace dcrnn::bench {

namespace {

const Scratch& scratch() {
  static const Scratch directory;
  return directory;
}

const Log& log() {
  static const Log chosen = [] {
    if (const auto own = own_log()) return *own;
    SynthJob job;
    job.directory = scratch().path();
    job.rows = 100'000;
    if (const auto done = synth(job); !done) throw std::runtime_error(done.error().message);
    return read_log(scratch() / "config.json", scratch() / "train.csv");
  }();
  return chosen;
}

std::size_t read_rows() {
  data::CsvReader csv(log().csv);
  std::size_t rows = 0;
  while (csv.next()) ++rows;
  return rows;
}

std::size_t count_lines() {
  std::ifstream file(log().csv);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines;
}

void add_csv() {
  Work work;
  work.bytes = static_cast<double>(std::filesystem::file_size(log().csv));
  work.rows = static_cast<double>(read_rows());
  add("csv/rows/ours", work, []() -> Subject {
    return {[] { (void)read_rows(); },
            [] {
              const std::size_t got = read_rows(), want = count_lines() - 1;
              return got == want ? "" : std::to_string(got) + " rows, want " + std::to_string(want);
            }};
  });
}

/// Seconds to the end of each epoch of one training from files without a cache.
std::vector<double> train(int threads) {
  using Clock = std::chrono::steady_clock;
  FitJob job;
  job.config_json = value_of(set_config_value(log().config_json, "train.epochs=3"));
  job.train = {log().csv};
  job.model = scratch() / "model.safetensors";
  job.compute = {threads, std::string(name(isa()))};
  std::filesystem::remove_all(job.model + ".cache");
  std::filesystem::remove(job.model + ".checkpoint");
  std::vector<double> seconds;
  auto start = Clock::now();
  job.on_epoch = [&](const EpochSummary&) {
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    start = Clock::now();
  };
  (void)value_of(fit(job));
  return seconds;
}

void add_first_epoch(int threads) {
  add("first_epoch/threads=" + std::to_string(threads) + "/ours", {}, [=]() -> Subject {
    const auto seconds = std::make_shared<std::vector<double>>();
    return {[=] { *seconds = train(threads); },
            [=] { return seconds->size() == 3 ? "" : "not three epochs"; },
            [=] {
              const double later = std::min((*seconds)[1], (*seconds)[2]);
              return std::map<std::string, double>{
                  {"first_s", (*seconds)[0]}, {"later_s", later}, {"first/later", (*seconds)[0] / later}};
            }};
  });
}

}  // namespace

void add_benchmarks() {
  add_csv();
  add_first_epoch(1);
}

}  // namespace dcrnn::bench
