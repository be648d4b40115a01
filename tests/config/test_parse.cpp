#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/failure_of.hpp"
#include "train/config.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

using model::Candidate;
using model::Gate;
using Gru = model::GruCross::Config;
using Partial = model::Partial::Config;
using Cross = model::Crosses::Config;
using Block = model::Sharings::Config;
using Transfer = model::Transfers::Config;

/// A config with these fields and a task; `more` goes in at the top level.
std::string with_fields(const std::string& fields, const std::string& more = "") {
  return R"({"fields":[)" + fields + R"(],"tasks":[{"name":"click"}])" + (more.empty() ? "" : "," + more) +
         "}";
}
std::string with_tasks(const std::string& tasks, const std::string& more = "") {
  return R"({"fields":[{"name":"a","type":"number"}],"tasks":[)" + tasks + "]" +
         (more.empty() ? "" : "," + more) + "}";
}
std::string with(const std::string& more) {
  return with_tasks(R"({"name":"click"})", more);
}

struct Bad {
  std::string json;
  std::string message;  // after "config.json: "
  ErrorCode code = ErrorCode::usage;
};

void check_refused(const std::vector<Bad>& cases) {
  for (const Bad& one : cases) {
    CAPTURE(one.json);
    const Error error = failure_of([&] { (void)parse_config(one.json, "config.json"); });
    CHECK(error.message == "config.json" + one.message);
    CHECK(error.code == one.code);
    CHECK_FALSE(contains(error.message, "\n"));
    CHECK_FALSE(error.help.empty());
  }
}

}  // namespace

TEST_CASE(
    "the dialect of the data: every key reaches its member, and stands in the text only if it says "
    "something") {
  const std::string json = R"("csv":{"separator":"\t","quote":"","escape":"\\","header":["a","click"],)"
                           R"("missing":["NA",""],"true":["yes"],"false":["no","n"]})";
  const std::string fields =
      R"({"name":"a","type":"number"},{"name":"b","column":"a","type":"number","missing":["-1"]})";
  const Config config = parse_config(with_fields(fields, json), "config.json");
  CsvDialect wanted;
  wanted.separator = "\t";
  wanted.quote = "";
  wanted.escape = "\\";
  wanted.header = {"a", "click"};
  wanted.missing = {"NA", ""};
  wanted.true_words = {"yes"};
  wanted.false_words = {"no", "n"};
  CHECK(config.model.csv == wanted);
  CHECK(config.model.fields[0].missing_words == wanted.missing);
  CHECK(config.model.fields[1].missing_words == std::vector<std::string>{"-1"});
  CHECK(parse_config(to_json(config), "again") == config);
  CHECK(contains(to_json(config), json));

  const std::string usual =
      to_json(parse_config(with(R"("csv":{"separator":",","header":true,"true":["1","1.0"]})"), "c"));
  CHECK(usual == to_json(parse_config(with(""), "c")));
  CHECK_FALSE(contains(usual, "csv"));
  CHECK_FALSE(contains(usual, "missing"));
  CHECK(contains(to_json(parse_config(with(R"("group":"user")"), "c")), R"("group":"user")"));
}

