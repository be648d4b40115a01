#include "api/compute.hpp"

#include <string>

#include "core/failure.hpp"
#include "core/text.hpp"
#include "core/threads.hpp"

namespace dcrnn::api {

namespace {

/// More than any machine has; keeps a slip of the keyboard from asking for memory per thread.
constexpr int kMaxThreads = 1024;

std::string names_of_available() {
  std::string names;
  for (Isa isa : available_isas()) names += (names.empty() ? "" : ", ") + std::string(name(isa));
  return names;
}

}  // namespace

int threads_of(const ComputeOptions& options) {
  return options.threads == 0 ? usable_processors() : options.threads;
}

Isa resolve(const ComputeOptions& options) {
  if (options.threads < 0 || options.threads > kMaxThreads) {
    fail(ErrorCode::usage,
         "threads: " + std::to_string(options.threads) + " is not between 0 and " +
             std::to_string(kMaxThreads),
         "give the number of processors to use, 0 for those there are");
  }
  const std::optional<Isa> isa = isa_from_name(options.isa);
  const std::string help = "this machine has: auto, " + names_of_available();
  if (!isa) fail(ErrorCode::usage, "isa: " + in_quotes(options.isa) + " is no instruction set", help);
  if (!has(*isa)) fail(ErrorCode::usage, "isa: this machine lacks " + in_quotes(options.isa), help);
  return *isa;
}

}  // namespace dcrnn::api
