// Learning rate over the steps of a run.
#pragma once

#include <cstddef>

#include "optim/config.hpp"

namespace dcrnn::optim {

/// Rate at `step` (0-based) of `total_steps`. The rate first rises over the share `warmup` of all steps,
/// then:
///   constant      stays at the peak
///   cosine        falls along half a cosine (Loshchilov & Hutter 2017) to final_rate * peak; it rose
///   linearly
///                 from 0
///   one_cycle     the same fall, but the rise is half a cosine from peak / 25 (Smith & Topin 2018)
///   inverse_sqrt  falls as peak / sqrt(n) in the n-th step since the rise, wherever the end may be
/// With total_steps == 0 (a caller that steps without knowing the end) there is no rise, and all but the last
/// stay at the peak.
double rate_at(const ScheduleConfig& schedule, double peak, std::size_t step, std::size_t total_steps);

}  // namespace dcrnn::optim
