// Members: each is the network that is trained alone; scores are those of their mean logit.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "files/safetensors.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

constexpr std::size_t kMembers = 3;

/// The config with further keys, each with a comma before it.
std::string with(const std::string& config, const std::string& more) {
  return config.substr(0, config.size() - 1) + more + "}";
}
std::string members(std::size_t count) {
  return R"(, "members": )" + std::to_string(count);
}

const std::string kRates =
    R"(, "wide": true, "rate_pairs": [{"columns": ["user", "item", {"column": "x", "bins": 4}], "blocks": 4}])";
const std::string kTrain =
    R"("epochs": 4, "batch": 64, "unknown_rate": 0.1, "dropout": {"sharing": 0.2, "tower": 0.1, "field": 0.2},
       "early_stopping": {"patience": 1}, "checkpoint_seconds": 0, "seed": )";

struct Setting {
  explicit Setting(std::string with_more = kRates) : more(std::move(with_more)) {
    write_text(scratch.file("train.csv"), SmallTable(300, 1).csv());
    write_text(scratch.file("valid.csv"), SmallTable(120, 2).csv());
  }
  FitJob job(const std::string& model, std::size_t count, std::uint64_t seed, bool valid = true) const {
    FitJob job;
    job.config_json = with(learned_config(kTrain + std::to_string(seed)), more + members(count));
    job.train = {scratch.file("train.csv")};
    if (valid) job.valid = {scratch.file("valid.csv")};
    job.model = scratch.file(model);
    job.cache = scratch.file("cache");
    return job;
  }

  ScratchDirectory scratch;
  std::string more;
};

FitReport fitted(const FitJob& job) {
  const auto report = fit(job);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  return *report;
}

Model loaded(const std::string& path) {
  auto model = Model::load(path);
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  return std::move(*model);
}

std::string prefix(std::size_t i) {
  return i == 0 ? "" : "member." + std::to_string(i) + ".";
}

/// Every parameter of `alone` has the bytes of member i's.
void check_member(const Model& all, std::size_t i, const Model& alone) {
  const auto parameters = all.parameters();
  for (const ParameterView& want : alone.parameters()) {
    CAPTURE(want.name);
    const auto got = std::find_if(parameters.begin(), parameters.end(), [&](const ParameterView& view) {
      return view.name == prefix(i) + std::string(want.name);
    });
    REQUIRE(got != parameters.end());
    CHECK(std::equal(want.values.begin(), want.values.end(), got->values.begin(), got->values.end()));
  }
}

struct Scores {
  std::vector<float> probabilities, logits;
};
Scores scores(const Model& model, const Rows& rows, int threads = 1) {
  Scores made{std::vector<float>(2 * rows.count), std::vector<float>(2 * rows.count)};
  auto scorer = Scorer::create(model, {threads, "auto"});
  REQUIRE(scorer.ok());
  const auto done = scorer->score(rows, made.probabilities, made.logits);
  REQUIRE_MESSAGE(done.ok(), done.error().message);
  return made;
}

}  // namespace

TEST_CASE("a member is the run alone, byte for byte; the mean logit is its definition") {
  const Setting setting;
  const FitReport report = fitted(setting.job("all", kMembers, 5));
  const Model all = loaded(setting.scratch.file("all"));
  REQUIRE(report.best_epochs.size() == kMembers);
  REQUIRE(all.parameters().size() % kMembers == 0);
  const std::string rows = setting.scratch.file("valid.csv");
  EvalJob scoring;
  scoring.data = {rows};
  const auto scores_of = [&](const Model& model) {
    const auto read = LabelledRows::read(model, scoring);
    REQUIRE(read.ok());
    return read->score(model, scoring);
  };
  const auto got = scores_of(all);
  REQUIRE(got.ok());

  std::vector<LabelledScores> alone;
  std::uint64_t trained = 0;
  for (std::size_t i = 0; i < kMembers; ++i) {
    const std::string name = "alone" + std::to_string(i);
    const FitReport own = fitted(setting.job(name, 1, 5 + i));
    CHECK(own.best_epoch == report.best_epochs[i]);
    trained += own.rows_trained;
    const Model model = loaded(setting.scratch.file(name));
    check_member(all, i, model);
    alone.push_back(*scores_of(model));
  }
  CHECK(report.rows_trained == trained);
  for (std::size_t b = 0; b < got->labels[0].size(); ++b) {
    double chained = 1;
    for (std::size_t t = 0; t < 2; ++t) {
      double sum = alone[0].logits[t][b];
      for (std::size_t i = 1; i < kMembers; ++i) sum += static_cast<double>(alone[i].logits[t][b]);
      CHECK(got->logits[t][b] == static_cast<float>(sum / kMembers));
      // Given click the logits are averaged, then chained; probabilities never are.
      chained /= 1 + std::exp(-static_cast<double>(got->logits[t][b]));
      CHECK(got->probabilities[t][b] == doctest::Approx(chained).epsilon(1e-5));
    }
  }
}