TEST_CASE("the dialect of the data: what cannot be meant") {
  check_refused({
      {with(R"("csv":{"separater":";"})"), ": unknown key \"csv.separater\"; did you mean \"separator\"?"},
      {with(R"("csv":{"separator":""})"),
       ": csv.separator: found \"\", want one ASCII character other than a line end"},
      {with(R"("csv":{"separator":"||"})"),
       ": csv.separator: found \"||\", want one ASCII character other than a line end"},
      {with(R"("csv":{"separator":"\n"})"),
       ": csv.separator: found \"\\n\", want one ASCII character other than a line end"},
      {with(R"("csv":{"quote":"''"})"),
       ": csv.quote: found \"''\", want one ASCII character other than a line end, or \"\""},
      {with(R"("csv":{"quote":","})"), ": csv.quote: \",\" is in csv.separator, too"},
      {with(R"("csv":{"escape":","})"), ": csv.escape: \",\" is in csv.separator, too"},
      {with(R"("csv":{"header":false})"), ": csv.header: found false, want true or a list of names"},
      {with(R"("csv":{"header":[]})"), ": csv.header: found an empty list, want true or a list of names"},
      {with(R"("csv":{"header":["a","a","click"]})"), ": csv.header: \"a\" is used twice"},
      {with(R"("csv":{"header":["a"]})"), ": tasks[0].label: column \"click\" is not in csv.header"},
      {with(R"("csv":{"header":["click"]})"), ": fields[0].column: column \"a\" is not in csv.header"},
      {with(R"("group":"g","csv":{"header":["a","click"]})"), ": group: column \"g\" is not in csv.header"},
      {with(R"("csv":{"missing":"NA"})"), ": csv.missing: found \"NA\", want a list of words"},
      {with(R"("csv":{"missing":[0]})"), ": csv.missing: found 0, want a list of words"},
      {with(R"("csv":{"true":[]})"), ": csv.true: found an empty list, want at least one word"},
      {with(R"("csv":{"true":["0"]})"), ": csv.true: \"0\" is in csv.false, too"},
      {with(R"("csv":{"missing":["0"]})"), ": csv.false: \"0\" is in csv.missing, too"},
      {with(R"("csv":{"false":["0",""]})"), ": csv.false: found \"\", but an empty label is a missing one"},
      {with_fields(R"({"name":"b","type":"bag"})", R"("csv":{"separator":"|"})"),
       ": fields[0].separator: found \"|\", which is csv.separator"},
      {with_fields(R"({"name":"b","type":"bag","separator":","})"),
       ": fields[0].separator: found \",\", which is csv.separator"},
      {with_fields(R"({"name":"b","type":"bag","separator":"\""})"),
       ": fields[0].separator: found \"\\\"\", which is csv.quote"},
  });
}

TEST_CASE("every key of the model part reaches its member") {
  const Config config = parse_config(R"({
    // the sample of the documentation, nothing left at its default
    "format": 1,
    "fields": [
      {"name": "user_id", "column": "user", "type": "category", "encoding": "hash", "size": 100000, "dim": 12},
      {"name": "country", "type": "category", "encoding": "vocab", "min_count": 2, "dim": 8},
      {"name": "tags", "type": "bag", "encoding": "id", "size": 7, "dim": 3, "pool": "sum", "separator": ";"},
      {"name": "age", "type": "number", "transform": "log1p"},
      {"name": "raw", "column": "age", "type": "number", "transform": "none"},
      {"name": "age_bucket", "column": "age", "type": "number", "transform": "buckets", "bins": 9, "dim": 5}],
    "tasks": [{"name": "click", "label": "clicked", "weight": 0.5},
              {"name": "consume", "after": "click"}, {"name": "share", "after": "consume"}],
    "weight": "sample_weight",
    "cross": {"kind": "gru", "candidate": "tanh", "layers": 2, "tied": false},
    "sharing": [{"shared": 6, "private": 0, "gate": "static"}, {"shared": 0, "private": 4, "gate": "none"}],
    "tower": [16, 8], "transfer": "none", "probability": "independent" /* the end */ })",
                                     "config.json");
  const ModelConfig& model = config.model;
  REQUIRE(model.fields.size() == 6);
  Field user{.name = "user_id", .column = "user", .type = FieldType::category, .encoding = Encoding::hash};
  user.size = 100000;
  user.dim = 12;
  CHECK(model.fields[0] == user);
  Field country{
      .name = "country", .column = "country", .type = FieldType::category, .encoding = Encoding::vocab};
  country.min_count = 2;
  country.dim = 8;
  CHECK(model.fields[1] == country);
  Field tags{.name = "tags", .column = "tags", .type = FieldType::bag, .encoding = Encoding::id};
  tags.size = 7;
  tags.dim = 3;
  tags.pool = Pool::sum;
  tags.separator = ";";
  CHECK(model.fields[2] == tags);
  CHECK(model.fields[3].transform == Transform::log1p);
  CHECK(model.fields[4].transform == Transform::none);
  CHECK(model.fields[4].column == "age");
  CHECK(model.fields[5].transform == Transform::buckets);
  CHECK(model.fields[5].bins == 9);
  CHECK(model.fields[5].dim == 5);
  CHECK(model.input_width() == 12 + 8 + 3 + 1 + 1 + 5);

  REQUIRE(model.tasks.size() == 3);
  CHECK(model.tasks[0] == Task{"click", "clicked", kNoParent, 0.5});
  CHECK(model.tasks[1] == Task{"consume", "consume", 0, 1.0});
  CHECK(model.tasks[2] == Task{"share", "share", 1, 1.0});
  CHECK(model.weight == "sample_weight");
  CHECK(model.cross == Cross(Gru{Candidate::tanh, 2, false}));
  CHECK(model.sharing == std::vector<Block>{Partial{6, 0, Gate::fixed}, Partial{0, 4, Gate::none}});
  CHECK(model.tower == std::vector<std::size_t>{16, 8});
  CHECK(model.transfer == Transfer(model::NoTransfer::Config{}));
  CHECK_FALSE(model.chain);
  CHECK(config.train == TrainConfig{});
}

