// Training runs over files: the same bytes however they are interrupted, and what they leave behind.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/file.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

/// Training and validation files, and jobs over them that share one cache.
struct Setting {
  explicit Setting(const std::string& train_config)
      : config(learned_config(train_config)), cache(scratch.file("cache")) {
    write_text(scratch.file("train.csv"), SmallTable(300, 1).csv());
    write_text(scratch.file("valid.csv"), SmallTable(120, 2).csv());
  }
  FitJob job(const std::string& model, int threads = 1) const {
    FitJob job;
    job.config_json = config;
    job.train = {scratch.file("train.csv")};
    job.valid = {scratch.file("valid.csv")};
    job.model = scratch.file(model);
    job.cache = cache;
    job.compute.threads = threads;
    return job;
  }

  ScratchDirectory scratch;
  std::string config, cache;
};

FitReport fitted(const FitJob& job) {
  const auto report = fit(job);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  return *report;
}

/// Runs the job again and again, stopping after `steps` calls of the progress while training or validating.
int run_in_pieces(FitJob job, std::size_t steps) {
  for (int pieces = 1;; ++pieces) {
    std::size_t left = steps;
    job.progress = [&](const JobProgress& progress) { return progress.stage == "reading" || left-- > 0; };
    const auto report = fit(job);
    if (report.ok()) return pieces;
    REQUIRE_MESSAGE(report.error().code == ErrorCode::stopped, report.error().message);
    REQUIRE(std::filesystem::exists(job.model + ".checkpoint"));
    REQUIRE_FALSE(std::filesystem::exists(job.model));
    job.resume = true;
  }
}

std::vector<nlohmann::json> log_of(const FitJob& job) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(read_text(job.model + ".jsonl"));
  for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("any interruption and any number of threads end with the same bytes") {
  const Setting setting("\"epochs\": 3, \"batch\": 64, \"unknown_rate\": 0.1");
  fitted(setting.job("whole"));
  const std::string expected = read_text(setting.scratch.file("whole"));
  REQUIRE(expected.size() > 1000);

  fitted(setting.job("two_threads", 2));
  CHECK(read_text(setting.scratch.file("two_threads")) == expected);

  // 5 steps and 2 batches of validation in an epoch: these stop at every kind of place. (Validation starts
  // over when resumed, so with fewer than 2 a run would never end.)
  for (const std::size_t steps : std::vector<std::size_t>{2, 3, 5, 6, 11, 17}) {
    CAPTURE(steps);
    const FitJob job = setting.job("pieces", steps % 2 == 0 ? 2 : 1);
    CHECK(run_in_pieces(job, steps) > 1);
    CHECK(read_text(job.model) == expected);
    CHECK_FALSE(std::filesystem::exists(job.model + ".checkpoint"));
    std::filesystem::remove(job.model);
  }
}

TEST_CASE("the model does not know where, when or how it was trained") {
  const Setting setting("\"epochs\": 1, \"batch\": 64");
  fitted(setting.job("a"));
  std::filesystem::rename(setting.scratch.file("train.csv"), setting.scratch.file("other.csv"));
  FitJob job = setting.job("b", 2);
  job.train = {setting.scratch.file("other.csv")};
  job.cache = setting.scratch.file("other_cache");
  fitted(job);
  CHECK(read_text(setting.scratch.file("a")) == read_text(setting.scratch.file("b")));
  CHECK_FALSE(contains(read_text(setting.scratch.file("a")), setting.scratch.path()));
}

