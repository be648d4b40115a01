#include "train/config.hpp"

#include "config/json_text.hpp"
#include "config/reader.hpp"
#include "config/reference.hpp"
#include "config/rules.hpp"
#include "config/writer.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn {
namespace {

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
       place(source, "train.early_stopping.task") + "there is no task " + in_quotes(watched) +
           (guess.empty() ? "" : "; did you mean " + in_quotes(guess) + "?"),
       "name one of \"tasks\", or leave it out for the mean over all");
}

/// Configs with one element of every kind, so that every key shows its default.
std::vector<nlohmann::ordered_json> every_default() {
  Config config;
  for (const FieldType type : {FieldType::category, FieldType::bag, FieldType::number}) {
    config.model.fields.emplace_back().type = type;
  }
  config.model.fields.emplace_back(config.model.fields.back()).transform = Transform::buckets;
  config.model.tasks.emplace_back();
  config.train.optimizer = {};
  config.train.schedule = {};
  config.train.tables = {};
  config.model.sharing.clear();
  model::Sharings::each([&]<class Kind>() { config.model.sharing.emplace_back(typename Kind::Config{}); });

  std::vector<nlohmann::ordered_json> all;
  model::Crosses::each([&]<class Kind>() {
    config.model.cross = typename Kind::Config{};
    all.push_back(Writer::write(config, kConfigKeys, Writer::Defaults::all));
  });
  return all;
}

}  // namespace

Config parse_config(std::string_view json, const std::string& source) {
  const nlohmann::json document = parse_json_text(json, source);
  Config config;
  Reader(document, source, kConfigKeys).read_object(config);
  complete_schema(config.model, source);
  check_model(config.model, source);
  check_early_stopping(config, source);
  check_sizes(config.model, config.train.batch, source);
  return config;
}

std::string to_json(const Config& config) {
  return Writer::write(config, kConfigKeys, Writer::Defaults::as_format_1).dump();
}

std::string config_markdown() {
  return R"(# Config keys

<!-- Made from the keys of all rooms, put together in train/config.hpp; a test fails when it is out of date. -->

A config is one JSON object; `//` comments are allowed. `[]` stands for every element of a list. An unknown key,
a key that does not apply and a key that stands twice are errors. The defaults of the model part belong to format 1:
they mean the same in every file of that format.

)" + keys_markdown(kConfigKeys, every_default());
}

}  // namespace dcrnn