TEST_CASE("every key of the training part reaches its member") {
  const TrainConfig train =
      parse_config(with(R"("train": {"epochs": 3, "batch": 64, "seed": 18446744073709551615,
      "optimizer": {"kind": "sgd", "rate": 0.25, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.125, "momentum": 0.375,
                    "weight_decay": 2},
      "schedule": {"kind": "cosine", "warmup": 0.0625, "final_rate": 1},
      "dropout": {"input": 0.1, "sharing": 0.2, "tower": 0.3}, "clip_norm": 5, "unknown_rate": 0.5,
      "init_scale": 1e-3, "early_stopping": {"task": "click", "metric": "logloss", "patience": 7},
      "checkpoint_seconds": 0})"),
                   "config.json")
          .train;
  CHECK(train.epochs == 3);
  CHECK(train.batch == 64);
  CHECK(train.seed == 18446744073709551615u);
  CHECK(train.optimizer == OptimizerConfig{OptimizerKind::sgd, 0.25, 0.5, 0.75, 0.125, 0.375, 2});
  CHECK(train.schedule == ScheduleConfig{ScheduleKind::cosine, 0.0625, 1});
  CHECK(train.dropout == DropoutConfig{0.1, 0.2, 0.3});
  CHECK(train.clip_norm == 5);
  CHECK(train.unknown_rate == 0.5);
  CHECK(train.init_scale == 0.001);
  CHECK(train.early_stopping == EarlyStoppingConfig{"click", Metric::logloss, 7});
  CHECK(train.checkpoint_seconds == 0);
}

TEST_CASE("who chooses an optimizer chooses it for the tables too, unless they have their own") {
  const auto train = [](const std::string& keys) {
    return parse_config(with("\"train\": {" + keys + "}"), "c").train;
  };
  const TrainConfig nothing = train("");
  CHECK(nothing == TrainConfig{});
  CHECK(nothing.optimizer == kOptimizer);
  CHECK(nothing.tables == kTables);

  // As in the first version: adam, one cycle, and fresh embeddings that are wider.
  const TrainConfig rate = train(R"("optimizer": {"rate": 0.5})");
  CHECK(rate.optimizer == OptimizerConfig{.rate = 0.5});
  CHECK(rate.schedule == ScheduleConfig{});
  CHECK(rate.tables == TablesConfig{rate.optimizer, rate.schedule});
  CHECK(rate.init_scale == kChosenInitScale);

  const TrainConfig schedule = train(R"("schedule": {"kind": "constant"})");
  CHECK(schedule.optimizer == OptimizerConfig{});
  CHECK(schedule.tables == TablesConfig{{}, ScheduleConfig{.kind = ScheduleKind::constant}});
  CHECK(schedule.init_scale == kChosenInitScale);

  const TrainConfig tables =
      train(R"("tables": {"kind": "sgd", "momentum": 0, "schedule": {"warmup": 0.5}})");
  CHECK(tables.optimizer == OptimizerConfig{});
  CHECK(tables.tables.optimizer == OptimizerConfig{.kind = OptimizerKind::sgd, .momentum = 0});
  CHECK(tables.tables.schedule == ScheduleConfig{.warmup = 0.5});

  const TrainConfig muon = train(R"("optimizer": {"kind": "muon", "weight_decay": 0.25})");
  CHECK(muon.optimizer.momentum == 0.95);
  CHECK(muon.tables.optimizer ==
        OptimizerConfig{.kind = OptimizerKind::adamw, .momentum = 0.95, .weight_decay = 0.25});
  CHECK(failure_of([&] { train(R"("tables": {"kind": "muon"})"); }).code == ErrorCode::usage);
}