TEST_CASE("the log tells the story of the run") {
  const Setting setting("\"epochs\": 3, \"batch\": 64");
  FitJob job = setting.job("m");
  std::vector<std::string> notes;
  std::vector<EpochSummary> epochs;
  job.on_note = [&](const std::string& note) { notes.push_back(note); };
  job.on_epoch = [&](const EpochSummary& epoch) { epochs.push_back(epoch); };
  job.resume = true;  // nothing to resume from
  job.progress = [](const JobProgress& p) { return p.epoch < 2 || p.done < 128; };
  const auto stopped = fit(job);
  REQUIRE_FALSE(stopped.ok());
  CHECK(stopped.error().code == ErrorCode::stopped);
  CHECK(contains(stopped.error().message, "epoch 2, row 128"));
  REQUIRE_FALSE(notes.empty());
  CHECK(notes.back() == "no checkpoint at " + job.model + ".checkpoint: starting afresh");

  job.progress = nullptr;
  const FitReport report = fitted(job);
  CHECK(std::find(notes.begin(), notes.end(), "resumed at epoch 2, row 128") != notes.end());
  CHECK(std::find(notes.begin(), notes.end(), "reading from the cache " + job.cache) != notes.end());
  CHECK(report.reason == "finished");
  CHECK(report.epochs == 3);
  CHECK(report.rows_trained == 300 * 2 - 128);
  REQUIRE(epochs.size() == 3);
  CHECK(epochs[2].valid.size() == 2);

  const auto lines = log_of(job);
  REQUIRE(lines.size() == 8);
  CHECK(lines[0]["config"]["train"]["epochs"] == 3);
  CHECK(lines[0]["version"] == version());
  CHECK(lines[0]["threads"] == 1);
  CHECK(lines[0]["isa"] == instruction_sets().back());
  CHECK(lines[1]["epoch"] == 0);
  CHECK(lines[2]["epoch"] == 1);
  CHECK(lines[2]["loss"].get<double>() == epochs[0].loss);
  CHECK(lines[2]["valid"]["click"]["auc"].get<double>() == *epochs[0].valid[0].auc);
  CHECK(lines[2]["valid"]["consume"]["ece"].is_number());
  CHECK(lines[3]["stopped"] == "stopped");
  CHECK(lines[3]["rows_trained"] == 428);
  CHECK(lines[4] == nlohmann::json::parse(R"({"resumed": {"epoch": 2, "rows": 128}})"));
  CHECK(lines[6]["epoch"] == 3);
  CHECK(lines[7]["stopped"] == "finished");
  CHECK(lines[7]["rows_trained"] == 900);
  CHECK(lines[7]["best_epoch"] == report.best_epoch);
  std::size_t best = 0;
  for (const EpochSummary& epoch : epochs) best = epoch.best ? epoch.epoch : best;
  CHECK(report.best_epoch == best);

  // Not resuming starts the log afresh.
  fitted(job);
  CHECK(log_of(job).size() == 6);
}

TEST_CASE("without validation the last epoch is kept, and said so") {
  const Setting setting("\"epochs\": 2, \"batch\": 64");
  FitJob job = setting.job("m");
  job.valid.clear();
  std::vector<std::string> notes;
  job.on_note = [&](const std::string& note) { notes.push_back(note); };
  CHECK(fitted(job).best_epoch == 2);
  REQUIRE_FALSE(notes.empty());
  CHECK(notes[0] == "no validation file: keeping the last epoch");  // the default patience says nothing
  notes.clear();
  const Setting patient(R"("epochs": 1, "batch": 64, "early_stopping": {"patience": 2})");
  FitJob in_vain = patient.job("m");
  in_vain.valid.clear();
  in_vain.on_note = job.on_note;
  fitted(in_vain);
  REQUIRE_FALSE(notes.empty());
  CHECK(notes[0] ==
        "no validation file: keeping the last epoch; train.early_stopping.patience has no effect");
  CHECK_FALSE(log_of(job)[2].contains("valid"));
}

