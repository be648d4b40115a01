// The golden cases: every activation, loss and gradient against an independent implementation, for every
// instruction set in float and for the reference in double. Through the library, with one thread and with
// two, the further cases outside the project included; tests/app/test_golden.py asks the program for the
// same numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "dcrnn/dcrnn.hpp"
#include "files/safetensors.hpp"
#include "tests/scratch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace dcrnn;

std::vector<fs::path> cases() {
  const fs::path source = DCRNN_SOURCE_DIR;
  const char* data = std::getenv("DCRNN_DATA");
  const fs::path further =
      (data != nullptr ? fs::path(data) : source / ".." / "shared" / "data").parent_path();
  // Committed cases have the contents of cases outside; what only shares a name is another case.
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : {source / "tests" / "golden", further / "golden", further / "golden-kinds",
                                 further / "golden-ingredients"}) {
    if (!fs::exists(folder)) {
      MESSAGE("SKIPPED: the golden cases of " << folder << " are not there");
      continue;
    }
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (fs::exists(entry.path() / "model.safetensors"))
        found.emplace(test::read_text(entry.path() / "model.safetensors"), entry.path());
    }
  }
  std::vector<fs::path> paths;
  for (const auto& [name, path] : found) paths.push_back(path);
  return paths;
}

std::vector<double> values(const TensorView& tensor) {
  REQUIRE((tensor.dtype == DType::f32 || tensor.dtype == DType::f64));
  std::vector<double> result(tensor.data.size() / size_of(tensor.dtype));
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (tensor.dtype == DType::f32) {
      float value;
      std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
      result[i] = static_cast<double>(value);
    } else {
      std::memcpy(&result[i], tensor.data.data() + i * sizeof(double), sizeof(double));
    }
  }
  return result;
}

void compare(const TensorView& got, const TensorView& want, double tolerance) {
  CAPTURE(want.name);
  REQUIRE(got.shape == want.shape);
  const std::vector<double> a = values(got), b = values(want);
  double largest = 0, worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    largest = std::max(largest, std::abs(b[i]));
    const double error = std::isfinite(a[i]) ? std::abs(a[i] - b[i]) : INFINITY;
    if (error > worst) {
      worst = error;
      at = i;
    }
  }
  CAPTURE(at);
  CAPTURE(largest);
  CHECK(worst <= tolerance * largest);
}

void check_case(const fs::path& path, Precision precision, const std::string& isa, int threads) {
  CAPTURE(path.string());
  CAPTURE(isa);
  CAPTURE(threads);
  const auto model = Model::load(path / "model.safetensors");
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  const test::ScratchDirectory scratch;
  const std::string out = scratch.file("trace.safetensors");
  const auto traced = trace_file(*model, path / "rows.csv", out, precision, {threads, isa});
  REQUIRE_MESSAGE(traced.ok(), traced.error().message);

  const files::TensorFile got(out), want(path / "expected.safetensors");
  std::set<std::string> got_names, want_names;
  for (const TensorView& tensor : got.tensors()) {
    got_names.insert(tensor.name);
    CHECK(tensor.dtype == (precision == Precision::f32 ? DType::f32 : DType::f64));
  }
  for (const TensorView& tensor : want.tensors()) want_names.insert(tensor.name);
  CHECK(got_names == want_names);
  for (const TensorView& tensor : want.tensors()) {
    const TensorView* found = got.find(tensor.name);
    if (found != nullptr) compare(*found, tensor, precision == Precision::f32 ? 2e-5 : 1e-12);
  }
}

}  // namespace

TEST_CASE("golden cases in double, by the reference") {
  for (const fs::path& path : cases()) check_case(path, Precision::f64, "auto", 1);
}

TEST_CASE("golden cases in float, by every instruction set") {
  REQUIRE(cases().size() >= 19);
  for (const std::string& isa : instruction_sets()) {
    for (const fs::path& path : cases()) check_case(path, Precision::f32, isa, isa == "reference" ? 1 : 2);
  }
}

TEST_CASE("the model part of a golden config is the config of its model") {
  for (const fs::path& path : cases()) {
    CAPTURE(path.string());
    const auto model = Model::load(path / "model.safetensors");
    REQUIRE(model.ok());
    const auto fresh = Model::create(test::read_text(path / "config.json"));
    const std::string only_trained = "only be encoded after training";
    if (!fresh.ok() && fresh.error().message.find(only_trained) != std::string::npos) continue;
    REQUIRE_MESSAGE(fresh.ok(), fresh.error().message);
    CHECK(fresh->config() == model->config());
  }
}
