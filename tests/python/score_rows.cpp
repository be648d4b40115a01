// score_rows MODEL CSV OUT: the rows through the Scorer of C++, then through that of C, every cell as the
// text that stands in the file; OUT is the probabilities of both, [2, n, T] floats.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/csv.hpp"
#include "dcrnn/dcrnn.h"
#include "dcrnn/dcrnn.hpp"

namespace {

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "score_rows: %s\n", message.c_str());
  std::exit(1);
}

/// One column: its name among those of the model, and its cells.
struct TextColumn {
  std::string name;
  std::size_t column;  // of the file
  std::deque<std::string> cells;
  std::vector<std::string_view> views;
  std::vector<const char*> pointers;
};

std::vector<TextColumn> read(const dcrnn::Model& model, const std::string& path) {
  dcrnn::data::CsvReader csv(path);
  dcrnn_bytes* json = nullptr;
  if (dcrnn_columns(model.config().c_str(), &json, nullptr) != DCRNN_OK) fail("no columns");
  std::vector<TextColumn> columns;
  for (const auto& one : nlohmann::json::parse(dcrnn_bytes_data(json))) {
    const auto at = std::find(csv.header().begin(), csv.header().end(), one["column"].get<std::string>());
    columns.push_back({one["name"], static_cast<std::size_t>(at - csv.header().begin()), {}, {}, {}});
  }
  dcrnn_bytes_free(json);
  while (csv.next()) {
    for (TextColumn& column : columns) column.cells.emplace_back(csv.cell(column.column));
  }
  for (TextColumn& column : columns) {
    column.views.assign(column.cells.begin(), column.cells.end());
    for (const std::string& cell : column.cells) column.pointers.push_back(cell.c_str());
  }
  return columns;
}

std::vector<float> score(const dcrnn::Model& model, const std::vector<TextColumn>& from, std::size_t count) {
  std::vector<dcrnn::Column> columns;
  for (const TextColumn& column : from) columns.push_back(dcrnn::Column::of_text(column.name, column.views));
  std::vector<float> p(count * model.tasks().size());
  auto scorer = dcrnn::Scorer::create(model);
  const auto done = scorer->score({count, columns, {}, {}}, p);
  if (!done.ok()) fail(done.error().message);
  return p;
}

std::vector<float> score_in_c(const std::string& path, const std::vector<TextColumn>& from,
                              std::size_t count) {
  std::vector<dcrnn_column> columns;
  for (const TextColumn& column : from) {
    columns.push_back({column.name.c_str(), nullptr, nullptr, nullptr, column.pointers.data()});
  }
  const dcrnn_rows rows = {count, columns.data(), columns.size(), nullptr, 0, nullptr};
  dcrnn_error error;
  dcrnn_model* model = nullptr;
  dcrnn_scorer* scorer = nullptr;
  if (dcrnn_model_load(path.c_str(), &model, &error) != DCRNN_OK) fail(error.message);
  if (dcrnn_scorer_create(model, 1, nullptr, &scorer, &error) != DCRNN_OK) fail(error.message);
  std::vector<float> p(count * dcrnn_model_task_count(model));
  if (dcrnn_scorer_score(scorer, &rows, p.data(), nullptr, &error) != DCRNN_OK) fail(error.message);
  dcrnn_scorer_free(scorer);
  dcrnn_model_free(model);
  return p;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("give MODEL CSV OUT");
  const auto model = dcrnn::Model::load(argv[1]);
  if (!model.ok()) fail(model.error().message);
  const std::vector<TextColumn> columns = read(*model, argv[2]);
  const std::size_t count = columns.at(0).cells.size();
  std::ofstream out(argv[3], std::ios::binary);
  for (const std::vector<float>& p : {score(*model, columns, count), score_in_c(argv[1], columns, count)}) {
    out.write(reinterpret_cast<const char*>(p.data()),
              static_cast<std::streamsize>(p.size() * sizeof(float)));
  }
  return out ? 0 : 1;
}
