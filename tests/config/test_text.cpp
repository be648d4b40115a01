#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "config/set_value.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "train/config.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

constexpr const char* kMinimal =
    R"({"tasks":[{"name":"t","label":"y"}],"fields":[{"name":"x","type":"number"}],"train":{"seed":1}})";

/// One config of every shape.
Config rich_config() {
  Config config = parse_config(kMinimal, "c");
  Field hash{
      .name = "h", .column = "c\"\\ \xC3\xA9", .type = FieldType::category, .encoding = Encoding::hash};
  hash.size = 4294967295;
  Field bag{.name = "b", .column = "b", .type = FieldType::bag, .encoding = Encoding::vocab};
  bag.pool = Pool::sum;
  bag.separator = "\t";
  Field buckets{.name = "q", .column = "x", .type = FieldType::number, .transform = Transform::buckets};
  buckets.bins = 3;
  config.model.fields.insert(config.model.fields.end(), {hash, bag, buckets});
  config.model.tasks.push_back({"u-2", "z", 0, 0.1});
  config.model.tasks.push_back({"v_3", "w", 1, 1e-300});
  config.model.weight = "w";
  config.model.cross = model::GruCross::Config{model::Candidate::tanh, 0, false};
  config.model.sharing = {model::Partial::Config{3, 0, model::Gate::fixed},
                          model::Partial::Config{0, 2, model::Gate::none}};
  config.model.tower = {};
  config.model.transfer = model::NoTransfer::Config{};
  config.model.chain = false;
  config.train.seed = 18446744073709551615u;
  config.train.optimizer = {OptimizerKind::adagrad, 0.1 + 0.2, 1.0 / 3, 0, 5e-20, 0.99, 1e30};
  config.train.schedule = {ScheduleKind::cosine, 1.0 / 7, 0.1};
  config.train.dropout = {0.1, 0, 0.7};
  config.train.early_stopping = {"v_3", Metric::logloss, 4};
  config.model.calibrator = 0.1;
  config.model.weighting = model::Weighting::uncertainty;
  config.model.gradients = model::Combination::pcgrad;
  config.train.checkpoint_seconds = 0.1;
  config.train.interference = 20;
  return config;
}

}  // namespace

TEST_CASE("the written config is one fixed line") {
  const std::string text = to_json(parse_config(kMinimal, "c"));
  const std::string model =
      R"({"format":1,"fields":[{"name":"x","column":"x","type":"number","transform":"standardize"}],)"
      R"("tasks":[{"name":"t","label":"y","weight":1.0}],)"
      R"("cross":{"kind":"gru","candidate":"cross","layers":3,"tied":true},)"
      R"("sharing":[{"shared":64,"private":32,"gate":"input"}],"tower":[32],"transfer":"gru",)"
      R"("probability":"chain","train":{"epochs":)";
  CHECK(text.substr(0, model.size()) == model);
  CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("a config written and read is the same config") {
  for (const Config& config : {parse_config(kMinimal, "c"), rich_config()}) {
    const std::string text = to_json(config);
    CAPTURE(text);
    const Config again = parse_config(text, "again");
    CHECK(again == config);
    CHECK(to_json(again) == text);
  }
}

TEST_CASE("the golden configs are read and come back") {
  const std::filesystem::path golden = std::filesystem::path(DCRNN_SOURCE_DIR) / "tests/golden";
  REQUIRE(std::filesystem::is_directory(golden));
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    if (!std::filesystem::exists(entry.path() / "model.safetensors")) continue;
    ++cases;
    const std::string path = (entry.path() / "config.json").string();
    CAPTURE(path);
    const Config config = parse_config(read_text(path), path);
    CHECK(parse_config(to_json(config), path) == config);
    CHECK(config.train == TrainConfig{});
  }
  CHECK(cases >= 19);
}