TEST_CASE("keys of later versions are written where they say something, and only there") {
  const auto written = [](const std::string& keys) {
    return to_json(parse_config(with("\"train\": {" + keys + "}"), "c"));
  };
  CHECK(written("").find("\"tables\":{\"kind\":\"adagrad\"") != std::string::npos);
  for (const std::string keys :
       {R"("optimizer": {"kind": "adagrad"})", R"("optimizer": {"kind": "muon"})",
        R"("optimizer": {}, "base_rate": true)", R"("optimizer": {}, "tables": {})"}) {
    CAPTURE(keys);
    CHECK(written(keys).find("\"tables\"") == std::string::npos);
    CHECK(written(keys).find("base_rate") == std::string::npos);
  }
  CHECK(written(R"("tables": {"kind": "adagrad"})").find("\"tables\":{\"kind\":\"adagrad\"") !=
        std::string::npos);
  CHECK(written(R"("base_rate": false)").find("\"base_rate\":false") != std::string::npos);
}

TEST_CASE("keys of the objective reach their members, and are written only where they say something") {
  const auto added = [](const std::string& keys) { return parse_config(with(keys), "c"); };
  const Config plain =
      added(R"("calibrator": 0, "weighting": "fixed", "gradients": "sum", "train": {"interference": 0})");
  for (const char* key : {"calibrator", "weighting", "gradients", "interference"}) {
    CHECK_FALSE(contains(to_json(plain), key));
  }
  const Config all = added(R"("probability": "independent", "calibrator": 0.6, "weighting": "uncertainty",
      "gradients": "pcgrad", "train": {"interference": 20})");
  CHECK(all.model.calibrator == 0.6);
  CHECK(all.model.weighting == model::Weighting::uncertainty);
  CHECK(all.model.gradients == model::Combination::pcgrad);
  CHECK(all.train.interference == 20);
  CHECK(contains(to_json(all), R"("calibrator":0.6,"weighting":"uncertainty","gradients":"pcgrad")"));
  CHECK(contains(failure_of([&] { (void)added(R"("probability": "chain", "calibrator": 0.5)"); }).message,
                 "c: calibrator: does not apply here, only to \"probability\": \"independent\""));
}

TEST_CASE("every word means its enumerator") {
  const auto field = [](const std::string& rest) {
    return parse_config(with_fields(R"({"name":"a",)" + rest + "}"), "c").model.fields[0];
  };
  CHECK(field(R"("type":"category")").type == FieldType::category);
  CHECK(field(R"("type":"bag")").type == FieldType::bag);
  CHECK(field(R"("type":"number")").type == FieldType::number);
  CHECK(field(R"("type":"bag","encoding":"vocab")").encoding == Encoding::vocab);
  CHECK(field(R"("type":"bag","encoding":"hash","size":2)").encoding == Encoding::hash);
  CHECK(field(R"("type":"bag","encoding":"id","size":2)").encoding == Encoding::id);
  CHECK(field(R"("type":"bag","pool":"mean")").pool == Pool::mean);
  CHECK(field(R"("type":"number","transform":"standardize")").transform == Transform::standardize);
  const auto block = [](const std::string& gate) {
    return std::get<Partial>(
               parse_config(with(R"("sharing":[{"gate":")" + gate + "\"}]"), "c").model.sharing[0])
        .gate;
  };
  CHECK(block("input") == Gate::input);
  CHECK(block("static") == Gate::fixed);
  CHECK(block("none") == Gate::none);
  const auto train = [](const std::string& rest) {
    return parse_config(with(R"("train":)" + rest), "c").train;
  };
  CHECK(train(R"({"optimizer":{"kind":"adam"}})").optimizer.kind == OptimizerKind::adam);
  CHECK(train(R"({"optimizer":{"kind":"adamw"}})").optimizer.kind == OptimizerKind::adamw);
  CHECK(train(R"({"optimizer":{"kind":"adagrad"}})").optimizer.kind == OptimizerKind::adagrad);
  CHECK(train(R"({"schedule":{"kind":"constant"}})").schedule.kind == ScheduleKind::constant);
  CHECK(train(R"({"schedule":{"kind":"one_cycle"}})").schedule.kind == ScheduleKind::one_cycle);
  CHECK(train(R"({"early_stopping":{"metric":"auc"}})").early_stopping.metric == Metric::auc);
  CHECK(std::get<Gru>(parse_config(with(R"("cross":{"candidate":"cross"})"), "c").model.cross).candidate ==
        Candidate::cross);
  CHECK(parse_config(with(R"("transfer":"gru","probability":"chain")"), "c").model.transfer ==
        Transfer(model::GruTransfer::Config{}));
  CHECK(parse_config(with(R"("transfer":"none","probability":"chain")"), "c").model.chain);
}

