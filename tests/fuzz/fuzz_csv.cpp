// CSV text in several dialects: `check` reads it as training data, `predict` as rows of a model. The first
// byte of an input chooses the dialect.
#include <filesystem>
#include <string>
#include <vector>

#include "core/failure.hpp"
#include "data/dataset.hpp"
#include "dcrnn/dcrnn.hpp"
#include "dcrnn/files.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/scratch.hpp"
#include "train/config.hpp"

namespace dcrnn::fuzz {

namespace {

const char* const kDialects[] = {
    "{}",
    R"({"separator": "\t"})",
    R"({"separator": ";", "quote": "'"})",
    R"({"quote": "", "missing": ["", "NA", "\\N"]})",
    R"({"escape": "\\", "true": ["1", "yes"], "false": ["0", "no"]})",
    R"({"header": ["user", "tags", "x", "click", "consume"]})",
};

std::string config_of(const std::string& dialect, bool learned) {
  const std::string encoding = learned ? R"("encoding": "vocab")" : R"("encoding": "hash", "size": 20)";
  const std::string transform = learned ? "standardize" : "none";
  return R"({"fields": [{"name": "user", "type": "category", )" + encoding + R"(, "dim": 2},
      {"name": "tags", "type": "bag", )" +
         encoding + R"(, "dim": 2},
      {"name": "x", "type": "number", "transform": ")" +
         transform + R"("}],
      "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
      "cross": {"layers": 1}, "sharing": [{"shared": 2, "private": 0}], "tower": [], "train": {"batch": 8},
      "csv": )" +
         dialect + "}";
}

/// A model of each dialect.
const std::vector<Model>& models() {
  static const std::vector<Model> made = [] {
    std::vector<Model> all;
    for (const char* dialect : kDialects) {
      auto model = Model::create(config_of(dialect, false));
      if (!model) std::fprintf(stderr, "%s\n", model.error().message.c_str()), std::abort();
      all.push_back(std::move(model).value());
    }
    return all;
  }();
  return made;
}

}  // namespace

}  // namespace dcrnn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dcrnn;
  if (size == 0) return 0;
  static fuzz::MemoryFile file;
  const std::size_t dialect = data[0] % std::size(fuzz::kDialects);
  file.set(fuzz::text(data + 1, size - 1));

  PredictJob predict;
  predict.data = {file.path()};
  predict.out = "/dev/null";
  predict.batch = 4;
  predict.skip_bad_rows = (data[0] & 64) != 0;
  predict.max_bad_rows = 5;
  predict.compute.isa = "reference";
  const auto predicted = predict_files(fuzz::models()[dialect], predict);
  if (!predicted) fuzz::check(predicted.error());

  static const test::ScratchDirectory scratch;
  static const std::vector<Config> configs = [] {
    std::vector<Config> all;
    for (const char* words : fuzz::kDialects)
      all.push_back(parse_config(fuzz::config_of(words, true), "config"));
    return all;
  }();
  bool read = false;
  try {
    const data::TrainingData made =
        data::build_training_data(configs[dialect].model, {file.path()}, scratch.file("cache"), {});
    read = true;
    Batch batch;
    for (std::size_t row = 0; row < made.dataset.rows->rows(); ++row) made.dataset.rows->read(&row, 1, batch);
  } catch (const Failure& failure) {
    fuzz::check(failure.error());
  }
  std::filesystem::remove_all(scratch.file("cache"));
  fuzz::count(predicted.ok() || read, fuzz::text(data, size));
  return 0;
}
