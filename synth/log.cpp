#include "synth/log.hpp"

#include <charconv>
#include <filesystem>
#include <string_view>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/job_files.hpp"
#include "core/text.hpp"
#include "synth/model.hpp"

namespace dcrnn::synthetic {
namespace {

constexpr std::size_t kMostRows = std::size_t{1} << 40;
constexpr std::size_t kRowsPerReport = 1024;
constexpr std::size_t kMostLevels = 10'000'000;
constexpr std::size_t kMostNoiseFields = 1000;
constexpr double kMostSelection = 10;

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
                 SynthModel::Split split, std::size_t rows,
                 const std::function<void(std::size_t rows)>& on_rows) {
  OutputFile file(path, OutputFile::Target::regular_only);
  file.write(make_header(options));
  SynthRow row;
  std::string line;
  for (std::size_t i = 0; i < rows; ++i) {
    model.make_row(split, i, row);
    line.clear();
    append_row(line, row);
    file.write(line);
    if ((i + 1) % kRowsPerReport == 0) on_rows(kRowsPerReport);
  }
  on_rows(rows % kRowsPerReport);
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
  check(options.selection >= 0 && options.selection <= kMostSelection, "selection",
        "it must be from 0 to 10");
  check(within(options.users, 2, kMostLevels), "users", "2 to 10000000 are possible");
  check(within(options.items, 2, kMostLevels), "items", "2 to 10000000 are possible");
  check(options.noise_fields <= kMostNoiseFields, "noise fields", "at most 1000 are possible");
  check(options.missing_consume >= 0 && options.missing_consume <= 1, "share of missing consume labels",
        "it must be from 0 to 1");
}

/// The first bytes of a file, up to a size no config and no header of ours reaches; empty if it is no file.
std::string beginning_of(const std::string& path) {
  constexpr std::size_t kEnough = std::size_t{1} << 20;
  std::error_code error;
  std::string text(std::filesystem::is_regular_file(path, error) ? kEnough : 0, '\0');
  if (text.empty()) return text;
  InputFile file(path);
  std::size_t size = 0;
  while (const std::size_t got = file.read(text.data() + size, kEnough - size)) size += got;
  text.resize(size);
  return text;
}

/// `options` as they were for a file that begins like this, as far as they decide how it begins.
SynthOptions options_of(const std::string& beginning) {
  SynthOptions options;
  const std::string_view head = std::string_view(beginning).substr(0, beginning.find("click"));
  options.noise_fields = 0;
  while (head.find(noise_name(options.noise_fields)) != std::string_view::npos) ++options.noise_fields;
  return options;
}

/// Failure(usage) if one of the files is there and was not written by synth, or was edited.
void require_own(const std::string& path, std::string (*expected)(const SynthOptions&), bool whole) {
  const std::string found = beginning_of(path);
  const std::string ours = expected(options_of(found));
  if (found.empty() || found == ours || (!whole && found.starts_with(ours))) return;
  fail(ErrorCode::usage, printable(path) + ": there already, and not as synth writes it",
       "name another directory, or move the file away");
}

}  // namespace

void write_synthetic_log(const std::string& directory, const SynthOptions& options,
                         const SynthProgress& progress) {
  check(options);
  const std::string train = directory + "/train.csv", valid = directory + "/valid.csv",
                    test = directory + "/test.csv", config = directory + "/config.json";
  JobFiles files;
  for (const std::string& path : {train, valid, test, config}) files.writes("the file " + path, path);
  files.check();
  for (const std::string& path : {train, valid, test}) require_own(path, make_header, false);
  require_own(config, make_config, true);
  make_directories(directory);
  files.sweep();
  const SynthModel model(options);
  std::size_t done = 0;
  const auto on_rows = [&](std::size_t rows) {
    done += rows;
    if (progress && !progress(done, options.rows + 2 * (options.rows / 8))) {
      fail(ErrorCode::stopped, "stopped while writing the log", "");
    }
  };
  write_split(train, options, model, SynthModel::Split::train, options.rows, on_rows);
  write_split(valid, options, model, SynthModel::Split::valid, options.rows / 8, on_rows);
  write_split(test, options, model, SynthModel::Split::test, options.rows / 8, on_rows);
  OutputFile file(config, OutputFile::Target::regular_only);
  file.write(make_config(options));
  file.commit();
}

}  // namespace dcrnn::synthetic