TEST_CASE("the model is that of the best epoch, whole, in pieces, or resumed after its last one") {
  for (const std::string watched : {R"("metric": "logloss")", R"("task": "consume", "metric": "auc")"}) {
    CAPTURE(watched);
    const Setting setting(R"("epochs": 100, "batch": 64, "optimizer": {"rate": 0.02},
                             "schedule": {"kind": "constant"}, "early_stopping": {"patience": 3, )" +
                          watched + "}");
    FitJob job = setting.job("whole");
    std::vector<EpochSummary> epochs;
    job.on_epoch = [&](const EpochSummary& epoch) { epochs.push_back(epoch); };
    const FitReport report = fitted(job);
    const std::string expected = read_text(job.model);
    CHECK(report.reason == "early_stopping");
    CHECK(report.epochs == epochs.size());
    CHECK(report.epochs < 100);
    CHECK(report.best_epoch + 3 == report.epochs);
    const auto stopped_as_expected = [&](const FitJob& of) {
      const nlohmann::json last = log_of(of).back();
      CHECK(last["stopped"] == "early_stopping");
      CHECK(last["best_epoch"] == report.best_epoch);
      CHECK(last["rows_trained"] == 300 * report.epochs);
    };
    stopped_as_expected(job);

    // The figures of MODEL are those of its epoch, and no other has a better one.
    const auto figures = evaluate(*Model::load(job.model), setting.scratch.file("valid.csv"));
    REQUIRE_MESSAGE(figures.ok(), figures.error().message);
    const auto line = log_of(job).at(report.best_epoch + 1);  // after the config and epoch 0
    CHECK(line["epoch"] == report.best_epoch);
    const auto score = [&](const EpochSummary& epoch) {
      const auto &click = epoch.valid[0], &consume = epoch.valid[1];
      return contains(watched, "auc") ? *consume.auc : -*click.logloss - *consume.logloss;
    };
    for (std::size_t t = 0; t < 2; ++t) {
      const TaskReport &model = figures->tasks[t], &logged = epochs[report.best_epoch - 1].valid[t];
      CHECK(*model.auc == *logged.auc);
      CHECK(*model.logloss == *logged.logloss);
      CHECK(*model.ece == *logged.ece);
      CHECK(*model.logloss == line["valid"][model.task]["logloss"].get<double>());
      CHECK(*model.logloss != *epochs.back().valid[t].logloss);
    }
    for (const EpochSummary& epoch : epochs) {
      CAPTURE(epoch.epoch);
      CHECK((score(epoch) < score(epochs[report.best_epoch - 1]) || epoch.epoch >= report.best_epoch));
      CHECK(score(epoch) <= score(epochs[report.best_epoch - 1]));
    }

    for (const std::size_t steps : std::vector<std::size_t>{6, 17}) {
      CAPTURE(steps);
      const FitJob pieces = setting.job("pieces", steps % 2 == 0 ? 2 : 1);
      CHECK(run_in_pieces(pieces, steps) > 1);
      CHECK(read_text(pieces.model) == expected);
      stopped_as_expected(pieces);
      std::filesystem::remove(pieces.model);
    }

    // Ended when all epochs were done and MODEL not yet written: there is nothing more to train.
    FitJob late = setting.job("late");
    set_file_fault([&](FileOp op, const std::string& path) {
      return op == FileOp::rename && path == late.model ? ENOSPC : 0;
    });
    CHECK(fit(late).error().code == ErrorCode::io);
    set_file_fault(nullptr);
    late.resume = true;
    const FitReport again = fitted(late);
    CHECK(again.reason == "early_stopping");
    CHECK(again.best_epoch == report.best_epoch);
    CHECK(again.rows_trained == 0);
    CHECK(read_text(late.model) == expected);
  }
}

TEST_CASE("an equal epoch is no improvement") {
  for (const std::string metric : {"auc", "logloss"}) {
    // A rate below what a float can tell from nothing: all epochs are equal.
    const Setting setting(R"("epochs": 9, "batch": 64, "optimizer": {"kind": "sgd", "rate": 1e-30},
                             "early_stopping": {"patience": 3, "metric": ")" +
                          metric + "\"}");
    const FitReport report = fitted(setting.job("m"));
    CHECK(report.reason == "early_stopping");
    CHECK(report.best_epoch == 1);
    CHECK(report.epochs == 4);
  }
}

TEST_CASE("another config, seed or data cannot be resumed") {
  const Setting setting("\"epochs\": 2, \"batch\": 64");
  FitJob job = setting.job("m");
  job.progress = [](const JobProgress& p) { return p.epoch < 2; };
  REQUIRE(fit(job).error().code == ErrorCode::stopped);
  job.progress = nullptr;
  job.resume = true;
  const std::string checkpoint = read_text(job.model + ".checkpoint");

  FitJob other = job;
  other.config_json = *set_config_value(job.config_json, "train.seed=2");
  CHECK(fit(other).error().code == ErrorCode::model);
  CHECK(contains(fit(other).error().message, "train.seed: 1 there, 2 now"));
  other = job;
  other.valid.clear();
  CHECK(fit(other).error().code == ErrorCode::model);
  other = job;
  std::swap(other.train, other.valid);
  CHECK(fit(other).error().code == ErrorCode::model);
  CHECK(read_text(job.model + ".checkpoint") == checkpoint);
  fitted(job);
}

TEST_CASE("before the first step the log tells the base rates, and the loss of predicting them") {
  const Setting setting(R"("epochs": 1, "batch": 64)");
  const FitJob job = setting.job("m");
  fitted(job);
  const nlohmann::json line = log_of(job).at(1);
  CHECK(line["epoch"] == 0);
  const double click = line["base_rates"]["click"], consume = line["base_rates"]["consume"];
  const auto entropy = [](double p) { return -p * std::log(p) - (1 - p) * std::log(1 - p); };
  CHECK(click > 0.05);
  CHECK(click * consume > 0.02);
  CHECK(line["loss"].get<double>() ==
        doctest::Approx(entropy(click) + entropy(click * consume)).epsilon(0.05).scale(0));

  const Setting without(R"("epochs": 1, "batch": 64, "base_rate": false)");
  const FitJob plain = without.job("m");
  fitted(plain);
  CHECK_FALSE(log_of(plain).at(1).contains("base_rates"));
  CHECK(log_of(plain).at(1)["loss"].get<double>() ==
        doctest::Approx(entropy(0.5) + entropy(0.25)).epsilon(0.05).scale(0));
}

TEST_CASE("a diverging run names a tensor and keeps its checkpoint and the old model") {
  const Setting setting(
      R"("epochs": 3, "batch": 64, "checkpoint_seconds": 0,
         "optimizer": {"kind": "sgd", "rate": 1e30}, "schedule": {"kind": "constant", "warmup": 0})");
  FitJob job = setting.job("m");
  write_text(job.model, "an earlier model");
  const auto report = fit(job);
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == ErrorCode::diverged);
  CHECK(contains(report.error().message, "first NaN or infinity in "));
  CHECK(read_text(job.model) == "an earlier model");
  CHECK(log_of(job).back()["stopped"].get<std::string>().starts_with("diverged: "));
  job.resume = true;
  CHECK(fit(job).error().code == ErrorCode::diverged);  // so the checkpoint is whole
}

