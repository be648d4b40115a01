// SIGINT, SIGTERM and, unless it is ignored already, SIGHUP ask a running job to stop; SIGPIPE and SIGXFSZ
// (the limit of the file size) become errors of the write. Handlers belong to a program, so they are here and
// not in the library.
#pragma once

#include <string>

namespace dcrnn::app {

/// Until defer_signals(), these signals end the program at once, with exit code 128 + the signal.
void install_signal_handlers();

/// Of a command that has nothing to save.
inline constexpr unsigned kGraceSeconds = 3;

/// From here on the first signal only makes stop_requested() true. The next one, or `grace_seconds` without
/// an end (0: no limit), ends the program at once.
void defer_signals(unsigned grace_seconds);

bool stop_requested() noexcept;
/// 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM, 152 for SIGXCPU.
int stopped_exit_code() noexcept;
/// "SIGTERM", ...
std::string stopped_by();

}  // namespace dcrnn::app
