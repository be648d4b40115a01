// Checkpoints whose checksum is right and whose content is not: resuming refuses each and leaves it where it
// is.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <map>

#include "files/checksum.hpp"
#include "files/safetensors.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Forgery {
  std::map<std::string, std::string> metadata;
  std::vector<TensorView> tensors;
  std::vector<std::vector<float>> kept;  // values put in

  std::string& operator[](const std::string& entry) { return metadata["checkpoint." + entry]; }
  TensorView& tensor(const std::string& name) {
    for (TensorView& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    throw std::runtime_error("no tensor " + name);
  }
  /// Puts `value` into the middle of a tensor.
  void put(const std::string& name, float value) {
    TensorView& view = tensor(name);
    std::vector<float> values(view.data.size() / sizeof(float));
    std::memcpy(values.data(), view.data.data(), view.data.size());
    values[values.size() / 2] = value;
    kept.push_back(std::move(values));
    view.data = std::as_bytes(std::span<const float>(kept.back()));
  }
  void write(const std::string& path) {
    metadata.erase("checkpoint.checksum");
    files::Checksum sum;
    for (const auto& [key, value] : metadata) {
      sum.add(key);
      sum.add(value);
    }
    for (const TensorView& view : tensors) {
      sum.add(view.name);
      sum.add(view.data);
    }
    metadata["checkpoint.checksum"] = std::to_string(sum.value());
    files::write_tensors(path, metadata, tensors, OutputFile::Target::any);
  }
};

using Change = std::function<void(Forgery&)>;

/// Of a run of 3 epochs of 300 rows in steps of 64, stopped in the second after 128 rows.
const std::vector<std::pair<const char*, Change>> kForgeries = {
    {"an epoch past the last", [](Forgery& f) { f["epoch"] = "4"; }},
    {"the end, unfinished", [](Forgery& f) { f["epoch"] = "3"; }},
    {"an epoch before", [](Forgery& f) { f["epoch"] = "0"; }},
    {"a position past the end", [](Forgery& f) { f["position"] = "301"; }},
    {"a position far past the end", [](Forgery& f) { f["position"] = "18446744073709551615"; }},
    {"a position within a step", [](Forgery& f) { f["position"] = "100"; }},
    {"an earlier position", [](Forgery& f) { f["position"] = "64"; }},
    {"a negative position", [](Forgery& f) { f["position"] = "-1"; }},
    {"a position that is no number", [](Forgery& f) { f["position"] = "128 "; }},
    {"no position", [](Forgery& f) { f.metadata.erase("checkpoint.position"); }},
    {"other rows trained", [](Forgery& f) { f["rows_trained"] = "427"; }},
    {"no step", [](Forgery& f) { f["optimizer_steps"] = "0"; }},
    {"more steps", [](Forgery& f) { f["optimizer_steps"] = "18446744073709551615"; }},
    {"a loss that is NaN", [](Forgery& f) { f["loss_sum"] = "nan"; }},
    {"an infinite loss", [](Forgery& f) { f["loss_sum"] = "inf"; }},
    {"negative seconds", [](Forgery& f) { f["seconds"] = "-1"; }},
    {"seconds that are NaN", [](Forgery& f) { f["seconds"] = "nan"; }},
    {"no best epoch", [](Forgery& f) { f["has_best"] = "0"; }},
    {"maybe a best epoch", [](Forgery& f) { f["has_best"] = "2"; }},
    {"a best score that is NaN", [](Forgery& f) { f["best_score"] = "nan"; }},
    {"a best epoch to come", [](Forgery& f) { f["best_epoch"] = "1"; }},
    {"too many epochs since the best", [](Forgery& f) { f["epochs_since_best"] = "7"; }},
    {"finished in the middle", [](Forgery& f) { f["finished"] = "1"; }},
    {"of other data", [](Forgery& f) { f["fingerprint"] = "1"; }},
    {"of another format", [](Forgery& f) { f["format"] = "2\x1b[31m"; }},
    {"of no config", [](Forgery& f) { f.metadata["dcrnn"] = "{"; }},
    {"of a config with a NUL byte", [](Forgery& f) { f.metadata["dcrnn"] += std::string("\0{}", 3); }},
    {"of a config nested too deep", [](Forgery& f) { f.metadata["dcrnn"] = std::string(100000, '['); }},
    {"a parameter that is NaN", [](Forgery& f) { f.put("head.click.weight", kNaN); }},
    {"an infinite parameter", [](Forgery& f) { f.put("cross.weight_ih", kInfinity); }},
    {"a first moment that is NaN", [](Forgery& f) { f.put("optimizer.0", kNaN); }},
    {"a negative second moment", [](Forgery& f) { f.put("optimizer.1", -1.0F); }},
    {"best parameters that are infinite", [](Forgery& f) { f.put("best", -kInfinity); }},
    {"a tensor of another shape",
     [](Forgery& f) { f.tensor("cross.weight_hh").shape = {f.tensor("cross.weight_hh").data.size() / 4}; }},
    {"a tensor by another name", [](Forgery& f) { f.tensor("optimizer.1").name = "optimizer.2"; }},
    {"no best parameters", [](Forgery& f) { f.tensor("best").name = "worst"; }},
    {"a tensor of integers", [](Forgery& f) { f.tensor("head.click.bias").dtype = DType::u32; }},
};

}  // namespace

TEST_CASE("a forged checkpoint is refused and kept") {
  const ScratchDirectory scratch;
  write_text(scratch.file("train.csv"), SmallTable(300, 1).csv());
  write_text(scratch.file("valid.csv"), SmallTable(120, 2).csv());
  FitJob job;
  job.config_json = learned_config("\"epochs\": 3, \"batch\": 64");
  job.train = {scratch.file("train.csv")};
  job.valid = {scratch.file("valid.csv")};
  job.model = scratch.file("m");
  job.progress = [](const JobProgress& p) { return p.stage == "reading" || p.epoch < 2 || p.done < 128; };
  REQUIRE(fit(job).error().code == ErrorCode::stopped);
  job.progress = nullptr;
  job.resume = true;
  const std::string path = job.model + ".checkpoint";
  const std::string good = read_text(path);

  CHECK(kForgeries.size() >= 30);
  for (const auto& forgery : kForgeries) {
    CAPTURE(forgery.first);
    write_text(path, good);
    const files::TensorFile file(path);
    Forgery forged{file.metadata(), file.tensors(), {}};
    forgery.second(forged);
    forged.write(path);
    const std::string bytes = read_text(path);
    const auto report = fit(job);
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().code == ErrorCode::model);
    CHECK(contains(report.error().message, path + ": "));
    CHECK(report.error().message.find_first_of(std::string("\x1b\n\0", 3)) == std::string::npos);
    CHECK(read_text(path) == bytes);
  }
  // Unchanged but sealed again it is taken, and ends as the run would have.
  write_text(path, good);
  const files::TensorFile file(path);
  Forgery{file.metadata(), file.tensors(), {}}.write(path);
  CHECK(read_text(path) == good);
  REQUIRE(fit(job).ok());
  const std::string resumed = read_text(job.model);
  job.resume = false;
  REQUIRE(fit(job).ok());
  CHECK(read_text(job.model) == resumed);
}
