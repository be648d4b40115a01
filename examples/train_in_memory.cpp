// Trains a model on arrays in memory and scores them: no file, no command line.
#include <dcrnn/dcrnn.hpp>

#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
  auto model = dcrnn::Model::create(R"({
    "fields": [{"name": "user", "type": "category", "encoding": "id", "size": 4, "dim": 4},
               {"name": "price", "type": "number", "transform": "none"}],
    "tasks": [{"name": "click"}, {"name": "buy", "after": "click"}],
    "train": {"dropout": 0, "optimizer": {"kind": "adam", "rate": 0.01}}})");
  if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;

  // Six rows: user 1 and 3 click, and buy what is cheap.
  const std::vector<std::uint32_t> user = {0, 1, 2, 3, 1, 3};
  const std::vector<double> price = {0.5, -1, 1, -0.7, 1, 0.9};
  const std::vector<std::int8_t> click = {0, 1, 0, 1, 1, 1}, buy = {0, 1, 0, 1, 0, 0};
  const dcrnn::Column columns[] = {dcrnn::Column::of_ids("user", user),
                                   dcrnn::Column::of_numbers("price", price)};
  const dcrnn::Labels labels[] = {{"click", click}, {"buy", buy}};
  const dcrnn::Rows rows = {user.size(), columns, labels, {}};

  auto trainer = dcrnn::Trainer::create(*model);
  if (!trainer) return std::fprintf(stderr, "%s\n", trainer.error().message.c_str()), 1;
  double loss = 0;
  for (int i = 0; i < 200; ++i) {
    const auto step = trainer->step(rows);
    if (!step) return std::fprintf(stderr, "%s\n", step.error().message.c_str()), 1;
    loss = step->loss;
  }

  auto scorer = dcrnn::Scorer::create(*model);
  if (!scorer) return std::fprintf(stderr, "%s\n", scorer.error().message.c_str()), 1;
  std::vector<float> p(user.size() * 2);  // [rows, tasks]
  if (const auto done = scorer->score(rows, p); !done)
    return std::fprintf(stderr, "%s\n", done.error().message.c_str()), 1;

  std::printf("loss %.4f\n", loss);
  for (std::size_t b = 0; b < user.size(); ++b) {
    std::printf("user %u, price %4.1f: click %.3f, buy %.3f\n", static_cast<unsigned>(user[b]), price[b],
                static_cast<double>(p[2 * b]), static_cast<double>(p[2 * b + 1]));
  }
  for (std::size_t b = 0; b < user.size(); ++b) {
    if ((p[2 * b] > 0.5F) != (click[b] == 1) || (p[2 * b + 1] > 0.5F) != (buy[b] == 1)) return 1;
  }
  return 0;
}
