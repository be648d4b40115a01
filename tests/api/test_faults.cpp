// The n-th system call of a job fails, for every n: what was there is there, or what was to come is whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/file.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

struct Fault {
  FileOp op;
  int error;
};

constexpr std::array<Fault, 9> kFaults = {{{FileOp::open, EMFILE},
                                           {FileOp::open, EACCES},
                                           {FileOp::read, EIO},
                                           {FileOp::write, ENOSPC},
                                           {FileOp::sync, EIO},
                                           {FileOp::rename, EBUSY},
                                           {FileOp::remove, EIO},
                                           {FileOp::map, ENOMEM},
                                           {FileOp::make_directory, ENOSPC}}};

constexpr const char* kOld = "what was there before";

/// Calls `job` with the n-th operation of the fault's kind failing, for every n; before each time `prepare`,
/// after each time `check(result)`. Gives the number of times.
template <class Job>
int for_every_fault(const std::function<void()>& prepare, Job&& job,
                    const std::function<void(const Error*)>& check) {
  int times = 0;
  for (const Fault& fault : kFaults) {
    for (int n = 0;; ++n) {
      prepare();
      int seen = 0;
      set_file_fault(
          [&](FileOp op, const std::string&) { return op == fault.op && seen++ == n ? fault.error : 0; });
      const auto result = job();
      set_file_fault(nullptr);
      if (seen <= n) break;
      ++times;
      CAPTURE(static_cast<int>(fault.op));
      CAPTURE(fault.error);
      CAPTURE(n);
      CAPTURE((result.ok() ? std::string("done") : result.error().message));
      if (!result.ok()) {
        CHECK(result.error().code == (fault.error == ENOMEM ? ErrorCode::memory : ErrorCode::io));
        CHECK(contains(result.error().message, "cannot "));
        CHECK_FALSE(result.error().help.empty());
      }
      check(result.ok() ? nullptr : &result.error());
    }
  }
  return times;
}

/// Data, a trained model and a directory for what the jobs write.
struct Setting {
  Setting() {
    write_text(scratch.file("train.csv"), SmallTable(200, 1).csv());
    write_text(scratch.file("valid.csv"), SmallTable(60, 2).csv());
    job.config_json =
        learned_config(R"("epochs": 2, "batch": 100, "checkpoint_seconds": 0, "unknown_rate": 0.1)");
    job.train = {scratch.file("train.csv")};
    job.valid = {scratch.file("valid.csv")};
    job.model = scratch.file("whole");
    REQUIRE(fit(job).ok());
    whole = read_text(job.model);
    out = scratch.file("out");
    job.model = out + "/m";
  }
  void empty_out() const {
    std::filesystem::remove_all(out);
    std::filesystem::create_directory(out);
  }
  void check_no_temporary() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
      CHECK_FALSE(contains(entry.path().filename().string(), ".dcrnn-"));
    }
  }
  /// What a failed training left: the old model or the whole new one, and a run that ends as it would have.
  void check_training(const Error* error, std::string_view old) const {
    const std::string now = read_text(job.model);
    CHECK((now == whole || (error != nullptr && now == old)));
    check_no_temporary();
    FitJob again = job;
    again.resume = true;
    const auto report = fit(again);
    REQUIRE_MESSAGE(report.ok(), report.error().message);
    CHECK(read_text(job.model) == whole);
    CHECK_FALSE(std::filesystem::exists(job.model + ".checkpoint"));
    std::istringstream log(read_text(job.model + ".jsonl"));
    for (std::string line; std::getline(log, line);) CHECK(nlohmann::json::accept(line));
  }

  ScratchDirectory scratch;
  FitJob job;
  std::string whole, out;
};

}  // namespace

TEST_CASE("a training whose n-th system call fails loses nothing") {
  const Setting setting;
  const int times = for_every_fault(
      [&] {
        setting.empty_out();
        write_text(setting.job.model, kOld);
      },
      [&] { return fit(setting.job); }, [&](const Error* error) { setting.check_training(error, kOld); });
  CHECK(times > 100);
  MESSAGE(times << " failed calls while training");
}