TEST_CASE("the defaults of the model part are those of format 1") {
  const ModelConfig model =
      parse_config(
          with_fields(
              R"({"name":"a","type":"category"},{"name":"b","type":"bag"},{"name":"c","type":"number"},)"
              R"({"name":"d","type":"number","transform":"buckets"})"),
          "c")
          .model;
  CHECK(model.fields[0] == Field{.name = "a",
                                 .column = "a",
                                 .type = FieldType::category,
                                 .encoding = Encoding::vocab,
                                 .size = 0,
                                 .min_count = 1,
                                 .dim = 16});
  CHECK(model.fields[1].encoding == Encoding::vocab);
  CHECK(model.fields[1].pool == Pool::mean);
  CHECK(model.fields[1].separator == "|");
  CHECK(model.fields[1].dim == 16);
  CHECK(model.fields[2].transform == Transform::standardize);
  CHECK(model.fields[3].bins == 40);
  CHECK(model.fields[3].dim == 16);
  CHECK(model.tasks == std::vector<Task>{{"click", "click", kNoParent, 1.0}});
  CHECK(model.weight.empty());
  CHECK(model.cross == Cross(Gru{Candidate::cross, 3, true}));
  CHECK(model.sharing == std::vector<Block>{Partial{64, 32, Gate::input}});
  CHECK(model.tower == std::vector<std::size_t>{32});
  CHECK(model.transfer == Transfer(model::GruTransfer::Config{}));
  CHECK(model.chain);
}

TEST_CASE("shorthands and absent values") {
  CHECK(parse_config(with(R"("train":{"dropout":0.5})"), "c").train.dropout ==
        DropoutConfig{DropoutConfig{}.input, 0.5, 0.5});
  CHECK(parse_config(with(R"("weight":null)"), "c").model.weight.empty());
  CHECK(parse_config(with_tasks(R"({"name":"a","after":null})"), "c").model.tasks[0].parent == kNoParent);
  CHECK(parse_config(with(R"("train":{"early_stopping":{"task":null}})"), "c")
            .train.early_stopping.task.empty());
  CHECK(parse_config(with(R"("sharing":[],"tower":[],"cross":{"layers":0})"), "c").model.sharing.empty());
  CHECK(parse_config(with(R"("train":{"batch":1e3,"epochs":2.0})"), "c").train.batch == 1000);
  CHECK(parse_config("\xEF\xBB\xBF" + with(""), "c").model.tasks.size() == 1);
  CHECK(parse_config(with(R"("train":{"optimizer":{"rate":1e30}})"), "c").train.optimizer.rate == 1e30);
}

TEST_CASE("broken JSON is refused with line and column") {
  check_refused({
      {"", ":1:1: unexpected end of input; expected '[', '{', or a literal"},
      {"{\n  \"fields\": [1,]\n}", ":2:16: unexpected ']'; expected '[', '{', or a literal"},
      {"{} x", ":1:4: invalid literal"},
      {"{\n\n \"\xff\": 1}", ":3:3: not valid UTF-8"},
      {"{\"a\":\"\xed\xa0\x80\"}", ":1:7: not valid UTF-8"},
      {"[]", ": found an empty list, want an object"},
      {"3", ": found 3, want an object"},
      {R"({"weight":"a","weight":"b"})", ": the key \"weight\" stands here twice"},
      {with_fields(R"({"name":"a","type":"number","type":"bag"})"),
       ": the key \"fields[0].type\" stands here twice"},
      {with(R"("train":{"clip_norm":1e999})"), ": number overflow parsing '1e999'"},
  });
  CHECK(contains(failure_of([] { (void)parse_config(R"({"a": NaN})", "c"); }).message, "c:1:7: "));
}

