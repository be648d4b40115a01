// Every allocation of everything a host does with the library is made to fail, alone and with all that follow
// it. Nothing may end the process; what fails says so; afterwards every object works as if nothing had
// happened.
//
// operator new is replaced for this program. Not reached by it are the stacks of threads (of which fewer are
// started, tests/embedding/guests/thread_limit.c) and allocations of the C++ runtime when it throws (which
// falls back on memory it has set aside).
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <new>

#include "tests/campaign.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

constexpr long kNever = std::numeric_limits<long>::max();

std::atomic<long> left{kNever};      // allocations until the next that fails
std::atomic<bool> all_after{false};  // and those after it
std::atomic<long> allocations{0};

bool fails() {
  if (left.load(std::memory_order_relaxed) == kNever) return false;
  allocations.fetch_add(1, std::memory_order_relaxed);
  const long now = left.fetch_sub(1, std::memory_order_relaxed);
  return now == 0 || (now < 0 && all_after.load(std::memory_order_relaxed));
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (!fails()) {
    void* block = nullptr;
    if (::posix_memalign(&block, alignment, size == 0 ? 1 : size) == 0) return block;
  }
  throw std::bad_alloc();
}

/// What a call says: nothing, or its error.
using Call = std::function<Error()>;
const Error kGood{ErrorCode::internal, "", ""};

template <class T>
Error error_of(const Result<T>& result) {
  return result ? kGood : result.error();
}

/// Runs `call` with the allocation `n` (and, if `on`, those after it) failing.
Error with_failure(long n, bool on, const Call& call) {
  all_after = on;
  left = n;
  Error error = call();
  left = kNever;
  return error;
}

/// Fails the allocations of `call` one by one, about `share` of them outside campaigns. `check` is run after
/// each: it uses all objects again and compares.
void fail_each(const std::string& name, std::size_t share, const Call& call,
               const std::function<void()>& check) {
  call();  // what is made once for the whole process is there
  check();
  allocations = 0;
  REQUIRE(with_failure(kNever - 1, false, call).message.empty());
  const auto count = static_cast<std::size_t>(allocations.load());
  check();
  std::size_t refused = 0;
  const std::vector<std::size_t> cases = drawn_cases(count, share);
  for (const bool on : {false, true}) {
    for (const std::size_t n : cases) {
      CAPTURE(name);
      CAPTURE(n);
      CAPTURE(on);
      const Error error = with_failure(static_cast<long>(n), on, call);
      // Some allocations can be done without: then the call has to be right.
      if (!error.message.empty()) {
        ++refused;
        REQUIRE_MESSAGE(error.code == ErrorCode::memory, error.message);
      }
      check();
    }
  }
  MESSAGE(name << ": " << count << " allocations, " << 2 * cases.size() << " failures, " << refused
               << " refused");
  CHECK(refused > 0);
}

std::vector<float> values_of(const Model& model) {
  std::vector<float> values;
  for (const ParameterView& view : model.parameters())
    values.insert(values.end(), view.values.begin(), view.values.end());
  return values;
}

std::vector<float> scores_of(Scorer& scorer, const SmallTable& table) {
  std::vector<float> p(2 * table.rows().count);
  REQUIRE(scorer.score(table.rows(), p).ok());
  return p;
}

/// A trained model and files for it.
struct Setting {
  Setting() {
    write_text(train, SmallTable(90, 1).csv());
    write_text(valid, SmallTable(40, 2).csv());
    REQUIRE(error_of(fit(job(model))).message.empty());
  }
  FitJob job(const std::string& out, int threads = 1) const {
    FitJob job;
    job.config_json = learned_config("\"epochs\": 2, \"batch\": 32, \"checkpoint_seconds\": 0");
    job.train = {train};
    job.valid = {valid};
    job.model = out;
    job.cache = scratch.file("cache");
    job.compute.threads = threads;
    return job;
  }

  ScratchDirectory scratch;
  std::string train = scratch.file("train.csv"), valid = scratch.file("valid.csv"),
              model = scratch.file("model");
};

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size, sizeof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}

TEST_CASE("models: create, load, save, inspect, change") {
  const Setting setting;
  const std::string bytes = read_text(setting.model);
  auto model = Model::load(setting.model);
  REQUIRE(model.ok());
  const std::vector<float> values = values_of(*model);
  const auto same = [&] { REQUIRE(values_of(*model) == values); };

  const std::string config = small_config(), learned = learned_config(), assignment = "fields.0.dim=8";
  fail_each(
      "create", 100, [&] { return error_of(Model::create(config)); }, same);
  fail_each(
      "load", 100, [&] { return error_of(Model::load(setting.model)); }, same);
  const std::string copy = setting.scratch.file("copy");
  const std::size_t entries = setting.scratch.entries();
  fail_each(
      "save", 100, [&] { return error_of(model->save(copy)); },
      [&] {
        REQUIRE(read_text(copy) == bytes);
        REQUIRE(setting.scratch.entries() == entries + 1);  // no temporaries
      });
  fail_each(
      "inspect", 60, [&] { return error_of(inspect(*model)); }, same);
  fail_each(
      "set_config_value", 60, [&] { return error_of(set_config_value(learned, assignment, assignment)); },
      same);
  // Of a bad call, whose message takes memory itself.
  const auto refused = [&] {
    const Result<void> result = model->set_parameter("there is no such parameter", {});
    return result.error().code == ErrorCode::usage ? kGood : result.error();
  };
  fail_each("set_parameter", 100, refused, same);
}

