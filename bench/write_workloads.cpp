// Writes the workloads for a peer that is no C++: write_workloads DIR. Per model DIR/<name>.safetensors, and
// DIR/<name>.rows.safetensors with the rows of all turns, what the first steps lose on the first batch, and
// the probabilities before training.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/workload.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::bench {

namespace {

constexpr std::size_t kTurns = 16, kTasks = 2, kSteps = 3;

void write(const std::string& directory, const Workload& workload, const Architecture& architecture,
           std::size_t batch) {
  std::string name =
      std::string(workload.name) + "/" + std::string(architecture.name) + "/B=" + std::to_string(batch);
  std::replace(name.begin(), name.end(), '/', ',');
  const std::string path = directory + "/" + name;
  Model model = make_model(workload, architecture, batch);
  if (const auto saved = model.save(path + ".safetensors"); !saved)
    throw std::runtime_error(saved.error().message);

  // [turns * batch, ids], [turns * batch, numbers], [turns * batch, tasks]
  std::vector<unsigned> ids;
  std::vector<float> numbers;
  std::vector<signed char> labels;
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    const Sample sample(workload, batch, turn);
    for (std::size_t b = 0; b < batch; ++b) {
      for (const auto& column : sample.ids()) ids.push_back(column[b]);
      for (const auto& column : sample.numbers()) numbers.push_back(static_cast<float>(column[b]));
      for (const auto& column : sample.truths()) labels.push_back(column[b]);
    }
  }
  const Sample first(workload, batch, 0);
  std::vector<float> probabilities(batch * kTasks);
  Scorer scorer = value_of(Scorer::create(model));
  if (const auto scored = scorer.score(first.rows(), probabilities); !scored)
    throw std::runtime_error(scored.error().message);
  std::vector<double> losses;
  Trainer trainer = value_of(Trainer::create(model));
  for (std::size_t i = 0; i < kSteps; ++i) losses.push_back(value_of(trainer.step(first.rows())).loss);

  const std::size_t rows = kTurns * batch;
  files::write_tensors(path + ".rows.safetensors", {},
                       {tensor_view<unsigned>("ids", {rows, workload.ids}, ids),
                        tensor_view<float>("numbers", {rows, workload.numbers}, numbers),
                        tensor_view<signed char>("labels", {rows, kTasks}, labels),
                        tensor_view<float>("probabilities", {batch, kTasks}, probabilities),
                        tensor_view<double>("losses", {kSteps}, losses)},
                       OutputFile::Target::any);
}

}  // namespace

}  // namespace dcrnn::bench

int main(int argc, char** argv) {
  using namespace dcrnn::bench;
  const bool asked =
      argc == 2 && (std::string_view(argv[1]) == "-h" || std::string_view(argv[1]) == "--help");
  if (argc != 2 || asked || argv[1][0] == '-') {
    return std::fprintf(asked ? stdout : stderr, "usage: write_workloads DIR\n"), asked ? 0 : 2;
  }
  try {
    std::filesystem::create_directories(argv[1]);
    for (const Architecture& architecture : {kTanh, kCross}) {
      for (const std::size_t batch : {256UL, 1024UL}) write(argv[1], kSmall, architecture, batch);
      write(argv[1], kLarge, architecture, 1024);
      write(argv[1], kMillion, architecture, 1024);
    }
    for (const Architecture& architecture : {kDcnV2, kMmoe, kPle}) {
      write(argv[1], kSmall, architecture, 1024);
      write(argv[1], kLarge, architecture, 1024);
    }
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
  return 0;
}
