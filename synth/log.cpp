#include "synth/log.hpp"

#include <charconv>
#include <string_view>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "synth/model.hpp"

namespace dcrnn::synthetic {
namespace {

constexpr std::size_t kMostRows = std::size_t{1} << 40;
constexpr std::size_t kMostLevels = 10'000'000;
constexpr std::size_t kMostNoiseFields = 1000;

constexpr std::array<std::string_view, kSynthCategories> kCategoryNames = {
    "books", "films", "food", "games", "garden", "music", "shoes", "sports", "tools", "travel"};
constexpr std::array<std::string_view, kSynthCountries> kCountryNames = {"BR", "CN", "DE", "ES", "FR", "GB",
                                                                         "IN", "IT", "JP", "KE", "PL", "US"};
constexpr std::array<std::string_view, kSynthDevices> kDeviceNames = {"phone", "desktop", "tablet", "tv"};

template <class T>
void append(std::string& line, T number) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  line.append(digits, end);
}

std::string noise_name(std::size_t i) {
  return "noise_" + std::to_string(i + 1);
}

std::string make_header(const SynthOptions& options) {
  std::string line = "user_id,item_id,item_category,country,device,hour,age,price";
  for (std::size_t i = 0; i < options.noise_fields; ++i) line += "," + noise_name(i);
  return line + ",click,consume,true_click,true_consume\n";
}

void append_row(std::string& line, const SynthRow& row) {
  const auto level = [&row](SynthFeature feature) { return row.level[static_cast<std::size_t>(feature)]; };
  line += 'u';
  append(line, level(SynthFeature::user));
  line += ",i";
  append(line, level(SynthFeature::item));
  line += ',';
  line += kCategoryNames[level(SynthFeature::category)];
  line += ',';
  line += kCountryNames[level(SynthFeature::country)];
  line += ',';
  line += kDeviceNames[level(SynthFeature::device)];
  line += ',';
  append(line, level(SynthFeature::hour));
  line += ',';
  append(line, row.age);
  line += ',';
  append(line, row.price);
  for (std::size_t i = 0; i < row.noise.size(); ++i) {
    line += i % 2 == 0 ? ",n" : ",";
    append(line, row.noise[i]);
  }
  line += row.click ? ",1," : ",0,";
  if (!row.consume_missing) line += row.consume ? '1' : '0';
  line += ',';
  append(line, row.true_click);
  line += ',';
  append(line, row.true_consume);
  line += '\n';
}

void write_split(const std::string& path, const SynthOptions& options, const SynthModel& model,
                 SynthModel::Split split, std::size_t rows) {
  OutputFile file(path, OutputFile::Target::regular_only);
  file.write(make_header(options));
  SynthRow row;
  std::string line;
  for (std::size_t i = 0; i < rows; ++i) {
    model.make_row(split, i, row);
    line.clear();
    append_row(line, row);
    file.write(line);
  }
  file.commit();
}

std::string category_field(const std::string& name, std::size_t dim) {
  return R"(    {"name": ")" + name + R"(", "type": "category", "encoding": "vocab", "dim": )" +
         std::to_string(dim) + "}";
}

std::string number_field(const std::string& name, std::string_view transform) {
  return R"(    {"name": ")" + name + R"(", "type": "number", "transform": ")" + std::string(transform) +
         "\"}";
}

std::string make_config(const SynthOptions& options) {
  std::string text = "{\n  \"fields\": [\n";
  text += category_field("user_id", 8) + ",\n" + category_field("item_id", 8);
  for (const char* name : {"item_category", "country", "device", "hour"}) {
    text += ",\n" + category_field(name, 6);
  }
  text += ",\n" + number_field("age", "standardize") + ",\n" + number_field("price", "log1p");
  for (std::size_t i = 0; i < options.noise_fields; ++i) {
    text +=
        ",\n" + (i % 2 == 0 ? category_field(noise_name(i), 4) : number_field(noise_name(i), "standardize"));
  }
  return text + R"(
  ],
  "tasks": [
    {"name": "click", "label": "click"},
    {"name": "consume", "label": "consume", "after": "click"}
  ],
  "sharing": [{"shared": 8, "private": 4, "gate": "input"}],
  "tower": [8],
  "transfer": "none",
  "probability": "chain",
  "train": {"dropout": 0.1}
}
)";
}

void check(bool fine, const std::string& option, const std::string& wanted) {
  if (!fine) fail(ErrorCode::usage, option + " is out of range: " + wanted, "choose another value");
}

void check(const SynthOptions& options) {
  const auto within = [](std::size_t value, std::size_t low, std::size_t high) {
    return value >= low && value <= high;
  };
  check(within(options.rows, 8, kMostRows), "rows", "8 to " + std::to_string(kMostRows) + " are possible");
  check(options.correlation >= 0 && options.correlation <= 1, "correlation", "it must be from 0 to 1");
  check(within(options.users, 2, kMostLevels), "users", "2 to 10000000 are possible");
  check(within(options.items, 2, kMostLevels), "items", "2 to 10000000 are possible");
  check(options.noise_fields <= kMostNoiseFields, "noise fields", "at most 1000 are possible");
  check(options.missing_consume >= 0 && options.missing_consume <= 1, "share of missing consume labels",
        "it must be from 0 to 1");
}

}  // namespace

void write_synthetic_log(const std::string& directory, const SynthOptions& options) {
  check(options);
  make_directories(directory);
  const SynthModel model(options);
  write_split(directory + "/train.csv", options, model, SynthModel::Split::train, options.rows);
  write_split(directory + "/valid.csv", options, model, SynthModel::Split::valid, options.rows / 8);
  write_split(directory + "/test.csv", options, model, SynthModel::Split::test, options.rows / 8);
  OutputFile config(directory + "/config.json", OutputFile::Target::regular_only);
  config.write(make_config(options));
  config.commit();
}

}  // namespace dcrnn::synthetic
