// How a job tells its host where it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "api/callback.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn::api {

/// `done` of `total` (0: unknown) of a stage that began at `begin`. False if the host wants the job to stop.
/// Failure(usage) if its callback throws.
inline bool tell_progress(const ProgressCallback& callback, std::string_view stage, std::uint64_t done,
                          std::uint64_t total, std::chrono::steady_clock::time_point begin) {
  if (!callback) return true;
  JobProgress state;
  state.stage = stage;
  state.done = done;
  state.total = total;
  state.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return call_host("progress", callback, state);
}

}  // namespace dcrnn::api