TEST_CASE("unknown keys are refused with the nearest known one") {
  check_refused({
      {with(R"("train":{"optimiser":{}})"), ": unknown key \"train.optimiser\"; did you mean \"optimizer\"?"},
      {with(R"("epochs":3)"), ": unknown key \"epochs\"; did you mean \"train.epochs\"?"},
      {with(R"("qqqqqqqqq":3)"), ": unknown key \"qqqqqqqqq\""},
      {with_fields(R"({"name":"a","typ":"number"})"),
       ": unknown key \"fields[0].typ\"; did you mean \"type\"?"},
      {with(R"("cross":{"layer":3})"), ": unknown key \"cross.layer\"; did you mean \"layers\"?"},
      {with("\"a\\nb\":3"), ": unknown key \"a\\nb\""},
  });
}

TEST_CASE("keys that do not apply are refused") {
  check_refused({
      {with_fields(R"({"name":"a","type":"number","pool":"mean"})"),
       ": fields[0].pool: does not apply here, only to type bag"},
      {with_fields(R"({"name":"a","type":"category","size":3})"),
       ": fields[0].size: does not apply here, only to encoding hash or id"},
      {with_fields(R"({"name":"a","type":"category","encoding":"id","size":3,"min_count":2})"),
       ": fields[0].min_count: does not apply here, only to encoding vocab"},
      {with_fields(R"({"name":"a","type":"number","dim":3})"),
       ": fields[0].dim: does not apply here, only to type category or bag, or transform buckets"},
      {with_fields(R"({"name":"a","type":"number","bins":3})"),
       ": fields[0].bins: does not apply here, only to transform buckets"},
      {with_fields(R"({"name":"a","type":"bag","transform":"none"})"),
       ": fields[0].transform: does not apply here, only to type number"},
      {with_fields(R"({"name":"a","type":"category","separator":"|"})"),
       ": fields[0].separator: does not apply here, only to type bag"},
  });
}

