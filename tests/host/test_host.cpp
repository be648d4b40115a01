// The host program is left as it was found: a program of its own, so that nothing else has run before.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstring>
#include <filesystem>

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

/// Every setting of the process that a library could change.
std::string host_settings() {
  std::string text;
  const auto add = [&](const char* name, const auto& value) { text += name + (": " + value) + "\n"; };
  add("locale", std::string(std::setlocale(LC_ALL, nullptr)));
  for (char** entry = environ; *entry != nullptr; ++entry) add("environment", std::string(*entry));
  for (int number = 1; number < 65; ++number) {
    struct sigaction action;
    std::memset(&action, 0, sizeof action);
    if (::sigaction(number, nullptr, &action) != 0) continue;
    add("signal", std::to_string(number) + " " +
                      std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler)) + " " +
                      std::to_string(action.sa_flags));
  }
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int number = 1; number < 65; ++number) text += ::sigismember(&blocked, number) == 1 ? '1' : '0';
  add("\nrounding", std::to_string(std::fegetround()));
#ifdef __SSE2__
  add("mxcsr", std::to_string(_mm_getcsr() & ~0x3Fu));  // without the sticky flags
#endif
#ifdef _OPENMP
  add("omp threads", std::to_string(omp_get_max_threads()));
  add("omp dynamic", std::to_string(omp_get_dynamic()));
  add("omp levels", std::to_string(omp_get_max_active_levels()));
#endif
  add("directory", std::filesystem::current_path().string());
  return text;
}

std::size_t threads_of_process() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    count += !entry.path().empty();
  return count;
}

/// Trains from a file and in memory, loads, scores, predicts, evaluates, traces; the bytes of what came out.
std::string do_everything(int threads) {
  const ScratchDirectory scratch;
  const SmallTable table(200);
  write_text(scratch.file("d.csv"), table.csv());
  FitJob job;
  job.config_json = learned_config("\"epochs\": 2, \"batch\": 64");
  job.train = job.valid = {scratch.file("d.csv")};
  job.model = scratch.file("m");
  job.compute.threads = threads;
  const auto report = fit(job);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  const auto model = Model::load(job.model);
  REQUIRE(model.ok());
  REQUIRE(evaluate(*model, scratch.file("d.csv"), 64, job.compute).ok());
  REQUIRE(predict_file(*model, scratch.file("d.csv"), scratch.file("p.csv"), 64, job.compute).ok());
  REQUIRE(trace_file(*model, scratch.file("d.csv"), scratch.file("t"), Precision::f32, job.compute).ok());

  auto small = Model::create(small_config());
  auto trainer = Trainer::create(*small, 0, job.compute);
  auto scorer = Scorer::create(*small, job.compute);
  std::vector<float> p(400);
  REQUIRE(trainer->step(table.rows()).ok());
  REQUIRE(scorer->score(table.rows(), p).ok());
  CHECK_FALSE(Model::load(scratch.file("absent")).ok());
  return read_text(scratch.file("m")) + read_text(scratch.file("p.csv")) + read_text(scratch.file("t"));
}

}  // namespace

TEST_CASE("with one thread no other thread exists; no setting of the host changes") {
  REQUIRE(threads_of_process() == 1);
  const std::string before = host_settings();
  const std::string bytes = do_everything(1);
  CHECK(threads_of_process() == 1);
  CHECK(host_settings() == before);
  CHECK(do_everything(2) == bytes);
  CHECK(host_settings() == before);
}

TEST_CASE("settings that a host may have make no difference") {
  const std::string bytes = do_everything(1);
  std::signal(SIGPIPE, SIG_IGN);
  ::setenv("OMP_NUM_THREADS", "3", 1);
  ::setenv("DCRNN_ISA", "reference", 1);  // the command line's business, not the library's
#ifdef _OPENMP
  omp_set_num_threads(5);
  omp_set_dynamic(0);
#endif
  bool comma = false;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"})
    comma = comma || std::setlocale(LC_ALL, name) != nullptr;
  if (!comma) MESSAGE("SKIPPED: no locale with a decimal comma is installed");
  const std::string before = host_settings();
  CHECK(do_everything(2) == bytes);
  CHECK(host_settings() == before);
  std::setlocale(LC_ALL, "C");
}
