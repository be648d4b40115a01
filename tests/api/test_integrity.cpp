// A model file that is damaged or put together from two is refused; one that says the same is not.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "files/safetensors.hpp"
#include "tests/campaign.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

using Metadata = std::map<std::string, std::string>;

/// A model with learned encoders in the file `m`, and another one, of the same shapes, in `other`.
struct Setting {
  explicit Setting(const std::string& config = learned_config("\"epochs\": 1, \"batch\": 64")) {
    write_text(scratch.file("train.csv"), SmallTable(200).csv());
    for (const std::string name : {"m", "other"}) {
      FitJob job;
      job.config_json = *set_config_value(config, name == "m" ? "train.seed=1" : "train.seed=2");
      job.train = {scratch.file("train.csv")};
      job.model = scratch.file(name);
      job.cache = scratch.file("cache");
      const auto report = fit(job);
      REQUIRE_MESSAGE(report.ok(), report.error().message);
    }
  }
  std::string model() const { return scratch.file("m"); }

  /// What loading says of a file of this content.
  Error error_of(const Metadata& metadata, const std::vector<TensorView>& tensors) const {
    files::write_tensors(scratch.file("changed"), metadata, tensors, OutputFile::Target::any);
    const auto loaded = Model::load(scratch.file("changed"));
    return loaded ? Error{ErrorCode::internal, "(loaded)", ""} : loaded.error();
  }

  ScratchDirectory scratch;
};

/// Everything a loaded model holds, as its file would say it.
std::string content_of(const Model& model, const std::string& path) {
  REQUIRE(model.save(path).ok());
  return read_text(path);
}

/// Loads damaged files and sorts them: refused, the same all the same, or other.
class Damage {
 public:
  explicit Damage(const Setting& setting)
      : setting_(setting), path_(setting.scratch.file("damaged")), good_(read_text(setting.model())) {}

  const std::string& good() const { return good_; }

  void load(const std::string& bytes, std::size_t at) {
    write_text(path_, bytes);
    const auto model = Model::load(path_);
    if (!model.ok()) {
      REQUIRE_FALSE(model.error().message.empty());
      REQUIRE((model.error().code == ErrorCode::model || model.error().code == ErrorCode::memory));
      ++refused;
    } else if (content_of(*model, setting_.scratch.file("again")) == good_) {
      same.push_back(at);
    } else {
      other.push_back(at);
    }
  }

  std::size_t refused = 0;
  std::vector<std::size_t> same, other;  // places

 private:
  const Setting& setting_;
  std::string path_, good_;
};

}  // namespace

TEST_CASE("a model file carries its checksum, and says so") {
  const Setting setting;
  const files::TensorFile file(setting.model());
  const std::string text = file.metadata().at("dcrnn");
  const auto model = Model::load(setting.model());
  REQUIRE(model.ok());
  const std::string checksum = inspect(*model)->checksum;
  CHECK(checksum.size() == 16);
  CHECK(text.ends_with(",\"checksum\":\"" + checksum + "\"}"));
  CHECK_FALSE(contains(inspect(*model)->config_json, "checksum"));
  CHECK(inspect(*Model::create(small_config()))->checksum.empty());
}

TEST_CASE("written anew by another writer it is still the same model") {
  const Setting setting;
  const files::TensorFile file(setting.model());
  std::vector<TensorView> tensors = file.tensors();
  std::reverse(tensors.begin(), tensors.end());
  Metadata metadata = file.metadata();
  metadata["author"] = "somebody";
  CHECK(setting.error_of(metadata, tensors).message == "(loaded)");
}

TEST_CASE("without a checksum a model loads as before") {
  const Setting setting;
  const files::TensorFile file(setting.model());
  Metadata metadata = file.metadata();
  std::string& text = metadata["dcrnn"];
  text = text.substr(0, text.find(",\"checksum\"")) + "}";
  CHECK(setting.error_of(metadata, file.tensors()).message == "(loaded)");
  const auto model = Model::load(setting.scratch.file("changed"));
  REQUIRE(model.ok());
  CHECK(inspect(*model)->checksum.empty());
  CHECK(content_of(*model, setting.scratch.file("again")) == read_text(setting.model()));
}

