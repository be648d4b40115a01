// Models as files: what is written reads back, and what is not right is refused by name.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>

#include "core/file.hpp"
#include "files/safetensors.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

/// The content of a model file, to be changed and written again.
struct Content {
  std::map<std::string, std::string> metadata;
  std::vector<TensorView> tensors;

  TensorView& operator[](const std::string& name) {
    for (TensorView& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    throw std::runtime_error("no tensor " + name);
  }
};

/// What loading says once `change` has been made to a good model file.
Error error_after(const std::function<void(Content&)>& change) {
  const ScratchDirectory scratch;
  const std::string good = scratch.file("good"), bad = scratch.file("bad");
  REQUIRE(Model::create(small_config())->save(good).ok());
  const files::TensorFile file(good);
  Content content{file.metadata(), file.tensors()};
  change(content);
  files::write_tensors(bad, content.metadata, content.tensors, OutputFile::Target::any);
  const auto model = Model::load(bad);
  if (model.ok()) return {ErrorCode::internal, "(loaded)", ""};
  CHECK(contains(model.error().message, bad));
  return model.error();
}

}  // namespace

TEST_CASE("a model reads back as it was, byte for byte") {
  const ScratchDirectory scratch;
  const auto model = Model::create(small_config());
  REQUIRE(model.ok());
  REQUIRE(model->save(scratch.file("a")).ok());
  const auto loaded = Model::load(scratch.file("a"));
  REQUIRE_MESSAGE(loaded.ok(), loaded.error().message);
  CHECK(loaded->config() == model->config());
  CHECK(loaded->fields() == std::vector<std::string>{"user", "item", "tags", "x"});
  CHECK(loaded->tasks() == std::vector<std::string>{"click", "consume"});
  const auto a = model->parameters(), b = loaded->parameters();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].name == b[i].name);
    CHECK(std::equal(a[i].values.begin(), a[i].values.end(), b[i].values.begin(), b[i].values.end()));
  }
  REQUIRE(loaded->save(scratch.file("b")).ok());
  CHECK(read_text(scratch.file("a")) == read_text(scratch.file("b")));
  CHECK(scratch.entries() == 2);  // no temporaries
}

TEST_CASE("learned encoders come along") {
  const ScratchDirectory scratch;
  write_text(scratch.file("train.csv"), SmallTable(200).csv());
  FitJob job;
  job.config_json = learned_config("\"epochs\": 1, \"batch\": 64");
  job.train = {scratch.file("train.csv")};
  job.model = scratch.file("m");
  REQUIRE(fit(job).ok());
  const auto model = Model::load(job.model);
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  REQUIRE(model->save(scratch.file("again")).ok());
  CHECK(read_text(job.model) == read_text(scratch.file("again")));
  const auto info = inspect(*model);
  REQUIRE(info.ok());
  // Two vocabularies, statistics, edges; the counts of five fields, the seen rows of one.
  CHECK(info->encoders.size() == 2 + 2 + 1 + 1 + 5 + 1);
}

TEST_CASE("a file by somebody else, with keys left out, is a model") {
  CHECK(error_after([](Content& c) {
          c.metadata["dcrnn"] = small_config();  // no format, no defaults written out
          c.metadata["author"] = "somebody else";
          std::reverse(c.tensors.begin(), c.tensors.end());
        }).message == "(loaded)");
}

TEST_CASE("what is wrong is named") {
  const auto check = [](const std::function<void(Content&)>& change, const std::string& part) {
    const Error error = error_after(change);
    CAPTURE(error.message);
    CHECK(error.code == ErrorCode::model);
    CHECK(contains(error.message, part));
    CHECK_FALSE(contains(error.message, "\n"));
  };
  check([](Content& c) { c.metadata.erase("dcrnn"); }, "not a model of this program");
  check([](Content& c) { c.metadata["checkpoint.format"] = "1"; }, "a checkpoint, not a model");
  check([](Content& c) { c.metadata["dcrnn"] = "{\"fields\": 3}"; }, "fields");
  check([](Content& c) { c.metadata["dcrnn"] = "{\"fields\": ["; }, "");
  check([](Content& c) { c.metadata["dcrnn"] = *set_config_value(small_config(), "format=2"); },
        "written by a newer version");
  check([](Content& c) { c.metadata["dcrnn"] = R"({"format": 2, "novelty": {}})"; },
        "written by a newer version");
  check([](Content& c) { c.tensors.pop_back(); }, "tensor \"head.consume.bias\": missing");
  check([](Content& c) { c["head.click.bias"].name = "head.clack.bias"; },
        "tensor \"head.click.bias\": missing");
  const float one = 1;
  check(
      [&](Content& c) {
        c.tensors.push_back(tensor_view<float>("extra", {1}, {&one, 1}));
      },
      "tensor \"extra\": the config has no such parameter");
  check(
      [&](Content& c) {
        c.tensors.push_back(tensor_view<float>("encoder.user.edges", {1}, {&one, 1}));
      },
      "encoder.user.edges");
  check(
      [](Content& c) {
        c["embedding.user.weight"].shape = {25, 8};
      },
      "tensor \"embedding.user.weight\": found shape [25, 8], want [50, 4]");
  const double zero = 0;
  check(
      [&](Content& c) {
        c["head.click.bias"] = tensor_view<double>("head.click.bias", {1}, {&zero, 1});
      },
      "tensor \"head.click.bias\": found F64, want F32");
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    check(
        [&](Content& c) {
          c["head.click.bias"] = tensor_view<float>("head.click.bias", {1}, {&bad, 1});
        },
        "tensor \"head.click.bias\": element 0 is ");
  }
  check([](Content& c) { c.metadata["dcrnn"] = learned_config(); }, "encoder.");
}

