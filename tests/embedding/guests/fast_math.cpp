// A host compiled with -ffast-math: the headers serve it, and the library still sees its NaN.
#include <dcrnn/dcrnn.hpp>
#include <limits>
#include <vector>

int main() {
  const char* config =
      R"({"fields": [{"name": "x", "type": "number", "transform": "none"}], "tasks": [{"name": "click"}]})";
  auto model = dcrnn::Model::create(config);
  if (!model) return 1;
  auto scorer = dcrnn::Scorer::create(*model);
  if (!scorer) return 1;
  std::vector<double> x = {0.5};
  std::vector<float> p(1);
  const auto score = [&] {
    const std::vector<dcrnn::Column> columns = {dcrnn::Column::of_numbers("x", x)};
    return scorer->score({1, columns, {}, {}}, p).ok();
  };
  if (!score() || !(p[0] > 0 && p[0] < 1)) return 1;
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    x[0] = bad;
    if (score()) return 1;
  }
  const std::vector<float> bias = {std::numeric_limits<float>::quiet_NaN()};
  return model->set_parameter("head.click.bias", bias).ok() ? 1 : 0;
}
