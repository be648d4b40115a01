// Makes a model and scores a row, as an outside project would.
#include <dcrnn/dcrnn.hpp>

#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
  auto model = dcrnn::Model::create(
      R"({"fields": [{"name": "user", "type": "category", "encoding": "id", "size": 3, "dim": 2}],
          "tasks": [{"name": "click"}]})");
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().message.c_str());
    return 1;
  }
  auto scorer = dcrnn::Scorer::create(*model);
  if (!scorer) return 1;
  const std::vector<std::uint32_t> users = {2};
  const dcrnn::Column column = dcrnn::Column::of_ids("user", users);
  float probability = -1;
  if (!scorer->score({.count = 1, .columns = {&column, 1}, .labels = {}, .weights = {}}, {&probability, 1}))
    return 1;
  std::printf("%g\n", static_cast<double>(probability));
  return probability > 0 && probability < 1 ? 0 : 1;
}