TEST_CASE("members: any interruption and any number of threads end with the same bytes") {
  const Setting setting;
  fitted(setting.job("whole", 2, 3));
  const std::string expected = read_text(setting.scratch.file("whole"));
  FitJob threads = setting.job("threads", 2, 3);
  threads.compute.threads = 2;
  fitted(threads);
  CHECK(read_text(threads.model) == expected);

  for (const std::size_t steps : std::vector<std::size_t>{3, 7, 19}) {
    CAPTURE(steps);
    FitJob job = setting.job("pieces", 2, 3);
    int pieces = 0;
    for (bool done = false; !done; ++pieces) {
      std::size_t left = steps;
      job.progress = [&](const JobProgress& progress) {
        return progress.stage == "reading" || progress.stage == "counting" || left-- > 0;
      };
      const auto report = fit(job);
      done = report.ok();
      if (done) break;
      REQUIRE_MESSAGE(report.error().code == ErrorCode::stopped, report.error().message);
      REQUIRE(std::filesystem::exists(job.model + ".checkpoint"));
      job.resume = true;
    }
    CHECK(pieces > 1);
    CHECK(read_text(job.model) == expected);
    for (const char* left : {".checkpoint", ".checkpoint.1"})
      CHECK_FALSE(std::filesystem::exists(job.model + left));
    std::filesystem::remove(job.model);
  }
}

TEST_CASE("members: the log says whose each line is") {
  const Setting setting("");
  const FitReport report = fitted(setting.job("m", 2, 3));
  std::vector<nlohmann::json> ends;
  std::vector<std::size_t> epochs(2);
  std::istringstream stream(read_text(setting.scratch.file("m.jsonl")));
  std::string line;
  std::getline(stream, line);
  CHECK_FALSE(nlohmann::json::parse(line).contains("member"));
  while (std::getline(stream, line)) {
    const nlohmann::json json = nlohmann::json::parse(line);
    const std::size_t member = json.at("member");
    REQUIRE(member < 2);
    if (json.contains("epoch")) CHECK(json["epoch"] == epochs[member]++);
    if (json.contains("stopped")) ends.push_back(json);
  }
  REQUIRE(ends.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(ends[i]["best_epoch"] == report.best_epochs[i]);
}

TEST_CASE("members: three epochs and two more, each with its optimizer, are five") {
  const Setting setting("");
  const auto train = [](std::size_t epochs) {
    return R"("batch": 64, "seed": 3, "optimizer": {"kind": "muon", "rate": 0.01}, "epochs": )" +
           std::to_string(epochs) + R"(, "schedule": {"kind": "constant", "warmup": 0}, "dropout": 0.1)";
  };
  FitJob job = setting.job("five", 2, 3, false);
  job.config_json = with(learned_config(train(5)), members(2));
  fitted(job);
  job.config_json = with(learned_config(train(3)), members(2));
  job.model = setting.scratch.file("three");
  job.keep_state = true;
  fitted(job);
  job.config_json = with(learned_config(train(2)), members(2));
  job.from = setting.scratch.file("three.state");
  job.model = setting.scratch.file("both");
  fitted(job);
  const Model five = loaded(setting.scratch.file("five")), both = loaded(job.model);
  const auto want = five.parameters(), got = both.parameters();
  REQUIRE(want.size() == got.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    CAPTURE(want[i].name);
    CHECK(std::equal(want[i].values.begin(), want[i].values.end(), got[i].values.begin()));
  }
  // From the model alone, whose members go on as they are.
  job.from = setting.scratch.file("three");
  job.model = setting.scratch.file("afresh");
  fitted(job);

  // States that do not belong together.
  job.from = setting.scratch.file("three.state");
  std::filesystem::copy_file(job.from, setting.scratch.file("three.state.1"),
                             std::filesystem::copy_options::overwrite_existing);
  auto failed = fit(job);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::model);
  CHECK(contains(failed.error().message, "not the state of member 1: train.seed"));
  std::filesystem::remove(setting.scratch.file("three.state.1"));
  failed = fit(job);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::io);
}

TEST_CASE("members: steps in memory are those of each alone, or none's") {
  const std::string train = R"("batch": 64, "clip_norm": 0.5, "dropout": 0.2, "seed": )";
  auto all = Model::create(with(small_config(train + "7"), members(2)));
  REQUIRE(all.ok());
  std::vector<Model> alone;
  for (const char* seed : {"7", "8"}) alone.push_back(std::move(*Model::create(small_config(train + seed))));
  for (std::size_t i = 0; i < 2; ++i) check_member(*all, i, alone[i]);
  const std::vector<double> rates = {0.4, 0.3};
  auto trainer = Trainer::create(*all, rates, 10);
  REQUIRE(trainer.ok());
  std::vector<Trainer> each;
  for (Model& model : alone) each.push_back(std::move(*Trainer::create(model, rates, 10)));
  for (std::uint64_t step = 0; step < 6; ++step) {
    const SmallTable table(64, step);
    const auto got = trainer->step(table.rows());
    const auto first = each[0].step(table.rows()), second = each[1].step(table.rows());
    REQUIRE(got.ok());
    CHECK(got->loss == first->loss + second->loss);
    CHECK(got->gradient_norm == std::hypot(first->gradient_norm, second->gradient_norm));
  }
  for (std::size_t i = 0; i < 2; ++i) check_member(*all, i, alone[i]);

  // Where one cannot make the step, no one does.
  for (const char* name : {"sharing.0.shared.bias", "tower.click.0.weight"}) {
    for (const ParameterView& view : alone[1].parameters()) {
      if (view.name != name) continue;
      const std::vector<float> large(view.values.size(), 1e38F);
      REQUIRE(all->set_parameter("member.1." + std::string(name), large).ok());
      REQUIRE(alone[1].set_parameter(name, large).ok());
    }
  }
  const auto failed = trainer->step(SmallTable(64, 9).rows());
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::diverged);
  CHECK(failed.error().message.starts_with("member 1: "));
  for (std::size_t i = 0; i < 2; ++i) check_member(*all, i, alone[i]);
}