TEST_CASE("what is changed is refused, and the help says how to take the checksum out") {
  const Setting setting;
  const files::TensorFile file(setting.model()), other(setting.scratch.file("other"));
  const auto check = [&](const Metadata& metadata, const std::vector<TensorView>& tensors) {
    const Error error = setting.error_of(metadata, tensors);
    CAPTURE(error.message);
    CHECK(error.code == ErrorCode::model);
    CHECK(contains(error.message, "checksum"));
    CHECK(contains(error.help, "take \"checksum\" out of the config"));
  };
  // One tensor of another model.
  for (std::size_t i = 0; i < file.tensors().size(); ++i) {
    std::vector<TensorView> tensors = file.tensors();
    const TensorView& spliced = *other.find(tensors[i].name);
    if (std::equal(spliced.data.begin(), spliced.data.end(), tensors[i].data.begin())) continue;
    tensors[i] = spliced;
    check(file.metadata(), tensors);
  }
  check(other.metadata(), file.tensors());
  // A key of the config, what is written between keys, and the checksum itself.
  const std::string good = file.metadata().at("dcrnn");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    check({{"dcrnn", text}}, file.tensors());
  };
  with("\"rate\":", "\"rate\": ");
  with("\"seed\":1", "\"seed\":3");
  with("\"checksum\":\"", "\"checksum\":\"0");
  with(good.substr(good.size() - 18), "0000000000000000\"}");
  with(good.substr(good.size() - 18), "\"}");
  with("\"" + good.substr(good.size() - 18), "7}");
}

TEST_CASE("a checksum is a key of model files only") {
  const auto model = Model::create(*set_config_value(small_config(), "checksum=\"0123456789abcdef\""));
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::usage);
  CHECK(contains(model.error().message, "unknown key \"checksum\""));
}

TEST_CASE("every flip of a bit and every shorter file: refused, or the same") {
  // About 64 kB.
  const Setting setting(*set_config_value(learned_config("\"epochs\": 1, \"batch\": 64"),
                                          "sharing=[{\"shared\": 184, \"private\": 92}]"));
  Damage flips(setting), cuts(setting);
  const std::size_t size = flips.good().size();
  MESSAGE(size << " bytes");
  CHECK(size > 56000);
  CHECK(size < 80000);
  for (const std::size_t bit : drawn_cases(8 * size, 1500)) {
    std::string bytes = flips.good();
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    flips.load(bytes, bit / 8);
  }
  for (const std::size_t length : drawn_cases(size, 300)) cuts.load(cuts.good().substr(0, length), length);
  MESSAGE("flips: " << flips.refused << " refused, " << flips.same.size()
                    << " the same; shorter files: " << cuts.refused << " refused");
  for (const std::size_t at : flips.same) MESSAGE("the same in spite of a flip in byte " << at);
  CHECK(flips.other.empty());
  CHECK(cuts.other.empty());
  CHECK(cuts.same.empty());
}

TEST_CASE("a cache that is changed under a run ends it, and the run goes on from its checkpoint") {
  const ScratchDirectory scratch;
  write_text(scratch.file("train.csv"), SmallTable(300).csv());
  FitJob job;
  job.config_json = learned_config("\"epochs\": 3, \"batch\": 64");
  job.train = {scratch.file("train.csv")};
  job.model = scratch.file("whole");
  REQUIRE(fit(job).ok());
  job.model = scratch.file("m");
  const auto change = [&](const std::function<void(const std::string&)>& how) {
    job.progress = [&job, how](const JobProgress& progress) {
      if (progress.epoch == 2 && progress.done == 128) {
        how(std::filesystem::directory_iterator(job.model + ".cache")->path());
      }
      return true;
    };
    const auto report = fit(job);
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().code == ErrorCode::io);
    CHECK(contains(report.error().message, "was changed while it was in use"));
    REQUIRE(std::filesystem::exists(job.model + ".checkpoint"));
    job.progress = nullptr;
    job.resume = true;
    REQUIRE(fit(job).ok());
    job.resume = false;
    CHECK(read_text(job.model) == read_text(scratch.file("whole")));
    std::filesystem::remove(job.model);
  };
  change([](const std::string& cache) { std::filesystem::resize_file(cache, 100); });
  change([](const std::string& cache) {
    const std::string zeros(std::filesystem::file_size(cache), '\0');
    std::fstream(cache, std::ios::binary | std::ios::in | std::ios::out)
        .write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
  });
}