TEST_CASE("wrong values are refused with their place, what was found and what was wanted") {
  const std::string whole1 = ", want a whole number of at least 1";
  const std::string name = ", want a name of letters, digits, _ and -";
  check_refused({
      {"{}", ": fields: missing, want a list of objects"},
      {with_fields(""), ": fields: found a list of 0, want at least 1"},
      {with_tasks(""), ": tasks: found a list of 0, want at least 1"},
      {with(R"("format":2)"), ": format: found 2, want 1"},
      {with(R"("format":"1")"), ": format: found \"1\", want 1"},
      {with_fields("3"), ": fields[0]: found 3, want an object"},
      {R"({"fields":{},"tasks":[]})", ": fields: found an object, want a list of objects"},
      {with_fields(R"({"type":"number"})"), ": fields[0].name: missing" + name},
      {with_fields(R"({"name":"a"})"),
       ": fields[0].type: missing, want \"category\" or \"bag\" or \"number\" or \"rate\""},
      {with_fields(R"({"name":"","type":"number"})"), ": fields[0].name: found \"\"" + name},
      {with_fields(R"({"name":"a.b","type":"number"})"), ": fields[0].name: found \"a.b\"" + name},
      {with_fields("{\"name\":\"\xC3\xA9\",\"type\":\"number\"}"),
       ": fields[0].name: found \"\xC3\xA9\"" + name},
      {with_fields(R"({"name":7,"type":"number"})"), ": fields[0].name: found 7" + name},
      {with_fields(R"({"name":"a","column":"","type":"number"})"),
       ": fields[0].column: found \"\", want the name of a column"},
      {with_fields(R"({"name":"a","type":"Number"})"),
       ": fields[0].type: found \"Number\", want \"category\" or \"bag\" or \"number\" or \"rate\""},
      {with_fields(R"({"name":"a","type":null})"),
       ": fields[0].type: found null, want \"category\" or \"bag\" or \"number\" or \"rate\""},
      {with_fields(R"({"name":"a","type":"category","encoding":"hash"})"),
       ": fields[0].size: missing" + whole1},
      {with_fields(R"({"name":"a","type":"bag","encoding":"id","size":0})"),
       ": fields[0].size: found 0" + whole1},
      {with_fields(R"({"name":"a","type":"bag","dim":-1})"), ": fields[0].dim: found -1" + whole1},
      {with_fields(R"({"name":"a","type":"bag","dim":2.5})"), ": fields[0].dim: found 2.5" + whole1},
      {with_fields(R"({"name":"a","type":"bag","dim":"8"})"), ": fields[0].dim: found \"8\"" + whole1},
      {with_fields(R"({"name":"a","type":"bag","dim":true})"), ": fields[0].dim: found true" + whole1},
      {with_fields(R"({"name":"a","type":"bag","min_count":0})"), ": fields[0].min_count: found 0" + whole1},
      {with_fields(R"({"name":"a","type":"number","transform":"buckets","bins":0})"),
       ": fields[0].bins: found 0" + whole1},
      {with_fields(R"({"name":"a","type":"number"},{"name":"a","type":"number"})"),
       ": fields[1].name: \"a\" is used twice"},
      {with_tasks(R"({"name":"t"},{"name":"t"})"), ": tasks[1].name: \"t\" is used twice"},
      {with_tasks(R"({"name":"t","weight":-0.5})"),
       ": tasks[0].weight: found -0.5, want a number of at least 0"},
      {with_tasks(R"({"name":"t","weight":1e300})"),
       ": tasks[0].weight: found 1e+300, want a number that a float can hold"},
      {with_tasks(R"({"name":"t","after":"t"})"), ": tasks[0].after: a task cannot follow itself, \"t\""},
      {with_tasks(R"({"name":"t","after":"u"},{"name":"u"})"),
       ": tasks[0].after: task \"u\" is listed later, parents are listed first"},
      {with_tasks(R"({"name":"click"},{"name":"u","after":"clik"})"),
       ": tasks[1].after: there is no task \"clik\"; did you mean \"click\"?"},
      {with_tasks(R"({"name":"click"},{"name":"u","after":7})"), ": tasks[1].after: found 7" + name},
      {with(R"("weight":"")"), ": weight: found \"\", want the name of a column"},
      {with(R"("cross":{"kind":"gu"})"), ": cross.kind: found \"gu\", want " + wanted(kCrossKeys[0])},
      {with(R"("cross":{"kind":"none","candidate":"tanh"})"),
       ": cross.candidate: does not apply here, only to kind gru"},
      {with(R"("cross":{"kind":"none","layers":1})"), ": cross.layers: found 1, want 0"},
      {with(R"("cross":{"layers":65})"), ": cross.layers: found 65, want a whole number from 0 to 64"},
      {with(R"("cross":{"tied":1})"), ": cross.tied: found 1, want true or false"},
      {with(R"("cross":[])"), ": cross: found an empty list, want an object"},
      {with(R"("sharing":{})"), ": sharing: found an object, want a list of objects"},
      {with(R"("sharing":[{"shared":0,"private":0}])"),
       ": sharing[0]: \"shared\" and \"private\" are both 0"},
      {with(R"("sharing":[{"shared":0},{"shared":4}])"),
       ": sharing[1].shared: found 4, want 0, because an earlier block has none to pass on"},
      {with(R"("sharing":[{"gate":"fixed"}])"),
       ": sharing[0].gate: found \"fixed\", want \"input\" or \"static\" or \"none\""},
      {with(R"("tower":[32,0])"), ": tower: found 0, want a list of whole numbers, each of at least 1"},
      {with(R"("tower":32)"), ": tower: found 32, want a list of whole numbers, each of at least 1"},
      {with(R"("transfer":true)"),
       ": transfer: found true, want " + wanted(*KeyList(kModelKeys).find("transfer"))},
      {with(R"("train":{"epochs":0})"), ": train.epochs: found 0, want a whole number from 1 to 1000000"},
      {with(R"("train":{"batch":0})"), ": train.batch: found 0" + whole1},
      {with(R"("train":{"seed":18446744073709551616})"),
       ": train.seed: found 1.8446744073709552e+19, want a whole number from 0 to 2^64 - 1"},
      {with(R"("train":{"optimizer":{"rate":0}})"),
       ": train.optimizer.rate: found 0, want a number greater than 0"},
      {with(R"("train":{"optimizer":{"rate":"x"}})"),
       ": train.optimizer.rate: found \"x\", want a number greater than 0"},
      {with(R"("train":{"optimizer":{"beta1":1}})"),
       ": train.optimizer.beta1: found 1, want a number of at least 0 and less than 1"},
      {with(R"("train":{"dropout":1})"),
       ": train.dropout.sharing: found 1, want a number of at least 0 and less than 1"},
      {with(R"("train":{"schedule":{"warmup":1.5}})"),
       ": train.schedule.warmup: found 1.5, want a number from 0 to 1"},
      {with(R"("train":{"early_stopping":{"task":"clack"}})"),
       ": train.early_stopping.task: there is no task \"clack\"; did you mean \"click\"?"},
  });
  for (const std::string separator : {"\\\"", ",", "\\n", "\\r", "", "||", "\xC2\xA7"}) {
    CAPTURE(separator);
    const std::string json = with_fields(R"({"name":"a","type":"bag","separator":")" + separator + "\"}");
    CHECK(contains(failure_of([&] { (void)parse_config(json, "c"); }).message,
                   "c: fields[0].separator: found "));
  }
}