TEST_CASE("what cannot be written is found before training") {
  const Setting setting("\"epochs\": 1, \"batch\": 64");
  bool trained = false;
  const auto error_of = [&](FitJob job) {
    job.progress = [&](const JobProgress& p) { return trained = trained || p.stage == "training", true; };
    const auto report = fit(job);
    REQUIRE_FALSE(report.ok());
    CHECK_FALSE(trained);
    return report.error();
  };
  CHECK(error_of(setting.job("no/such/directory/m")).code == ErrorCode::io);
  CHECK(error_of(setting.job("")).code == ErrorCode::io);  // the directory itself
  FitJob job = setting.job("m");
  job.model = "/dev/null";
  CHECK(error_of(job).code == ErrorCode::io);
  job = setting.job("m");
  job.train = {"-"};
  CHECK(error_of(job).code == ErrorCode::usage);
  job = setting.job("m");
  job.valid = {"-"};
  CHECK(error_of(job).code == ErrorCode::usage);
  job = setting.job("m");
  job.train.clear();
  CHECK(error_of(job).code == ErrorCode::usage);
  job = setting.job("m");
  job.compute.isa = "mmx";
  CHECK(error_of(job).code == ErrorCode::usage);
  job = setting.job("m");
  job.config_json = "{\"field\": []}";
  job.config_name = "my.json";
  const Error error = error_of(job);
  CHECK(error.code == ErrorCode::usage);
  CHECK(error.message.starts_with("my.json"));
  job = setting.job("m");
  job.train = {setting.scratch.file("absent.csv")};
  CHECK(error_of(job).code == ErrorCode::io);
  job = setting.job("m");
  write_text(setting.scratch.file("header.csv"), "user,item,tags,x,click,consume\n");
  job.train = {setting.scratch.file("header.csv")};
  const auto report = fit(job);
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == ErrorCode::data);
  CHECK_FALSE(std::filesystem::exists(job.model));
}

TEST_CASE("a checkpoint is resumed or dropped, never forgotten") {
  const Setting setting("\"epochs\": 2, \"batch\": 64");
  fitted(setting.job("whole"));
  FitJob job = setting.job("m");
  job.progress = [](const JobProgress& p) { return p.epoch < 2; };
  REQUIRE(fit(job).error().code == ErrorCode::stopped);
  const std::string checkpoint = read_text(job.model + ".checkpoint"), log = read_text(job.model + ".jsonl");
  job.progress = nullptr;
  const Error error = fit(job).error();
  CHECK(error.code == ErrorCode::usage);
  CHECK(error.message.starts_with(job.model + ".checkpoint: "));
  CHECK(contains(error.help, "--resume"));
  CHECK(contains(error.help, "--restart"));
  FitJob both = job;
  both.resume = both.restart = true;
  CHECK(fit(both).error().code == ErrorCode::usage);
  CHECK(read_text(job.model + ".checkpoint") == checkpoint);
  CHECK(read_text(job.model + ".jsonl") == log);
  // Nor is it dropped by a run that cannot even begin.
  FitJob broken = job;
  broken.restart = true;
  broken.train = {setting.scratch.file("absent.csv")};
  CHECK(fit(broken).error().code == ErrorCode::io);
  CHECK(read_text(job.model + ".checkpoint") == checkpoint);
  job.restart = true;
  CHECK(fitted(job).rows_trained == 600);
  CHECK(read_text(job.model) == read_text(setting.scratch.file("whole")));
}

