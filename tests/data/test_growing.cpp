// Encoders that grow with new data: what was known keeps its row, what is new comes behind.
#include "data/dataset.hpp"

#include <algorithm>

#include "support.hpp"

namespace dcrnn::data {
namespace {

Schema schema() {
  Schema config;
  config.fields.push_back({.name = "word", .column = "word", .min_count = 2, .dim = 2});
  config.fields.push_back({.name = "age", .column = "age", .type = FieldType::number});
  config.fields.push_back({.name = "part",
                           .column = "age",
                           .type = FieldType::number,
                           .dim = 2,
                           .transform = Transform::buckets,
                           .bins = 3});
  config.tasks.push_back({"click", "click"});
  return config;
}

std::string text(const std::vector<std::string>& words, double first) {
  std::string rows = "word,age,click\n";
  for (const std::string& word : words) {
    rows += word + ',' + std::to_string(first) + ",1\n";
    first += 1;
  }
  return rows;
}

std::vector<std::uint32_t> ids(BatchSource& rows) {
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < rows.rows(); ++i) index.push_back(i);
  Batch batch;
  rows.read(index.data(), index.size(), batch);
  return batch.columns[0].ids;
}

}  // namespace

TEST_CASE("known words keep their rows, new ones come behind, statistics and edges stay") {
  const Schema config = schema();
  const TempDirectory scratch;
  const std::string cache = scratch / "cache";
  const std::string old = scratch.file("old.csv", text({"a", "b", "a", "b", "c"}, 10));
  const std::string later = scratch.file("new.csv", text({"d", "c", "b", "d", "e", "c"}, 1000));
  TrainingData first = build_training_data(config, {old}, cache, {});
  CHECK(ids(*first.dataset.rows) == std::vector<std::uint32_t>{1, 2, 1, 2, 0});

  for (const bool cached : {false, true}) {
    CAPTURE(cached);
    TrainingData grown = build_training_data(config, first.encoders, {later}, cache, {});
    CHECK(grown.dataset.from_cache == cached);
    // c was too rare and d is new: both in the order of their appearance now.
    CHECK(ids(*grown.dataset.rows) == std::vector<std::uint32_t>{3, 4, 2, 3, 0, 4});
    CHECK(grown.encoders.table_rows()[0] == 5);
    const CellCounts &before = first.encoders.training_counts(0), &now = grown.encoders.training_counts(0);
    CHECK(now.cells == before.cells + 6);
    CHECK(now.unknown == before.unknown + 5);  // d and c twice each, e once
    for (const TensorView& tensor : grown.encoders.tensors()) {
      if (tensor.name != "encoder.age.statistics" && tensor.name != "encoder.part.edges") continue;
      for (const TensorView& there : first.encoders.tensors()) {
        if (there.name != tensor.name) continue;
        CHECK(std::equal(tensor.data.begin(), tensor.data.end(), there.data.begin(), there.data.end()));
      }
    }
  }
  // The same file without growing, and as validation data, are other caches.
  CHECK_FALSE(build_training_data(config, {later}, cache, {}).dataset.from_cache);
  CHECK_FALSE(build_dataset(config, first.encoders, {later}, cache, {}).from_cache);
}

}  // namespace dcrnn::data
