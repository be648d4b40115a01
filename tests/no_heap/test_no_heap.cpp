// No heap allocation in a training step or a prediction once everything has its size: malloc and its kin are
// replaced by counting ones, for this program only.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <numeric>

#include "api/model_impl.hpp"
#include "data/dataset.hpp"
#include "data/row_reader.hpp"
#include "data/shuffle.hpp"
#include "kernels/table.hpp"
#include "tests/data/every_kind.hpp"
#include "tests/model/examples.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"
#include "train/trainer.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define DCRNN_COUNTING 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DCRNN_COUNTING 0
#endif
#endif
#ifndef DCRNN_COUNTING
#define DCRNN_COUNTING 1
#endif

using namespace dcrnn;
using namespace dcrnn::test;

#if DCRNN_COUNTING

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

void count() {
  if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
}

/// Allocations while `f` runs.
template <class F>
int allocations_of(F&& f) {
  allocations = 0;
  counting = true;
  f();
  counting = false;
  return allocations;
}

#ifdef __clang__
const std::vector<int> kThreads = {1};  // libomp allocates for every parallel region
#else
const std::vector<int> kThreads = {1, 2};
#endif

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

// Whatever visibility the build asks for: new in the standard library has to find these.
#pragma GCC visibility push(default)
void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  count();
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t size) {
  count();
  return __libc_realloc(p, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t size) {
  count();
  *p = __libc_memalign(alignment, size);
  return *p == nullptr ? ENOMEM : 0;
}
#pragma GCC visibility pop
}

TEST_CASE("the counting sees new, aligned new and malloc") {
  void* kept[3] = {};
  CHECK(allocations_of([&] {
          kept[0] = ::operator new(100);
          kept[1] = ::operator new (100, std::align_val_t{64});
          kept[2] = std::malloc(10);
        }) == 3);
  ::operator delete(kept[0]);
  ::operator delete (kept[1], std::align_val_t{64});
  std::free(kept[2]);
}

TEST_CASE("steps that compare or combine the tasks' gradients") {
  const SmallTable a(256, 1), b(256, 2);
  for (const std::string gradients : {"sum", "pcgrad"}) {
    for (const int threads : kThreads) {
      CAPTURE(gradients);
      CAPTURE(threads);
      const std::string config = small_config("\"batch\": 256, \"interference\": 2");
      auto model = Model::create(config.substr(0, config.size() - 1) +
                                 R"(, "weighting": "uncertainty", "gradients": ")" + gradients + "\"}");
      REQUIRE(model.ok());
      auto trainer = Trainer::create(*model, 100, {threads, "auto"});
      REQUIRE(trainer.ok());
      bool good = true;
      const auto steps = [&] {
        for (const SmallTable* table : {&a, &b, &a, &b}) good = trainer->step(table->rows()).ok() && good;
      };
      steps();
      CHECK(allocations_of(steps) == 0);
      CHECK(good);
    }
  }
}

TEST_CASE("steps and scores of rows in memory") {
  const SmallTable a(256, 1), b(256, 2);
  const std::string one = small_config("\"batch\": 256, \"clip_norm\": 1.0");
  const std::string three = one.substr(0, one.size() - 1) + ", \"members\": 3}";
  for (const std::string& config : {one, three}) {
    for (const int threads : kThreads) {
      CAPTURE(threads);
      CAPTURE(config);
      auto model = Model::create(config);
      auto trainer = Trainer::create(*model, 100, {threads, "auto"});
      REQUIRE(trainer.ok());
      bool good = true;
      const auto steps = [&] {
        for (const SmallTable* table : {&a, &b, &a}) good = trainer->step(table->rows()).ok() && good;
      };
      steps();
      CHECK(allocations_of(steps) == 0);

      auto scorer = Scorer::create(*model, {threads, "auto"});
      REQUIRE(scorer.ok());
      std::vector<float> p(512), logits(512);
      const auto scores = [&] {
        for (const SmallTable* table : {&a, &b}) good = scorer->score(table->rows(), p, logits).ok() && good;
      };
      scores();
      CHECK(allocations_of(scores) == 0);
      CHECK(good);
    }
  }
}

TEST_CASE("steps of every kind of layer") {
  for (const Choice& choice : every_choice()) {
    Subject subject(choice, "\"batch\": 300, \"dropout\": 0.2, \"clip_norm\": 1");
    CAPTURE(subject.json);
    for (const int threads : kThreads) {
      CAPTURE(threads);
      train::Trainer trainer(subject.config, subject.table, subject.parameters, 100,
                             kernels::table<float>(best_isa()), threads);
      std::vector<Batch> batches = {rows_for(subject, 300, 1), rows_for(subject, 300, 2)};
      const auto steps = [&] {
        for (Batch& batch : batches) trainer.step(batch);
      };
      steps();
      CHECK(allocations_of(steps) == 0);
    }
  }
}

TEST_CASE("an epoch over the cache, the next batch included") {
  const ScratchDirectory scratch;
  write_text(scratch.file("train.csv"), SmallTable(1000).csv());
  const Config config = parse_config(learned_config("\"batch\": 128, \"unknown_rate\": 0.1"), "config");
  data::TrainingData training =
      data::build_training_data(config.model, {scratch.file("train.csv")}, scratch.file("cache"), {});
  Model::Impl model(config, std::move(training.encoders));
  model::initialize(model.table, 1, 0.01, model.parameters.span());
  for (const int threads : kThreads) {
    CAPTURE(threads);
    train::Trainer trainer(config, model.table, model.parameters.span(), 100,
                           kernels::table<float>(best_isa()), threads);
    std::vector<std::size_t> index(128);
    Batch batch;
    const auto epoch = [&](std::uint64_t number) {
      for (std::size_t first = 0; first < 1000; first += 128) {
        const std::size_t count = std::min<std::size_t>(128, 1000 - first);
        for (std::size_t i = 0; i < count; ++i) index[i] = data::shuffled(1, number, 1000, first + i);
        training.dataset.rows->read(index.data(), count, batch);
        trainer.step(batch);
      }
    };
    epoch(0);
    epoch(1);
    CHECK(allocations_of([&] { epoch(2); }) == 0);
  }
}

TEST_CASE("reading rows of every kind, from the cache and from the file") {
  const data::TempDirectory dir;
  const Schema config = data::every_kind();
  const std::string path = dir.file("a.csv", data::every_kind_csv(2000, 7));
  const data::TrainingData training = data::build_training_data(config, {path}, dir / "cache", {});
  Batch batch;
  std::vector<std::size_t> index(128);
  const auto read = [&](std::size_t first) {
    for (std::size_t i = 0; i < 128; ++i) index[i] = data::shuffled(1, 0, 2000, first + i);
    training.dataset.rows->read(index.data(), index.size(), batch);
  };
  read(0);
  CHECK(allocations_of([&] {
          for (std::size_t first = 128; first + 128 <= 2000; first += 128) read(first);
        }) == 0);

  data::RowReader reader(config, training.encoders, {path}, {data::RowReader::Labels::required});
  for (int i = 0; i < 4; ++i) reader.read(128, batch);
  CHECK(allocations_of([&] { reader.read(64, batch); }) == 0);
}

#else

TEST_CASE("no heap") {
  MESSAGE("SKIPPED: allocations cannot be counted under a sanitizer or without glibc");
}

#endif
