#include "core/threads.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <thread>

namespace dcrnn {
namespace {

/// The first bytes of a small file; empty if there is none.
std::string small_file(const std::string& path) {
  std::string text(4096, '\0');
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = descriptor < 0 ? 0 : ::read(descriptor, text.data(), text.size());
  if (descriptor >= 0) ::close(descriptor);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

/// The number a text begins with, which it then no longer does; -1 if it begins with none ("max").
double take_number(std::string_view& text) {
  double value = -1;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  return value;
}

/// Microseconds of processor time in each period of so many, as processors, rounded up; 0: no limit.
int processors_of(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return 0;
  const double share = quota / period;
  return share > 1e6 ? 0 : std::max(1, static_cast<int>(share + 0.999));
}

int smaller_limit(int a, int b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

/// The least of the limits of a group and of all it lies in, below `root`. Inside a container the group's
/// path may be that of the machine outside, of which nothing but the root is seen.
int limit_of(const std::string& root, std::string group) {
  int limit = 0;
  for (;;) {
    const std::string directory = root + group + "/";
    const std::string both = small_file(directory + "cpu.max");
    std::string_view text = both;
    const double quota = take_number(text);
    limit = smaller_limit(limit, processors_of(quota, take_number(text)));
    const std::string of = small_file(directory + "cpu.cfs_quota_us");
    const std::string in = small_file(directory + "cpu.cfs_period_us");
    std::string_view quota_text = of, period_text = in;
    const double old_quota = take_number(quota_text);
    limit = smaller_limit(limit, processors_of(old_quota, take_number(period_text)));
    if (group.empty()) return limit;
    group.resize(group.rfind('/'));
  }
}

}  // namespace

int processors_of_quota(const char* cgroup, const char* root) {
  int limit = 0;
  const std::string groups = small_file(cgroup);
  std::string_view rest = groups;
  while (!rest.empty()) {
    // number:controllers:/group
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    std::string group(line.substr(second + 1));
    if (!group.starts_with('/')) continue;
    while (group.ends_with('/')) group.pop_back();
    if (controllers.empty()) {
      limit = smaller_limit(limit, limit_of(root, group));
    } else if (("," + std::string(controllers) + ",").find(",cpu,") != std::string::npos) {
      limit = smaller_limit(limit, limit_of(std::string(root) + "/" + std::string(controllers), group));
      limit = smaller_limit(limit, limit_of(std::string(root) + "/cpu", group));
    }
  }
  return limit;
}

int threads_fed(int threads, double work) {
  constexpr double kEnough = 4e6;
  return std::max(1, static_cast<int>(std::min<double>(threads, work / kEnough)));
}

int usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int processors = static_cast<int>(std::thread::hardware_concurrency());
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) processors = CPU_COUNT(&set);
  return std::max(1, smaller_limit(processors, processors_of_quota("/proc/self/cgroup", "/sys/fs/cgroup")));
}

}  // namespace dcrnn