TEST_CASE("a stopped or resumed training whose n-th system call fails loses nothing") {
  const Setting setting;
  FitJob stopping = setting.job;
  stopping.progress = [](const JobProgress& p) { return p.epoch < 2; };
  setting.empty_out();
  REQUIRE(fit(stopping).error().code == ErrorCode::stopped);
  const std::string saved = setting.scratch.file("saved");
  std::filesystem::copy(setting.out, saved, std::filesystem::copy_options::recursive);
  const auto as_stopped = [&] {
    std::filesystem::remove_all(setting.out);
    std::filesystem::copy(saved, setting.out, std::filesystem::copy_options::recursive);
  };
  FitJob resuming = setting.job;
  resuming.resume = true;
  const int resumed = for_every_fault(
      as_stopped, [&] { return fit(resuming); },
      [&](const Error* error) { setting.check_training(error, ""); });
  CHECK(resumed > 50);

  stopping.resume = true;
  stopping.progress = [](const JobProgress& p) { return p.epoch < 2 || p.done < 100; };
  const int stopped = for_every_fault(
      as_stopped,
      [&]() -> Result<void> {
        const auto report = fit(stopping);
        REQUIRE_FALSE(report.ok());
        if (report.error().code != ErrorCode::stopped) return report.error();
        return {};
      },
      [&](const Error*) {
        CHECK(std::filesystem::exists(setting.job.model + ".checkpoint"));
        const Error not_finished;
        setting.check_training(&not_finished, "");
      });
  CHECK(stopped > 20);
  MESSAGE(resumed << " failed calls while resuming, " << stopped << " while stopping");
}

TEST_CASE(
    "a prediction, trace or save whose n-th system call fails leaves the old file or the whole new one") {
  const Setting setting;
  const auto loaded = Model::load(setting.scratch.file("whole"));
  const Model& model = *loaded;
  const std::string data = setting.scratch.file("valid.csv"), target = setting.out + "/target";
  const std::array<std::function<Result<void>()>, 3> jobs = {
      [&]() -> Result<void> {
        const auto report = predict_file(model, data, target, 7);
        if (!report.ok()) return report.error();
        return {};
      },
      [&] { return trace_file(model, data, target, Precision::f32); }, [&] { return model.save(target); }};
  int times = 0;
  for (const auto& job : jobs) {
    for (const bool exists : {true, false}) {
      setting.empty_out();
      REQUIRE(job().ok());
      const std::string expected = read_text(target);
      const std::string old = exists ? kOld : "";
      times += for_every_fault(
          [&] {
            setting.empty_out();
            if (exists) write_text(target, old);
          },
          job,
          [&](const Error* error) {
            const std::string now = read_text(target);
            CHECK((now == expected || (error != nullptr && now == old)));
            CHECK((exists || error == nullptr || !now.empty() || !std::filesystem::exists(target)));
            setting.check_no_temporary();
          });
    }
  }
  CHECK(times > 50);
  MESSAGE(times << " failed calls while predicting, tracing and saving");
}

TEST_CASE("data that changes at any moment of reading never becomes another model or a wrong cache") {
  const Setting setting;
  const std::string other = SmallTable(200, 9).csv();
  for (const std::string& changing : {setting.job.train[0], setting.job.valid[0]}) {
    const std::string before = read_text(changing);
    int refused = 0, moments = 0;
    for (int n = 0;; ++n) {
      setting.empty_out();
      int seen = 0;
      set_file_fault([&](FileOp, const std::string& path) {
        if (path == changing && seen++ == n) write_text(changing, other);
        return 0;
      });
      const auto report = fit(setting.job);
      set_file_fault(nullptr);
      const bool changed = seen > n;
      const std::string now = read_text(setting.job.model);
      if (!report.ok()) {
        ++refused;
        // Cut in the middle of a row it may also not be understood any more.
        const Error& error = report.error();
        CHECK((error.code == ErrorCode::data ||
               error.message == "cannot read " + changing + ": it changed while it was read"));
        CHECK_FALSE(std::filesystem::exists(setting.job.model));
      }
      // The cache holds the rows of the bytes it is named after, whichever they are.
      for (const std::string& content : {before, other}) {
        write_text(changing, content);
        FitJob cached = setting.job, fresh = setting.job;
        cached.restart = fresh.restart = true;
        cached.model = setting.out + "/cached";
        cached.cache = setting.job.model + ".cache";
        fresh.model = setting.out + "/fresh";
        REQUIRE(fit(cached).ok());
        REQUIRE(fit(fresh).ok());
        CHECK(read_text(cached.model) == read_text(fresh.model));
        if (report.ok() && changed && content == other && now != setting.whole) {
          CHECK(now == read_text(fresh.model));
        }
        std::filesystem::remove_all(fresh.model + ".cache");
      }
      write_text(changing, before);
      if (!changed) {
        CHECK(now == setting.whole);
        break;
      }
      ++moments;
    }
    CHECK(moments >= 5);
    CHECK(refused >= 1);
  }
}
