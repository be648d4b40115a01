#include "compare/rows.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace dcrnn::compare {
namespace {

using Json = nlohmann::ordered_json;

std::size_t whole(const Json& object, const char* key, std::size_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::size_t>() : otherwise;
}

/// Layers of the config's cross; the default of one of its own kind.
std::size_t cross_layers(const Json& config) {
  const auto cross = config.find("cross");
  return std::max<std::size_t>(1,
                               cross != config.end() && cross->is_object() ? whole(*cross, "layers", 3) : 3);
}

/// Units a task reads from each block of the config.
std::vector<std::size_t> block_widths(const Json& config) {
  const auto blocks = config.find("sharing");
  if (blocks == config.end() || !blocks->is_array()) return {96};
  std::vector<std::size_t> widths;
  for (const Json& block : *blocks) {
    if (!block.is_object()) continue;
    widths.push_back(block.contains("units") || block.value("kind", Json("partial")) != "partial"
                         ? whole(block, "units", 32)
                         : whole(block, "shared", 64) + whole(block, "private", 32));
  }
  return widths;
}

/// `block` with its width under `key`, once for every block of the config.
void set_blocks(Json& config, const Json& block, const char* key) {
  Json blocks = Json::array();
  for (const std::size_t width : block_widths(config)) {
    blocks.push_back(block);
    blocks.back()[key] = width;
  }
  config["sharing"] = blocks;
}

void share_hard(Json& config) {
  set_blocks(config, {{"private", 0}, {"gate", "none"}}, "shared");
}

/// The config's own blocks where they are partial ones, else two thirds shared and a third private.
void share_partially(Json& config) {
  const auto blocks = config.find("sharing");
  if (blocks == config.end()) return;
  const bool partial = blocks->is_array() && std::all_of(blocks->begin(), blocks->end(), [](const Json& b) {
                         return b.is_object() && b.value("kind", Json("partial")) == "partial";
                       });
  if (partial) return;
  Json made = Json::array();
  for (const std::size_t width : block_widths(config)) {
    made.push_back({{"shared", width - width / 3}, {"private", width / 3}});
  }
  *blocks = made;
}

void cross(Json& config, const char* kind) {
  config["cross"] = {{"kind", kind}, {"layers", cross_layers(config)}};
}

void cross_gru(Json& config, const char* candidate) {
  const auto given = config.find("cross");
  const bool gru = given != config.end() && given->is_object() && given->value("kind", Json("gru")) == "gru";
  if (!gru) config["cross"] = Json::object({{"layers", cross_layers(config)}});
  config["cross"]["candidate"] = candidate;
}

/// The paper's model.
void dcrnn_row(Json& config, const char* candidate) {
  cross_gru(config, candidate);
  share_partially(config);
  config["transfer"] = "gru";
  config["probability"] = "chain";
}

struct Kind {
  const char* name;
  void (*apply)(Json& config);
};

// Applied to a config without cross, transfer and chain.
const Kind kKinds[] = {
    {"independent",
     [](Json& c) {
       set_blocks(c, Json::object({{"shared", 0}}), "private");
     }},
    {"hard", [](Json& c) { share_hard(c); }},
    {"mmoe",
     [](Json& c) {
       set_blocks(c, Json::object({{"kind", "mmoe"}}), "units");
     }},
    {"ple",
     [](Json& c) {
       set_blocks(c, Json::object({{"kind", "ple"}}), "units");
     }},
    {"partial", [](Json& c) { share_partially(c); }},
    {"cross_stitch",
     [](Json& c) {
       set_blocks(c, Json::object({{"kind", "cross_stitch"}}), "units");
     }},
    {"ait",
     [](Json& c) {
       set_blocks(c, Json::object({{"shared", 0}}), "private");
       c["transfer"] = "ait";
       c["calibrator"] = 0.6;
     }},
    {"esmm",
     [](Json& c) {
       share_hard(c);
       c["probability"] = "chain";
     }},
    {"dcn_v2+hard",
     [](Json& c) {
       cross(c, "dcn_v2");
       share_hard(c);
     }},
    {"gated_dcn+partial",
     [](Json& c) {
       cross(c, "gated_dcn");
       share_partially(c);
     }},
    {"gru+hard",
     [](Json& c) {
       cross_gru(c, "cross");
       share_hard(c);
     }},
    {"dcrnn", [](Json& c) { dcrnn_row(c, "cross"); }},
    {"dcrnn_tanh", [](Json& c) { dcrnn_row(c, "tanh"); }},
    {"linear",
     [](Json& c) {
       c["wide"] = true;
       c["head"] = false;
       c["project"] = 0;
       c["sharing"] = Json::array();
       c["tower"] = Json::array();
     }},
};

Error unknown(const std::string& name) {
  const std::vector<std::string_view> known(row_names().begin(), row_names().end());
  const std::string_view guess = nearest(name, known);
  std::string names;
  for (const std::string_view row : known) names += (names.empty() ? "" : ", ") + std::string(row);
  return {
      ErrorCode::usage,
      "there is no row " + in_quotes(name) + (guess.empty() ? "" : "; the nearest is " + in_quotes(guess)),
      "rows: " + names + ", or a config file whose name ends in .json"};
}

/// The config of task t alone.
Json alone(const Json& config, std::size_t t) {
  Json single = config;
  Json task = config["tasks"][t];
  if (task.is_object()) task.erase("after");
  single["tasks"] = Json::array({task});
  if (const Json::json_pointer watched("/train/early_stopping/task"); single.contains(watched)) {
    single[watched] = task.is_object() ? task.value("name", Json()) : Json();
  }
  return single;
}

}  // namespace