TEST_CASE("one process, two runs on one model: the second is refused") {
  const Setting setting("\"epochs\": 1, \"batch\": 64");
  FitJob job = setting.job("m");
  FitJob second = job;
  std::filesystem::create_symlink("m", setting.scratch.file("link"));
  bool asked = false;
  job.progress = [&](const JobProgress&) {
    if (asked) return true;
    asked = true;
    for (const char* name : {"m", "link"}) {
      second.model = setting.scratch.file(name);
      const Error error = fit(second).error();
      CHECK(error.code == ErrorCode::io);
      CHECK(contains(error.message, "another training run is writing it: process "));
    }
    return true;
  };
  fitted(job);
  CHECK(asked);
  fitted(second);
}

TEST_CASE("a loaded model is not written over by what it predicts, but may be saved again") {
  const Setting setting("\"epochs\": 1, \"batch\": 64");
  const FitJob job = setting.job("m");
  fitted(job);
  const std::string bytes = read_text(job.model), data = job.valid[0];
  const auto model = Model::load(job.model);
  std::filesystem::create_hard_link(job.model, setting.scratch.file("same"));
  for (const std::string& out : {job.model, setting.scratch.file("same"), data}) {
    CHECK(predict_file(*model, data, out).error().code == ErrorCode::usage);
    CHECK(trace_file(*model, data, out, Precision::f32).error().code == ErrorCode::usage);
  }
  CHECK(read_text(job.model) == bytes);
  REQUIRE(model->save(job.model).ok());
  CHECK(read_text(job.model) == bytes);
  REQUIRE(predict_file(*model, data, setting.scratch.file("p")).ok());
}

TEST_CASE("what a callback throws is reported as such") {
  const Setting setting("\"epochs\": 1, \"batch\": 64");
  const auto check = [](const Result<FitReport>& report, const std::string& what) {
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().code == ErrorCode::usage);
    CHECK(report.error().message == "the callback " + what);
  };
  FitJob job = setting.job("m");
  job.progress = [](const JobProgress&) -> bool { throw 42; };
  check(fit(job), "progress threw something that is no std::exception");
  job.progress = [](const JobProgress& state) -> bool {
    return state.stage == "reading" ? true : throw std::bad_alloc();
  };
  check(fit(job), "progress threw \"std::bad_alloc\"");
  job.progress = nullptr;
  job.on_epoch = [](const EpochSummary&) { throw std::runtime_error("no\nroom"); };
  check(fit(job), "on_epoch threw \"no\\nroom\"");
  job.on_epoch = nullptr;
  job.on_note = [](const std::string&) { throw std::string("note"); };
  job.valid.clear();
  check(fit(job), "on_note threw something that is no std::exception");
  job.on_note = nullptr;
  fitted(job);
  const auto scored =
      evaluate(*Model::load(job.model), job.train[0], 64, {}, [](const JobProgress&) -> bool { throw 42; });
  CHECK(scored.error().message == "the callback progress threw something that is no std::exception");
}

TEST_CASE("the value of a result that is not kept can be moved from") {
  static_assert(std::is_same_v<decltype(*Model::load("")), Model&&>);
  const Setting setting("\"epochs\": 1, \"batch\": 64");
  const FitJob job = setting.job("m");
  fitted(job);
  Model model = *Model::load(job.model);
  model = *Model::load(job.model);
  CHECK(model.tasks().size() == 2);
}

TEST_CASE("unknown rows that are drawn late, or never, end the same whatever the interruptions") {
  for (const std::string rate : {"0.0003", "0.001", "0"}) {
    CAPTURE(rate);
    const Setting setting("\"epochs\": 3, \"batch\": 64, \"unknown_rate\": " + rate);
    fitted(setting.job("whole"));
    for (const std::size_t steps : std::initializer_list<std::size_t>{5, 6}) {
      const FitJob job = setting.job("pieces");
      CHECK(run_in_pieces(job, steps) > 1);
      CHECK(read_text(job.model) == read_text(setting.scratch.file("whole")));
      std::filesystem::remove(job.model);
    }
  }
}
