#include "optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dcrnn::optim {

namespace {

/// From `a` at t = 0 to `b` at t = 1 along half a cosine.
double half_cosine(double a, double b, double t) {
  return b + (a - b) * 0.5 * (1 + std::cos(std::numbers::pi * t));
}

}  // namespace

double rate_at(const ScheduleConfig& schedule, double peak, std::size_t step, std::size_t total_steps) {
  const double total = static_cast<double>(total_steps);
  const double rise = schedule.warmup * total;
  const double now = static_cast<double>(step);
  if (now < rise) {
    if (schedule.kind == ScheduleKind::one_cycle) return half_cosine(peak / 25, peak, now / rise);
    return peak * (now + 1) / (rise + 1);
  }
  if (schedule.kind == ScheduleKind::inverse_sqrt) return peak / std::sqrt(1 + now - rise);
  if (schedule.kind == ScheduleKind::constant || total_steps == 0) return peak;
  const double fall = std::max(1.0, total - 1 - rise);
  return half_cosine(peak, peak * schedule.final_rate, std::min(1.0, (now - rise) / fall));
}

}  // namespace dcrnn::optim
