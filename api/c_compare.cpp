// The C function of a comparison of models.
#include "api/c_api.hpp"
#include "compare/judge.hpp"
#include "core/text.hpp"
#include "dcrnn/files.hpp"

using namespace dcrnn::api;

namespace {

using dcrnn::ErrorCode;
namespace compare = dcrnn::compare;

std::vector<std::string> files_of(const char* const* files, std::size_t count, const char* name) {
  if (count > 0) need(files, name);
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i) {
    need(files[i], name);
    made.emplace_back(files[i]);
  }
  return made;
}

std::vector<std::string> required(const char* const* files, std::size_t count, const char* name) {
  if (count == 0) {
    dcrnn::fail(ErrorCode::usage, std::string(name) + ": no file",
                "a comparison trains on some rows, stops early by others and is judged by others still");
  }
  return files_of(files, count, name);
}

compare::Equal equal_of(const char* word) {
  if (word == nullptr) return compare::Equal::parameters;
  for (const compare::Equal equal :
       {compare::Equal::parameters, compare::Equal::flops, compare::Equal::none}) {
    if (std::string_view(word) == compare::word(equal)) return equal;
  }
  dcrnn::fail(ErrorCode::usage, "equal: found " + dcrnn::in_quotes(word) + ", want parameters, flops or none",
              "it says what the widths of the rows make equal");
}

/// Each run sets its own seed.
std::string config_of(const char* json, const std::string& name) {
  return value_of(dcrnn::set_config_value(json, "train.seed=1", name));
}

void take_rows(const dcrnn_compare_job& from, compare::Job& job) {
  if (from.row_count > 0) need(from.rows, "job.rows");
  const char* at = reinterpret_cast<const char*>(from.rows);
  for (std::size_t i = 0; i < from.row_count; ++i) {
    const auto* sized = reinterpret_cast<const dcrnn_compare_row*>(at);
    at += sized->size;
    const dcrnn_compare_row row = known_part(sized, sizeof(dcrnn_compare_row), "row");
    need(row.name, "row.name");
    if (row.files != nullptr) {
      job.outside.push_back({row.name, files_of(row.files, row.file_count, "row.files")});
    } else if (row.config_json != nullptr) {
      job.models.push_back({row.name, config_of(row.config_json, row.name)});
    } else {
      job.models.push_back({row.name, {}});
    }
  }
}

void take_callbacks(const dcrnn_compare_job& from, compare::Job& job) {
  void* const user = from.user;
  if (const auto call = from.on_progress; call != nullptr) {
    job.on_training = [call, user](const compare::Trained& now) {
      const double share = now.all > 0 ? now.done / now.all : 0;
      const dcrnn_compare_progress progress = {sizeof progress, "training", now.models, now.of, share};
      return call(&progress, user) != 0;
    };
    job.progress = [call, user](const dcrnn::JobProgress& now) {
      const std::string stage(now.stage);
      const double share = now.total > 0 ? static_cast<double>(now.done) / static_cast<double>(now.total) : 0;
      const dcrnn_compare_progress progress = {sizeof progress, stage.c_str(), 0, 0, share};
      return call(&progress, user) != 0;
    };
  }
  if (const auto call = from.on_note; call != nullptr) {
    job.on_note = [call, user](const std::string& note) { call(note.c_str(), user); };
  }
}

}  // namespace

dcrnn_status dcrnn_compare(const dcrnn_compare_job* job, dcrnn_bytes** json, dcrnn_error* error) {
  return run(error, [&] {
    clear(json, "json");
    need(job, "job");
    const dcrnn_compare_job from = known_part(job, sizeof(dcrnn_compare_job), "job");
    need(from.config_json, "job.config_json");
    need(from.out, "job.out");
    compare::Job to;
    to.config_name = "config";
    to.config = config_of(from.config_json, to.config_name);
    to.train = required(from.train, from.train_count, "train");
    to.valid = required(from.valid, from.valid_count, "valid");
    to.test = required(from.test, from.test_count, "test");
    take_rows(from, to);
    to.equal = equal_of(from.equal);
    if (from.seeds > 0) to.seeds = from.seeds;
    to.search = from.search;
    to.out = from.out;
    to.compute = options_of(from.threads, from.isa);
    take_callbacks(from, to);
    *json = new dcrnn_bytes{compare::as_json(value_of(compare::compare(to)))};
  });
}
