#include "data/dataset.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "data/cache.hpp"
#include "data/cache_format.hpp"
#include "data/dataset_builder.hpp"
#include "data/progress.hpp"
#include "data/row_reader.hpp"

namespace dcrnn::data {
namespace {

constexpr std::size_t kBatchRows = 1024;

/// Everything of a config that decides what a cache holds, as unambiguous text.
std::uint64_t schema_hash(const Schema& config) {
  std::string text;
  const auto word = [&text](const std::string& part) { text += std::to_string(part.size()) + ":" + part; };
  const auto number = [&text](std::size_t part) { text += std::to_string(part) + ","; };
  const auto words = [&](const std::vector<std::string>& parts) {
    number(parts.size());
    for (const std::string& part : parts) word(part);
  };
  for (const std::string& mark : {config.csv.separator, config.csv.quote, config.csv.escape}) word(mark);
  for (const auto* list : {&config.csv.header, &config.csv.true_words, &config.csv.false_words}) words(*list);
  words(config.csv.missing);
  number(config.fields.size());
  for (const Field& field : config.fields) {
    word(field.name);
    word(field.column);
    words(field.missing_words);
    number(static_cast<std::size_t>(field.type));
    if (field.type == FieldType::number) {
      number(static_cast<std::size_t>(field.transform));
      number(field.transform == Transform::buckets ? field.bins : 0);
      continue;
    }
    number(static_cast<std::size_t>(field.encoding));
    number(field.encoding == Encoding::vocab ? field.min_count : field.size);
    if (field.type == FieldType::bag) word(field.separator);
  }

  number(config.tasks.size());
  for (const Task& task : config.tasks) word(task.label);
  word(config.weight);
  return xxh64(text, kCacheFormat);
}

std::uint64_t size_of_all(const std::vector<std::string>& paths) {
  std::uint64_t total = 0;
  for (const std::string& path : paths) {
    const InputFile file(path);
    if (path == "-" || !file.is_regular()) {
      fail(ErrorCode::usage,
           (path == "-" ? std::string("standard input") : printable(path)) +
               ": training reads its files twice, this is no regular file",
           "write the data to a file first");
    }
    total += file.size();
  }
  return total;
}

/// `encoders`: those that exist already, or null.
CacheKey make_key(const Schema& config, const Encoders* encoders, const std::vector<std::string>& paths,
                  ProgressMeter& progress) {
  CacheKey key;
  key.schema = schema_hash(config);
  Hasher all(key.schema);
  const auto add_number = [&all](std::uint64_t number) {
    all.add({reinterpret_cast<const char*>(&number), sizeof number});
  };
  if (encoders != nullptr) all.add(pack_tensors(encoders->tensors()));
  std::vector<char> buffer(std::size_t{1} << 20);
  for (const std::string& path : paths) {
    InputFile file(path);
    add_number(file.size());
    for (std::size_t got; (got = file.read(buffer.data(), buffer.size())) > 0;) {
      all.add({buffer.data(), got});
      progress.report_again();
    }
  }
  key.all = all.digest();
  return key;
}

[[noreturn]] void fail_no_rows(const std::vector<std::string>& paths) {
  fail(ErrorCode::data,
       printable(paths[0]) + ": there is no row in " +
           (paths.size() == 1 ? "it" : "it and the " + std::to_string(paths.size() - 1) + " files after it"),
       "give a file with at least one row of data");
}

Cache open_written(const Schema& config, const std::string& directory, const CacheKey& key) {
  std::optional<Cache> cache = open_cache(config, directory, key);
  if (!cache) {
    fail(ErrorCode::io,
         "cannot read " + printable(cache_path(directory, key)) + ": not what was written to it",
         "name another directory for the cache");
  }
  cache->dataset.from_cache = false;
  return std::move(*cache);
}

void require_paths(const std::vector<std::string>& paths) {
  if (paths.empty()) fail(ErrorCode::usage, "no data file was named", "name at least one CSV file");
}

}  // namespace

TrainingData build_training_data(const Schema& config, const std::vector<std::string>& paths,
                                 const std::string& cache_directory, const Progress& progress) {
  require_paths(paths);
  ProgressMeter meter(progress, size_of_all(paths));
  const CacheKey key = make_key(config, nullptr, paths, meter);
  std::optional<Cache> cache = open_cache(config, cache_directory, key);
  if (!cache) {
    make_directories(cache_directory);
    DatasetBuilder builder(config, cache_path(cache_directory, key) + ".raw");
    for (const std::string& path : paths) builder.parse(path, meter);
    if (builder.rows() == 0) fail_no_rows(paths);
    const Encoders encoders = builder.make_encoders(meter);
    CacheWriter writer(config, cache_directory, key);
    builder.write_rows(encoders, writer, meter);
    writer.finish(&encoders);
    cache = open_written(config, cache_directory, key);
  }
  // Fields that need no data leave nothing to store.
  Encoders encoders = cache->encoders ? std::move(*cache->encoders) : Encoders(config);
  return {std::move(encoders), std::move(cache->dataset)};
}

Dataset build_dataset(const Schema& config, const Encoders& encoders, const std::vector<std::string>& paths,
                      const std::string& cache_directory, const Progress& progress) {
  require_paths(paths);
  ProgressMeter meter(progress, size_of_all(paths));
  const CacheKey key = make_key(config, &encoders, paths, meter);
  if (std::optional<Cache> cache = open_cache(config, cache_directory, key)) return std::move(cache->dataset);
  make_directories(cache_directory);
  CacheWriter writer(config, cache_directory, key);
  Batch batch;
  RowReader reader(config, encoders, paths, {RowReader::Labels::required});
  while (reader.read(kBatchRows, batch) > 0) {
    writer.add(batch);
    meter.at(reader.bytes_done());
  }
  if (writer.rows() == 0) fail_no_rows(paths);
  meter.file_finished(reader.bytes_total());
  writer.finish(nullptr);
  return std::move(open_written(config, cache_directory, key).dataset);
}

}  // namespace dcrnn::data
