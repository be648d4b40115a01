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
std::vector<Json> every_default() {
  Config config;
  for (const FieldType type : {FieldType::category, FieldType::bag, FieldType::number}) {
    config.model.fields.emplace_back().type = type;
  }
  config.model.fields.emplace_back(config.model.fields.back()).transform = Transform::buckets;
  for (const RateOrder order : {RateOrder::file, RateOrder::shuffled}) {
    Field& field = config.model.fields.emplace_back();
    field.type = FieldType::rate;
    field.of.resize(1);
    field.rate.order = order;
    config.model.rate_pairs.emplace_back().columns.resize(1);
    config.model.rate_pairs.back().order = order;
  }
  config.model.tasks.emplace_back();
  config.train.optimizer = {};
  config.train.schedule = {};
  config.train.tables = {};
  config.model.sharing.clear();
  model::Sharings::each([&]<class Kind>() { config.model.sharing.emplace_back(typename Kind::Config{}); });

  std::vector<Json> all;
  model::Crosses::each([&]<class Kind>() {
    config.model.cross = typename Kind::Config{};
    all.push_back(Writer::write(config, kConfigKeys, Writer::Defaults::all));
  });
  return all;
}

Config read_config(const Json& document, const std::string& source) {
  Config config;
  Reader(document, source, kConfigKeys).read_object(config);
  complete_schema(config.model, source);
  check_model(config.model, source);
  check_early_stopping(config, source);
  check_sizes(config.model, config.train.batch, source);
  return config;
}

/// Takes the checksum out of the document.
std::string take_checksum(Json& document, const std::string& source) {
  const Json* found = document.is_object() ? document.find("checksum") : nullptr;
  if (found == nullptr) return {};
  const bool good = found->is_string() && found->text().size() == 16 &&
                    found->text().find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!good) {
    fail(ErrorCode::usage,
         place(source, "checksum") + "found " + shown(*found) + ", want 16 hexadecimal digits",
         "the file is damaged; if it was changed on purpose, take \"checksum\" out of the config in its "
         "metadata");
  }
  std::string digits = found->text();
  std::erase_if(document.members(), [](const Json::Member& member) { return member.key == "checksum"; });
  return digits;
}

}  // namespace

Config parse_config(std::string_view json, const std::string& source) {
  return read_config(parse_json_text(json, source), source);
}

Config parse_model_config(std::string_view json, const std::string& source, std::string& checksum) {
  Json document = parse_json_text(json, source);
  checksum = take_checksum(document, source);
  return read_config(document, source);
}

std::string to_json(const Config& config) {
  return Writer::write(config, kConfigKeys, Writer::Defaults::as_format_1).dump();
}

Config for_member(const Config& config, std::size_t i) {
  Config own = config;
  own.train.seed += i;  // modulo 2^64
  return own;
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