TEST_CASE("scoring rows in memory") {
  const Setting setting;
  const SmallTable small(3, 5), large(200, 6);
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    const auto model = Model::create(small_config());
    REQUIRE(model.ok());
    const ComputeOptions compute{threads, "auto"};
    auto reference = Scorer::create(*model, compute);
    REQUIRE(reference.ok());
    const std::vector<float> expected = scores_of(*reference, large), few = scores_of(*reference, small);
    const auto same = [&] { REQUIRE(scores_of(*reference, large) == expected); };
    fail_each(
        "Scorer::create", 60, [&] { return error_of(Scorer::create(*model, compute)); }, same);

    // The first batch of a scorer, and a larger one later: the same scorer goes on after each failure.
    std::optional<Scorer> scorer;
    const auto score = [&] {
      std::vector<float> p(400);
      scorer.emplace(std::move(Scorer::create(*model, compute)).value());
      REQUIRE(scores_of(*scorer, small) == few);
      return p;
    };
    std::vector<float> p = score();
    fail_each(
        "Scorer::score", 60, [&] { return error_of(scorer->score(large.rows(), p)); },
        [&] {
          REQUIRE(scores_of(*scorer, small) == few);
          REQUIRE(scores_of(*scorer, large) == expected);
          p = score();
        });
  }
}

TEST_CASE("a trainer goes on as if the failed step had not been asked for") {
  const SmallTable small(8, 7), large(64, 8);
  const std::string config = small_config("\"batch\": 64, \"clip_norm\": 0.5");
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    const ComputeOptions compute{threads, "auto"};
    std::optional<Model> model;
    std::optional<Trainer> trainer;
    const auto begin = [&] {
      trainer.reset();
      model.emplace(std::move(Model::create(config)).value());
      trainer.emplace(std::move(Trainer::create(*model, 10, compute)).value());
    };
    const auto steps = [&](std::initializer_list<const SmallTable*> tables) {
      for (const SmallTable* table : tables) REQUIRE(trainer->step(table->rows()).ok());
    };
    begin();
    steps({&small, &large, &small});
    const std::vector<float> expected = values_of(*model);

    begin();
    fail_each(
        "Trainer::create", 60, [&] { return error_of(Trainer::create(*model, 10, compute)); }, [] {});

    bool done = false;
    const auto check = [&] {
      if (!done) steps({&small});
      steps({&large, &small});
      REQUIRE(values_of(*model) == expected);
      begin();
    };
    begin();
    const auto first_step = [&] {
      const Result<TrainStep> step = trainer->step(small.rows());
      done = step.ok();
      return error_of(step);
    };
    fail_each("Trainer::step, the first", 100, first_step, check);

    const auto begin_later = [&] {
      begin();
      steps({&small});
    };
    begin_later();
    const auto larger_step = [&] {
      const Result<TrainStep> step = trainer->step(large.rows());
      done = step.ok();
      return error_of(step);
    };
    fail_each("Trainer::step, a larger one", 100, larger_step, [&] {
      if (!done) steps({&large});
      steps({&small});
      REQUIRE(values_of(*model) == expected);
      begin_later();
    });
  }
}

TEST_CASE("jobs over files: predict, eval, trace") {
  const Setting setting;
  const auto model = Model::load(setting.model);
  REQUIRE(model.ok());
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    const ComputeOptions compute{threads, "auto"};
    const std::string out = setting.scratch.file("out"), trace = setting.scratch.file("trace");
    const auto predict = [&] { return error_of(predict_file(*model, setting.valid, out, 16, compute)); };
    const auto tracing = [&] {
      return error_of(trace_file(*model, setting.valid, trace, Precision::f32, compute));
    };
    REQUIRE(predict().message.empty());
    REQUIRE(tracing().message.empty());
    const std::string predictions = read_text(out), values = read_text(trace);
    const std::size_t entries = setting.scratch.entries();
    const auto same = [&] {
      REQUIRE(read_text(out) == predictions);
      REQUIRE(read_text(trace) == values);
      REQUIRE(setting.scratch.entries() == entries);
    };
    fail_each("predict", 60, predict, same);
    fail_each("trace", 60, tracing, same);
    double auc = 0;
    const auto eval = [&] {
      const auto report = evaluate(*model, setting.valid, 16, compute);
      if (report) auc = *report->tasks[0].auc;
      return error_of(report);
    };
    REQUIRE(eval().message.empty());
    const double expected = auc;
    fail_each("eval", 60, eval, [&] { REQUIRE(auc == expected); });
  }
  const std::string config = small_config(), name = "config";
  fail_each(
      "gradcheck", 10, [&] { return error_of(gradcheck(config, name, 1, 2, 2)); }, [] {});
}

TEST_CASE("a training run goes on to the same model") {
  const Setting setting;
  const std::string expected = read_text(setting.model);
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    FitJob job = setting.job(setting.scratch.file("again"), threads);
    fail_each(
        "fit", 20, [&] { return error_of(fit(job)); },
        [&] {
          job.resume = true;
          REQUIRE(error_of(fit(job)).message.empty());
          job.resume = false;
          REQUIRE(read_text(job.model) == expected);
          std::filesystem::remove(job.model);
          REQUIRE_FALSE(std::filesystem::exists(job.model + ".checkpoint"));
          if (threads == 1) std::filesystem::remove_all(job.cache);  // for two threads it is there
        });
  }
}
