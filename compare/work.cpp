#include "compare/work.hpp"

#include <algorithm>
#include <numeric>

namespace dcrnn::compare {

double stage_fraction(const JobProgress& job) {
  if (job.total == 0) return 0;
  return std::min(1.0, static_cast<double>(job.done) / static_cast<double>(job.total));
}

double member_fraction(const JobProgress& job) {
  const double in_epoch = job.stage == "validating" ? 1 : stage_fraction(job);
  return (static_cast<double>(job.epoch) - 1 + in_epoch) / static_cast<double>(job.epochs);
}

double Work::Part::done() const {
  if (members.empty()) return 0;
  return work * std::accumulate(members.begin(), members.end(), 0.0) / static_cast<double>(members.size());
}

void Work::expect(const std::vector<RunWork>& runs) {
  std::erase_if(parts_, [](const auto& part) { return part.second.members.empty(); });
  for (const RunWork& run : runs) parts_.try_emplace(run.run, Part{run.work, {}, false});
}

void Work::at(const std::string& run, std::size_t member, std::size_t members, double fraction) {
  Part& part = parts_.at(run);
  part.members.resize(members);
  part.members[member] = std::clamp(fraction, 0.0, 1.0);
}

void Work::finish(const std::string& run) {
  Part& part = parts_.at(run);
  if (part.members.empty()) part.members = {1};
  part.finished = true;
  ++finished_;
}

double Work::done() const {
  double sum = 0;
  for (const auto& [name, part] : parts_) sum += part.done();
  return sum;
}

double Work::all() const {
  double took = 0, planned = 0, sum = 0;
  for (const auto& [name, part] : parts_) {
    if (!part.finished) continue;
    took += part.done();
    planned += part.work;
  }
  const double share = planned > 0 ? took / planned : 1;
  for (const auto& [name, part] : parts_) {
    sum += part.finished ? part.done() : std::max(part.done(), share * part.work);
  }
  return sum;
}

}  // namespace dcrnn::compare
