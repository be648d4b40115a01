#include "config/validate.hpp"

#include <set>

#include "config/keys.hpp"
#include "core/failure.hpp"
#include "core/limits.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kMaxBlocks = 64;  // sharing blocks, tower layers

std::string at(const std::string& source, const std::string& path) {
  return printable(source) + ": " + path + ": ";
}

std::string element(std::string_view list, std::size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

template <class T>
void check_unique_names(const std::vector<T>& members, std::string_view list, const std::string& source) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!seen.insert(members[i].name).second) {
      fail(ErrorCode::usage,
           at(source, element(list, i) + ".name") + in_quotes(members[i].name) + " is used twice",
           "give every one of the " + std::string(list) + " its own name");
    }
  }
}

void check_length(std::size_t length, std::size_t least, std::size_t most, const std::string& key,
                  const std::string& source) {
  if (length >= least && length <= most) return;
  fail(ErrorCode::usage,
       at(source, key) + "found a list of " + std::to_string(length) + ", want " +
           (length < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most)),
       std::string(find_key(key)->doc));
}

void check_sharing(const std::vector<SharingConfig>& sharing, const std::string& source) {
  bool ended = false;
  for (std::size_t k = 0; k < sharing.size(); ++k) {
    const SharingConfig& block = sharing[k];
    if (block.shared_units == 0 && block.private_units == 0) {
      fail(ErrorCode::usage, at(source, element("sharing", k)) + "\"shared\" and \"private\" are both 0",
           "give the block units or leave it out");
    }
    if (ended && block.shared_units > 0) {
      fail(ErrorCode::usage,
           at(source, element("sharing", k) + ".shared") + "found " + std::to_string(block.shared_units) +
               ", want 0, because an earlier block has none to pass on",
           "once \"shared\" is 0, it is 0 in every later block");
    }
    ended = block.shared_units == 0;
  }
}

void check_early_stopping(const Config& config, const std::string& source) {
  const std::string& watched = config.train.early_stopping.task;
  if (watched.empty()) return;
  std::vector<std::string_view> names;
  for (const Task& task : config.model.tasks) {
    if (task.name == watched) return;
    names.push_back(task.name);
  }
  const std::string_view guess = nearest(watched, names);
  fail(ErrorCode::usage,
       at(source, "train.early_stopping.task") + "there is no task " + in_quotes(watched) +
           (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"),
       "name one of \"tasks\", or leave it out for the mean over all");
}

}  // namespace

void validate(const Config& config, const std::string& source) {
  const ModelConfig& model = config.model;
  constexpr std::size_t kAny = static_cast<std::size_t>(-1);
  check_length(model.fields.size(), 1, kAny, "fields", source);
  check_length(model.tasks.size(), 1, kMaxTasks, "tasks", source);
  check_length(model.sharing.size(), 0, kMaxBlocks, "sharing", source);
  check_length(model.tower.size(), 0, kMaxBlocks, "tower", source);
  check_unique_names(model.fields, "fields", source);
  check_unique_names(model.tasks, "tasks", source);
  check_sharing(model.sharing, source);
  check_early_stopping(config, source);
}

}  // namespace dcrnn