TEST_CASE("members: equal ones give one's logits; a row alone gives the bytes of the batch") {
  const SmallTable table(150);
  auto one = Model::create(small_config());
  auto equal = Model::create(with(small_config(), members(kMembers)));
  REQUIRE(equal.ok());
  for (const ParameterView& view : one->parameters()) {
    for (std::size_t i = 0; i < kMembers; ++i)
      REQUIRE(equal->set_parameter(prefix(i) + std::string(view.name), view.values).ok());
  }
  CHECK(scores(*equal, table.rows()).logits == scores(*one, table.rows()).logits);
  CHECK(scores(*equal, table.rows()).probabilities == scores(*one, table.rows()).probabilities);

  auto model = Model::create(with(small_config(), members(kMembers)));
  const Scores all = scores(*model, table.rows());
  const Scores threads = scores(*model, table.rows(), 2);
  CHECK(threads.logits == all.logits);
  CHECK(threads.probabilities == all.probabilities);
  const Rows rows = table.rows();
  const auto first = rows.columns[2].offsets[77], end = rows.columns[2].offsets[78];
  const std::vector<std::uint32_t> offsets = {0, end - first};
  const Column columns[] = {Column::of_ids("user", rows.columns[0].ids.subspan(77, 1)),
                            Column::of_ids("item", rows.columns[1].ids.subspan(77, 1)),
                            Column::of_bags("tags", offsets, rows.columns[2].ids.subspan(first, end - first)),
                            Column::of_numbers("x", rows.columns[3].numbers.subspan(77, 1))};
  const Scores row = scores(*model, {1, columns, {}, {}});
  for (std::size_t t = 0; t < 2; ++t) {
    CHECK(row.logits[t] == all.logits[77 * 2 + t]);
    CHECK(row.probabilities[t] == all.probabilities[77 * 2 + t]);
  }
}

TEST_CASE("members: a model reads back as it was, and says what is missing") {
  const ScratchDirectory scratch;
  auto model = Model::create(with(small_config(), members(2)));
  const std::string path = scratch.file("m"), again = scratch.file("again");
  REQUIRE(model->save(path).ok());
  REQUIRE(loaded(path).save(again).ok());
  CHECK(read_text(path) == read_text(again));

  const auto one = inspect(*Model::create(small_config())), two = inspect(*model);
  CHECK(two->parameters.size() == 2 * one->parameters.size());
  CHECK(two->parameter_count == 2 * one->parameter_count);
  CHECK(two->forward_flops_per_row == 2 * one->forward_flops_per_row);

  const files::TensorFile file(path);
  std::vector<TensorView> tensors;
  for (const TensorView& tensor : file.tensors()) {
    if (tensor.name != "member.1.tower.click.0.bias") tensors.push_back(tensor);
  }
  REQUIRE(tensors.size() + 1 == file.tensors().size());
  files::write_tensors(again, file.metadata(), tensors, OutputFile::Target::regular_only);
  const auto failed = Model::load(again);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::model);
  CHECK(contains(failed.error().message, "\"member.1.tower.click.0.bias\": missing"));
}

TEST_CASE("members: config, gradient check") {
  for (const char* bad : {"0", "65", "1.5", "true"}) {
    const auto failed = Model::create(with(small_config(), std::string(R"(, "members": )") + bad));
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code == ErrorCode::usage);
    CHECK(contains(failed.error().message, "members"));
  }
  CHECK(Model::create(with(small_config(), members(1)))->config() == Model::create(small_config())->config());
  const auto report = gradcheck(with(small_config(), members(2)), "config", 1, 4, 5);
  REQUIRE(report.ok());
  CHECK(report->ok);
  const auto has = [&](const std::string& name) {
    return std::any_of(report->tensors.begin(), report->tensors.end(),
                       [&](const GradcheckLine& line) { return line.tensor == name; });
  };
  for (const char* name : {"head.click.bias", "member.1.head.click.bias", "member.0.x0", "member.1.x0"}) {
    CAPTURE(name);
    CHECK(has(name));
  }
  CHECK_FALSE(has("x0"));
}