std::vector<Task> tasks_of(std::string_view text) {
  std::vector<Task> tasks;
  const Json config = Json::parse(text);
  if (!config.is_object() || !config.contains("tasks") || !config["tasks"].is_array()) return tasks;
  for (const Json& task : config["tasks"]) {
    if (!task.is_object() || !task.contains("name") || !task["name"].is_string()) return {};
    tasks.push_back({task["name"].get<std::string>(), kNoParent});
  }
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const Json after = config["tasks"][t].value("after", Json());
    for (std::size_t parent = 0; parent < tasks.size(); ++parent) {
      if (after == tasks[parent].name) tasks[t].parent = parent;
    }
  }
  return tasks;
}

const std::vector<std::string>& row_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const Kind& kind : kKinds) made.emplace_back(kind.name);
    return made;
  }();
  return names;
}

Result<Row> make_row(const std::string& name, std::string_view text, const std::string& config_name) {
  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return name == k.name; });
  if (kind == std::end(kKinds)) return unknown(name);
  Json config = Json::parse(text);
  if (!config.is_object() || !config.contains("tasks") || !config["tasks"].is_array()) {
    return Error{ErrorCode::usage, printable(config_name) + ": tasks: found none, want a list",
                 "say what is to be learnt"};
  }
  const std::string_view word = kind->name;
  if (!word.starts_with("dcrnn") && !word.starts_with("gru")) {
    const std::size_t layers = cross_layers(config);
    Json kept = {{"kind", "none"}, {"layers", 0}};
    // A cross of the row's own has as many layers as that of the config.
    if (word.find("dcn") != std::string_view::npos) kept = Json::object({{"layers", layers}});
    config["cross"] = kept;
  }
  config["transfer"] = "none";
  config["probability"] = "independent";
  config.erase("calibrator");
  kind->apply(config);
  Row row{name, {}};
  if (word == "independent") {
    for (std::size_t t = 0; t < config["tasks"].size(); ++t) row.configs.push_back(alone(config, t).dump());
  } else {
    row.configs.push_back(config.dump());
  }
  return row;
}

}  // namespace dcrnn::compare
