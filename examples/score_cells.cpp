// Scores one row given as cells, as they would stand in a CSV file:  score_cells MODEL user_id=u17 age=34 ...
#include <dcrnn/dcrnn.hpp>

#include <cstdio>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: score_cells MODEL FIELD=CELL...\n"), 2;
  auto model = dcrnn::Model::load(argv[1]);
  if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
  auto scorer = dcrnn::Scorer::create(*model, {.threads = 1, .isa = "auto"});
  if (!scorer) return std::fprintf(stderr, "%s\n", scorer.error().message.c_str()), 1;

  std::vector<std::string_view> cells;  // one per field: a column of one row
  for (int i = 2; i < argc; ++i) {
    const std::string_view text = argv[i];
    cells.push_back(text.substr(text.find('=') + 1));
  }
  std::vector<dcrnn::Column> columns;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string_view text = argv[i + 2];
    columns.push_back(dcrnn::Column::of_text(text.substr(0, text.find('=')), {&cells[i], 1}));
  }

  std::vector<float> p(model->tasks().size());  // [1, T]
  const auto done = scorer->score({.count = 1, .columns = columns, .labels = {}, .weights = {}}, p);
  if (!done)
    return std::fprintf(stderr, "%s\n%s\n", done.error().message.c_str(), done.error().help.c_str()), 1;
  for (std::size_t t = 0; t < p.size(); ++t) {
    std::printf("%s %.6g\n", model->tasks()[t].c_str(), static_cast<double>(p[t]));
  }
  return 0;
}
