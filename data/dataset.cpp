#include "data/dataset.hpp"

#include <algorithm>
#include <bit>

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "data/cache.hpp"
#include "data/cache_format.hpp"
#include "data/data_files.hpp"
#include "data/dataset_builder.hpp"
#include "data/progress.hpp"
#include "data/row_reader.hpp"

namespace dcrnn::data {

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
  bool rates = false;
  number(config.fields.size());
  for (const Field& field : config.fields) {
    word(field.name);
    word(field.column);
    words(field.missing_words);
    number(static_cast<std::size_t>(field.type));
    if (field.type == FieldType::rate) {
      number(field.of.size());
      for (const KeyColumn& column : field.of) {
        word(column.column);
        number(column.numbers ? column.bins : 0);
      }
      words(*field.rate.tasks);
      number(field.rate.count ? 1 : 0);
      number(std::bit_cast<std::uint64_t>(field.rate.prior));
      number(field.rate.blocks);
      number(static_cast<std::size_t>(field.rate.order));
      number(field.rate.seed);
      rates = true;
      continue;
    }
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
  for (const Task& task : config.tasks) {
    word(task.label);
    if (!task.soft.empty()) {
      word("soft " + task.soft);
      number(std::bit_cast<std::uint64_t>(task.soft_share));
    }
    if (!rates) continue;
    word(task.name);
    number(task.parent);
  }
  word(config.weight);
  return xxh64(text, kCacheFormat);
}

namespace {

constexpr std::size_t kBatchRows = 1024;

/// The key of a cache, and the digest of every file that went into it.
struct Digests {
  CacheKey key;
  std::vector<std::uint64_t> files;
};

/// `encoders`: those that exist already, or null; `growing`: the rows make them grow.
Digests digest_files(const Schema& config, const Encoders* encoders, bool growing,
                     const std::vector<std::string>& paths, ProgressMeter& progress,
                     const LeftOut& left_out = {}) {
  Digests digests;
  digests.key.schema = schema_hash(config);
  Hasher all(digests.key.schema);
  if (left_out.folds > 0) {
    for (const std::uint64_t part :
         {left_out.seed, std::uint64_t{left_out.folds}, std::uint64_t{left_out.fold}}) {
      all.add("fold " + std::to_string(part));
    }
  }
  if (growing) all.add("growing");
  if (encoders != nullptr) all.add(pack_tensors(encoders->tensors()));
  for (const std::string& path : paths) {
    const std::uint64_t digest =
        digests.files.emplace_back(digest_of_file(path, [&] { progress.report_again(); }));
    all.add({reinterpret_cast<const char*>(&digest), sizeof digest});
  }
  digests.key.all = all.digest();
  return digests;
}

void require_unchanged(const std::string& path, std::uint64_t before, std::uint64_t now) {
  if (before == now) return;
  fail(ErrorCode::io, "cannot read " + printable(path) + ": it changed while it was read",
       "train again when nothing writes to the file, or train on a copy");
}

Cache open_written(const Schema& config, const Encoders* known, const std::string& directory,
                   const CacheKey& key) {
  std::optional<Cache> cache = open_cache(config, known, directory, key);
  if (!cache) {
    fail(ErrorCode::io,
         "cannot read " + printable(cache_path(directory, key)) + ": not what was written to it",
         "name another directory for the cache");
  }
  cache->dataset.from_cache = false;
  return std::move(*cache);
}

/// `known`: encoders that are to grow, or null.
TrainingData build(const Schema& config, const Encoders* known, const std::vector<std::string>& paths,
                   const std::string& cache_directory, const Progress& progress, const LeftOut& left_out) {
  require_paths(paths);
  ProgressMeter meter(progress, size_of_all(paths));
  const Digests digests = digest_files(config, known, known != nullptr, paths, meter, left_out);
  const CacheKey& key = digests.key;
  std::optional<Cache> cache = open_cache(config, nullptr, cache_directory, key);
  if (!cache) {
    make_directories(cache_directory);
    DatasetBuilder builder(config, cache_path(cache_directory, key), known, left_out);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      require_unchanged(paths[i], digests.files[i], builder.parse(paths[i], meter));
    }
    if (builder.rows() == 0) fail_no_rows(paths);
    const Encoders encoders = builder.make_encoders(meter);
    CacheWriter writer(config, cache_directory, key);
    builder.for_each_batch(encoders, meter, [&](const Batch& batch) { writer.add(batch); });
    writer.finish(&encoders);
    cache = open_written(config, nullptr, cache_directory, key);
  }
  return {std::move(*cache->encoders), std::move(cache->dataset)};
}

}  // namespace

TrainingData build_training_data(const Schema& config, const std::vector<std::string>& paths,
                                 const std::string& cache_directory, const Progress& progress,
                                 const LeftOut& left_out) {
  return build(config, nullptr, paths, cache_directory, progress, left_out);
}

TrainingData build_training_data(const Schema& config, const Encoders& known,
                                 const std::vector<std::string>& paths, const std::string& cache_directory,
                                 const Progress& progress) {
  return build(config, &known, paths, cache_directory, progress, {});
}

Dataset build_dataset(const Schema& schema, const Encoders& encoders, const std::vector<std::string>& paths,
                      const std::string& cache_directory, const Progress& progress) {
  Schema config = schema;
  for (Task& task : config.tasks) task.soft.clear();  // what is measured is measured against labels
  require_paths(paths);
  ProgressMeter meter(progress, size_of_all(paths));
  const Digests digests = digest_files(config, &encoders, false, paths, meter);
  const CacheKey& key = digests.key;
  if (std::optional<Cache> cache = open_cache(config, &encoders, cache_directory, key)) {
    return std::move(cache->dataset);
  }
  make_directories(cache_directory);
  CacheWriter writer(config, cache_directory, key);
  Batch batch;
  RowReader reader(config, encoders, paths, {RowReader::Labels::required});
  while (reader.read(kBatchRows, batch) > 0) {
    writer.add(batch);
    meter.at(reader.bytes_done());
  }
  const std::vector<std::uint64_t> read = reader.digests();
  for (std::size_t i = 0; i < paths.size(); ++i) require_unchanged(paths[i], digests.files[i], read[i]);
  if (writer.rows() == 0) fail_no_rows(paths);
  meter.file_finished(reader.bytes_total());
  writer.finish(nullptr);
  return std::move(open_written(config, &encoders, cache_directory, key).dataset);
}

}  // namespace dcrnn::data