TEST_CASE("up to 16 tasks and 64 blocks") {
  const auto repeated = [](const std::string& one, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += (i == 0 ? "" : ",") + one;
    return text;
  };
  std::string tasks;
  for (int t = 0; t < 16; ++t)
    tasks += (t == 0 ? "{\"name\":\"t" : ",{\"name\":\"t") + std::to_string(t) + "\"}";
  CHECK(parse_config(with_tasks(tasks), "c").model.tasks.size() == 16);
  CHECK(parse_config(with("\"tower\":[" + repeated("2", 64) + "]"), "c").model.tower.size() == 64);
  check_refused({
      {with_tasks(tasks + R"(,{"name":"one-more"})"), ": tasks: found a list of 17, want at most 16"},
      {with("\"tower\":[" + repeated("2", 65) + "]"), ": tower: found a list of 65, want at most 64"},
      {with("\"sharing\":[" + repeated("{}", 65) + "]"), ": sharing: found a list of 65, want at most 64"},
  });
}

TEST_CASE("sizes beyond any memory are refused before anything is allocated") {
  for (
      const std::string& json : {
          with_fields(R"({"name":"a","type":"category","encoding":"hash","size":4000000000000000000})"),
          with_fields(R"({"name":"a","type":"category","encoding":"hash","size":99999999999999999999})"),
          with_fields(R"({"name":"a","type":"category","encoding":"id","size":4294967296,"dim":1000000})"),
          with_fields(
              R"({"name":"a","type":"bag","dim":9223372036854775808},{"name":"b","type":"bag","dim":9223372036854775808})"),
          with_fields(R"({"name":"a","type":"bag","dim":6148914691236517206})"),
          with_fields(R"({"name":"a","type":"bag","dim":3000000})"),
          with_fields(R"({"name":"a","type":"number","transform":"buckets","bins":18446744073709551615})"),
          with(R"("sharing":[{"shared":18446744073709551615,"private":2}])"),
          with(R"("sharing":[{"shared":2000000,"private":1},{"shared":2000000,"private":1}])"),
          with(R"("tower":[4294967296,4294967296])"),
          with(R"("train":{"batch":18446744073709551615})"),
      }) {
    CAPTURE(json);
    const Error error = failure_of([&] { (void)parse_config(json, "c"); });
    CAPTURE(error.message);
    CHECK(error.code == ErrorCode::memory);
    CHECK(error.message.starts_with("c: "));
  }
  CHECK_NOTHROW((void)parse_config(
      with_fields(R"({"name":"a","type":"category","encoding":"hash","size":4294967296,"dim":16})"), "c"));
}
