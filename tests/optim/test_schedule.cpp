#include <doctest/doctest.h>

#include "optim/schedule.hpp"

namespace dcrnn::optim {

TEST_CASE("constant: linear warm-up, then the peak") {
  const ScheduleConfig schedule{ScheduleKind::constant, 0.1, 0};
  CHECK(rate_at(schedule, 1.0, 0, 100) < 0.1);
  CHECK(rate_at(schedule, 1.0, 5, 100) == doctest::Approx(6.0 / 11));
  CHECK(rate_at(schedule, 1.0, 10, 100) == 1.0);
  CHECK(rate_at(schedule, 1.0, 99, 100) == 1.0);
}

TEST_CASE("cosine and one-cycle end at the final rate and peak after the warm-up") {
  for (ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::one_cycle}) {
    const ScheduleConfig schedule{kind, 0.3, 0.01};
    CHECK(rate_at(schedule, 2.0, 30, 100) == doctest::Approx(2.0));
    CHECK(rate_at(schedule, 2.0, 99, 100) == doctest::Approx(0.02));
    for (std::size_t step = 1; step < 30; ++step) {
      CHECK(rate_at(schedule, 2.0, step, 100) > rate_at(schedule, 2.0, step - 1, 100));
    }
    for (std::size_t step = 31; step < 100; ++step) {
      CHECK(rate_at(schedule, 2.0, step, 100) < rate_at(schedule, 2.0, step - 1, 100));
    }
  }
}

TEST_CASE("one-cycle starts at a twenty-fifth of the peak") {
  CHECK(rate_at({ScheduleKind::one_cycle, 0.3, 0}, 1.0, 0, 100) == doctest::Approx(0.04));
}

TEST_CASE("inverse_sqrt falls with the root of the steps, wherever the end may be") {
  const ScheduleConfig schedule{ScheduleKind::inverse_sqrt, 0, 0};
  for (const std::size_t total : std::initializer_list<std::size_t>{0, 25, 1000}) {
    CHECK(rate_at(schedule, 0.5, 0, total) == 0.5);
    CHECK(rate_at(schedule, 0.5, 3, total) == 0.25);
    CHECK(rate_at(schedule, 0.5, 24, total) == doctest::Approx(0.1));
  }
  const ScheduleConfig warm{ScheduleKind::inverse_sqrt, 0.1, 0};
  CHECK(rate_at(warm, 1.0, 5, 100) == doctest::Approx(6.0 / 11));
  CHECK(rate_at(warm, 1.0, 10, 100) == 1.0);
  CHECK(rate_at(warm, 1.0, 13, 100) == 0.5);
}

TEST_CASE("an unknown end keeps the peak; a run of one step has a rate") {
  CHECK(rate_at({ScheduleKind::one_cycle, 0.3, 0}, 0.5, 7, 0) == 0.5);
  CHECK(rate_at({ScheduleKind::cosine, 0, 0}, 0.5, 0, 1) == 0.5);
}

}  // namespace dcrnn::optim