TEST_CASE("single values are set by their path") {
  const auto set = [](const std::string& assignment) {
    return parse_config(assign_config_value(kMinimal, assignment, "c"), "c");
  };
  CHECK(set("train.epochs=3").train.epochs == 3);
  CHECK(set("train.seed=7").train.seed == 7);
  CHECK(set("train.optimizer.kind=adamw").train.optimizer.kind == OptimizerKind::adamw);
  CHECK(set("train.optimizer.kind=\"sgd\"").train.optimizer.kind == OptimizerKind::sgd);
  CHECK(set("tower=[64,32]").model.tower == std::vector<std::size_t>{64, 32});
  CHECK(set("fields.0.transform=none").model.fields[0].transform == Transform::none);
  CHECK(std::get<model::GruCross::Config>(set("cross.tied=false").model.cross).tied == false);
  CHECK(set("tasks.0.label=a=b").model.tasks[0].label == "a=b");
  CHECK(set("weight=null").model.weight.empty());
  CHECK(std::get<model::Partial::Config>(set("sharing=[{\"shared\":1}]").model.sharing[0]).shared_units == 1);
  CHECK(set("train.dropout=0.25").train.dropout.tower == 0.25);
}

TEST_CASE("a key is named or left out") {
  const std::string json = R"({"train": {"epochs": 3, "early_stopping": {"patience": 0}}})";
  CHECK(names_config_key(json, "train.early_stopping.patience", "c"));
  CHECK(names_config_key(json, "train", "c"));
  CHECK_FALSE(names_config_key(json, "train.batch", "c"));
  CHECK_FALSE(names_config_key(json, "train.epochs.patience", "c"));
  CHECK_FALSE(names_config_key("{}", "train.epochs", "c"));
}

TEST_CASE("assignments that make no sense are refused") {
  const auto error = [](const std::string& assignment) {
    return failure_of([&] { (void)assign_config_value(kMinimal, assignment, "c"); });
  };
  for (const std::string assignment :
       {"train.epochs", "=3", "", "train..epochs=3", ".train=3", "train.=3", "a=[1", "a={", "a=\"x",
        "a=", "fields.1.dim=3", "fields.-1.dim=3", "fields.x.dim=3", "fields.0x.dim=3", "train.seed.x=3",
        "a=\xff", "\xff=3", "fields.99999999999999999999.dim=3", "a={\"b\":1,\"b\":2}"}) {
    CAPTURE(assignment);
    CHECK(error(assignment).code == ErrorCode::usage);
    CHECK(error(assignment).message.find('\n') == std::string::npos);
  }
  CHECK(error("fields.1.dim=3").message == "\"fields.1.dim=3\": \"1\" is no index of a list of 1");
  CHECK(failure_of([] {
          (void)assign_config_value("{,", "a=1", "c.json");
        }).message.starts_with("c.json:1:2: "));
  CHECK(failure_of([] {
          (void)parse_config(assign_config_value(kMinimal, "train.epoch=3", "c"), "c");
        }).message == "c: unknown key \"train.epoch\"; did you mean \"epochs\"?");
}

TEST_CASE("the table of keys is sound") {
  std::set<std::string> paths;
  visit_keys(kConfigKeys, [&](const std::string& path, const Key& key, std::string_view kind) {
    CAPTURE(path);
    CHECK(paths.insert(path + " of " + std::string(kind)).second);
    CHECK_FALSE(key.doc.empty());
    CHECK((key.kind == KeyKind::word) == !key.words.empty());
    const bool holds =
        key.kind == KeyKind::object || key.kind == KeyKind::list || key.kind == KeyKind::columns;
    CHECK(holds == !key.below.names().empty());
    CHECK(key.least <= key.most);
    if (key.number_for.empty()) return;
    for (std::string_view member : split_words(key.number_for)) CHECK(key.below.find(member) != nullptr);
  });
}

TEST_CASE("every key is in docs/config.md, which is up to date") {
  const std::string reference = config_markdown();
  visit_keys(kConfigKeys, [&](const std::string& path, const Key&, std::string_view) {
    CHECK(contains(reference, "| `" + path + "` |"));
  });
  CHECK(contains(reference, "| `fields[].bins` | a whole number of at least 1 | 40 |"));
  CHECK(contains(reference, "| `cross.layers` | a whole number from 0 to 64 | 3 |"));
  const std::string path = std::string(DCRNN_SOURCE_DIR) + "/docs/config.md";
  if (std::getenv("DCRNN_UPDATE_DOCS") != nullptr) write_text(path, reference);
  CHECK_MESSAGE(read_text(path) == reference,
                "run this test with DCRNN_UPDATE_DOCS=1 to write docs/config.md anew");
}