TEST_CASE("a size that no file backs is refused before memory is asked for") {
  const Error error = error_after([](Content& c) {
    c.metadata["dcrnn"] = *set_config_value(small_config(), "fields.0.size=4000000000");
  });
  CHECK(error.code == ErrorCode::model);
  CHECK(contains(error.message, "want [4000000000, 4]"));
}

TEST_CASE("a cut or changed file never loads as something else, never crashes") {
  const ScratchDirectory scratch;
  REQUIRE(Model::create(small_config())->save(scratch.file("m")).ok());
  const std::string bytes = read_text(scratch.file("m"));
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 7) {
    write_text(scratch.file("cut"), bytes.substr(0, size));
    const auto model = Model::load(scratch.file("cut"));
    REQUIRE_FALSE(model.ok());
    CHECK(model.error().code == ErrorCode::model);
  }
  std::size_t changes = 0, refused = 0;
  for (std::size_t at = 0; at < 1500; at += 3) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x11);
    write_text(scratch.file("changed"), changed);
    const auto model = Model::load(scratch.file("changed"));
    ++changes;
    if (model.ok()) continue;
    ++refused;
    CHECK((model.error().code == ErrorCode::model || model.error().code == ErrorCode::memory));
  }
  // What loads is another value of a key that no shape depends on.
  CAPTURE(refused);
  CHECK(refused * 100 >= changes * 95);
}

TEST_CASE("files that cannot be opened or written are io errors") {
  const ScratchDirectory scratch;
  CHECK(Model::load(scratch.file("absent")).error().code == ErrorCode::io);
  CHECK(Model::load(scratch.path()).error().code == ErrorCode::io);
  const auto model = Model::create(small_config());
  CHECK(model->save(scratch.file("no/such")).error().code == ErrorCode::io);
  CHECK(model->save("/dev/null").error().code == ErrorCode::io);
  CHECK(model->save("-").error().code == ErrorCode::io);
}

TEST_CASE("a failing write leaves the old model") {
  const ScratchDirectory scratch;
  auto model = Model::create(small_config());
  REQUIRE(model->save(scratch.file("m")).ok());
  const std::string before = read_text(scratch.file("m"));
  const std::vector<float> bias = {0.5F};
  REQUIRE(model->set_parameter("head.click.bias", bias).ok());
  for (int failing = 0; failing < 20; ++failing) {
    int count = 0;
    set_file_fault([&](FileOp, const std::string&) { return count++ == failing ? 28 : 0; });  // ENOSPC
    const auto saved = model->save(scratch.file("m"));
    set_file_fault(nullptr);
    if (saved.ok()) {
      CHECK(failing > 3);
      break;
    }
    CHECK(saved.error().code == ErrorCode::io);
    REQUIRE(Model::load(scratch.file("m")).ok());
    CHECK(scratch.entries() == 1);
  }
  CHECK(read_text(scratch.file("m")) != before);
}

TEST_CASE("parameters can be set by name") {
  auto model = Model::create(small_config());
  const std::vector<float> two = {1, 2}, one = {0.25F}, nan = {std::nanf("")};
  CHECK(model->set_parameter("head.click.bias", one).ok());
  CHECK(model->set_parameter("head.click.bias", two).error().code == ErrorCode::usage);
  CHECK(model->set_parameter("head.click.bias", nan).error().code == ErrorCode::usage);
  CHECK(model->set_parameter("nothing", one).error().code == ErrorCode::usage);
  for (const ParameterView& p : model->parameters()) {
    if (p.name == "head.click.bias") CHECK(p.values[0] == 0.25F);
  }
}

TEST_CASE("a fresh model needs fields that need no data") {
  const auto model = Model::create(learned_config());
  REQUIRE_FALSE(model.ok());
  CHECK(model.error().code == ErrorCode::usage);
  CHECK(Model::create("{").error().code == ErrorCode::usage);
  // More parameters than an address space holds.
  const auto huge = Model::create(*set_config_value(
      *set_config_value(small_config(), "fields.0.size=4000000000"), "fields.0.dim=1000000000"));
  REQUIRE_FALSE(huge.ok());
  CHECK((huge.error().code == ErrorCode::memory || huge.error().code == ErrorCode::usage));
}
