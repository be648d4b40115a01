// Encoders to and from the tensors of a model file:
//   encoder.<field>.vocab.bytes  U8  [n]  all words of the vocabulary one after another (row 1, 2, ...)
//   encoder.<field>.vocab.ends   U64 [V]  where each word ends
//   encoder.<field>.edges        F64 [E]  upper edges of the buckets 1..E; bucket E + 1 has none
//   encoder.<field>.statistics   F64 [2]  mean and divisor of the (log1p of the) value
//   encoder.<field>.counts       U64 [4]  of training: cells, empty ones, values, unknown ones
//   encoder.<field>.seen         U8  [n]  hash, id: a bit per row of the table, the lowest of a byte first
//   encoder.<field>.of.<j>.edges     F64 [E]          of a rate field whose column j holds numbers
//   encoder.<field>.rate.keys        U64 [n]          ascending
//   encoder.<field>.rate.rows        U64 [n]          training rows of each key
//   encoder.<field>.rate.sums        F64 [n, 2 tasks] base and hits of each task of the field
//   encoder.<field>.rate.priors      F64 [tasks]      both absent where the field has no tasks
//   encoder.<field>.rate.statistics  F64 [numbers, 2] mean and divisor
//   encoder.fingerprints             U64 [files]      of the rows in the tables of rate fields, ascending
// Counts and seen are absent, of all fields, in models that were not trained from files.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/encoder.hpp"
#include "data/field_state.hpp"

namespace dcrnn::data {
namespace {

constexpr std::string_view kPrefix = "encoder.";
constexpr std::string_view kFingerprints = "encoder.fingerprints";

std::string tensor_name(const Field& field, std::string_view part) {
  return std::string(kPrefix) + field.name + "." + std::string(part);
}

/// Takes tensors by name out of those of a file and remembers which were taken.
class TensorSet {
 public:
  TensorSet(const std::vector<TensorView>& tensors, const std::string& source)
      : tensors_(tensors), source_(source) {}

  /// With `width` of two dimensions, the second of that size.
  template <class T>
  std::vector<T> take(const std::string& name, std::size_t width = 0) {
    for (const TensorView& tensor : tensors_) {
      if (tensor.name != name) continue;
      const bool shaped =
          width == 0 ? tensor.shape.size() == 1 : tensor.shape.size() == 2 && tensor.shape[1] == width;
      const std::size_t row = sizeof(T) * std::max<std::size_t>(width, 1);
      if (tensor.dtype != dtype_of<T>() || !shaped || tensor.data.size() % row != 0 ||
          tensor.data.size() / row != tensor.shape[0]) {
        fail_tensor(name, "its type or its shape is wrong");
      }
      taken_.insert(name);
      std::vector<T> values(tensor.data.size() / sizeof(T));
      if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
      return values;
    }
    fail_tensor(name, "it is missing");
  }

  bool has(const std::string& name) const {
    return std::any_of(tensors_.begin(), tensors_.end(),
                       [&](const TensorView& tensor) { return tensor.name == name; });
  }

  /// True if a field has a tensor of this part.
  bool has_any(std::string_view part) const {
    return std::any_of(tensors_.begin(), tensors_.end(), [&](const TensorView& tensor) {
      return tensor.name.starts_with(kPrefix) && tensor.name.ends_with("." + std::string(part));
    });
  }

  void refuse_unknown() const {
    for (const TensorView& tensor : tensors_) {
      if (tensor.name.starts_with(kPrefix) && taken_.count(tensor.name) == 0) {
        fail_tensor(tensor.name, "no field of the config has such a tensor");
      }
    }
  }

  [[noreturn]] void fail_tensor(const std::string& name, const std::string& what) const {
    fail(ErrorCode::model, printable(source_) + ": tensor " + in_quotes(name) + ": " + what,
         "the model file is damaged, or its config was changed: write it again");
  }

 private:
  const std::vector<TensorView>& tensors_;
  const std::string& source_;
  std::set<std::string> taken_;
};

Vocabulary read_vocabulary(const Field& field, TensorSet& tensors) {
  const std::string bytes_name = tensor_name(field, "vocab.bytes");
  const std::string ends_name = tensor_name(field, "vocab.ends");
  const std::vector<unsigned char> bytes = tensors.take<unsigned char>(bytes_name);
  const std::vector<std::uint64_t> ends = tensors.take<std::uint64_t>(ends_name);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if ((ends.empty() ? 0 : ends.back()) != bytes.size()) {
    tensors.fail_tensor(ends_name, "the last word does not end where the bytes do");
  }
  Vocabulary vocabulary;
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] <= begin || ends[i] > bytes.size()) {
      tensors.fail_tensor(ends_name, "element " + std::to_string(i) + " is not after the one before");
    }
    const std::string_view word = text.substr(begin, ends[i] - begin);
    if (find_invalid_utf8(word) != std::string_view::npos) {
      tensors.fail_tensor(bytes_name, "word " + std::to_string(i) + " is not UTF-8");
    }
    if (vocabulary.add(word) != i) tensors.fail_tensor(bytes_name, in_quotes(word) + " stands there twice");
    begin = ends[i];
  }
  return vocabulary;
}

std::vector<double> read_edges(const std::string& name, std::size_t bins, TensorSet& tensors) {
  std::vector<double> edges = tensors.take<double>(name);
  if (edges.size() >= bins) {
    tensors.fail_tensor(
        name, std::to_string(edges.size()) + " edges are too many for " + std::to_string(bins) + " bins");
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (!std::isfinite(edges[i]) || (i > 0 && !(edges[i - 1] < edges[i]))) {
      tensors.fail_tensor(name, "element " + std::to_string(i) + " is not finite or not ascending");
    }
  }
  return edges;
}

std::array<double, 2> read_statistics(const Field& field, TensorSet& tensors) {
  const std::string name = tensor_name(field, "statistics");
  const std::vector<double> values = tensors.take<double>(name);
  if (values.size() != 2 || !std::isfinite(values[0]) || !std::isfinite(values[1]) || !(values[1] > 0)) {
    tensors.fail_tensor(name, "a finite mean and a finite divisor greater than 0 are needed");
  }
  return {values[0], values[1]};
}

static_assert(sizeof(CellCounts) == 4 * sizeof(std::uint64_t), "written as the tensor it is");

CellCounts read_counts(const Field& field, TensorSet& tensors) {
  const std::string name = tensor_name(field, "counts");
  const std::vector<std::uint64_t> values = tensors.take<std::uint64_t>(name);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  if (values.size() != 4 || values[0] == 0 || values[0] > kMost || values[1] > values[0] ||
      values[2] > kMost || values[3] > values[2]) {
    tensors.fail_tensor(name, "cells, empty ones of them, values and unknown ones of them are needed");
  }
  return {values[0], values[1], values[2], values[3]};
}

std::shared_ptr<const RateState> read_rate(const Field& field, const std::vector<Task>& tasks,
                                           TensorSet& tensors) {
  RateState state(field, tasks);
  for (std::size_t j = 0; j < state.columns.size(); ++j) {
    if (state.columns[j].has_words()) continue;
    state.edges[j] =
        read_edges(tensor_name(field, "of." + std::to_string(j) + ".edges"), state.columns[j].bins, tensors);
  }
  const std::size_t width = 2 * state.tasks.size();
  const std::string keys_name = tensor_name(field, "rate.keys"), rows_name = tensor_name(field, "rate.rows"),
                    sums_name = tensor_name(field, "rate.sums"),
                    priors_name = tensor_name(field, "rate.priors"),
                    statistics_name = tensor_name(field, "rate.statistics");
  std::vector<std::uint64_t> keys = tensors.take<std::uint64_t>(keys_name);
  std::vector<std::uint64_t> rows = tensors.take<std::uint64_t>(rows_name);
  std::vector<double> sums;
  if (width > 0) {
    sums = tensors.take<double>(sums_name, width);
    state.priors = tensors.take<double>(priors_name);
  }
  const std::vector<double> statistics = tensors.take<double>(statistics_name, 2);
  const auto check = [&](bool good, const std::string& name, const std::string& what) {
    if (!good) tensors.fail_tensor(name, what);
  };
  check(rows.size() == keys.size(), rows_name, "a number is needed for each of the keys");
  check(sums.size() == keys.size() * width, sums_name, "a row is needed for each of the keys");
  check(state.priors.size() == state.tasks.size(), priors_name, "one is needed for each of the tasks");
  check(statistics.size() == 2 * state.numbers(), statistics_name, "one is needed for each of the numbers");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string element = "element " + std::to_string(i);
    check(i == 0 || keys[i - 1] < keys[i], keys_name, element + " is not after the one before");
    check(rows[i] > 0, rows_name, element + " is 0");
    for (std::size_t t = 0; t < state.tasks.size(); ++t) {
      const double base = sums[i * width + 2 * t], hits = sums[i * width + 2 * t + 1];
      check(0 <= hits && hits <= base && std::isfinite(base), sums_name,
            "row " + std::to_string(i) + ": base and hits are needed, 0 <= hits <= base");
    }
  }
  for (const double prior : state.priors) {
    check(prior == bounded(prior), priors_name, "numbers from 1e-4 to 1 - 1e-4 are needed");
  }
  for (std::size_t i = 0; i < state.numbers(); ++i) {
    const double mean = statistics[2 * i], divisor = statistics[2 * i + 1];
    check(std::isfinite(mean) && std::isfinite(divisor) && divisor > 0, statistics_name,
          "finite means and finite divisors greater than 0 are needed");
    state.statistics.push_back({mean, divisor});
  }
  state.table = RateTable(width, std::move(keys), std::move(rows), std::move(sums));
  return std::make_shared<RateState>(std::move(state));
}

std::vector<std::uint64_t> read_fingerprints(TensorSet& tensors) {
  std::vector<std::uint64_t> files = tensors.take<std::uint64_t>(std::string(kFingerprints));
  if (!std::is_sorted(files.begin(), files.end()))
    tensors.fail_tensor(std::string(kFingerprints), "it is not ascending");
  return files;
}

/// Those of one rate field.
void add_rate_tensors(const Field& field, const RateState& rate, std::vector<TensorView>& tensors) {
  for (std::size_t j = 0; j < rate.columns.size(); ++j) {
    if (rate.columns[j].has_words()) continue;
    tensors.push_back(tensor_view(tensor_name(field, "of." + std::to_string(j) + ".edges"),
                                  {rate.edges[j].size()}, std::span<const double>(rate.edges[j])));
  }
  const std::size_t n = rate.table.size(), T = rate.tasks.size();
  tensors.push_back(tensor_view(tensor_name(field, "rate.keys"), {n}, rate.table.all_keys()));
  tensors.push_back(tensor_view(tensor_name(field, "rate.rows"), {n}, rate.table.all_rows()));
  if (T > 0) {
    tensors.push_back(tensor_view(tensor_name(field, "rate.sums"), {n, 2 * T}, rate.table.all_sums()));
    tensors.push_back(
        tensor_view(tensor_name(field, "rate.priors"), {T}, std::span<const double>(rate.priors)));
  }
  tensors.push_back({tensor_name(field, "rate.statistics"),
                     DType::f64,
                     {rate.statistics.size(), 2},
                     std::as_bytes(std::span(rate.statistics))});
}

std::vector<unsigned char> read_seen(const Field& field, TensorSet& tensors) {
  const std::string name = tensor_name(field, "seen");
  std::vector<unsigned char> seen = tensors.take<unsigned char>(name);
  if (seen.size() != (field.size + 7) / 8 || (field.size % 8 != 0 && seen.back() >> (field.size % 8) != 0)) {
    tensors.fail_tensor(name, "a bit for each of the " + std::to_string(field.size) + " rows is needed");
  }
  return seen;
}

}  // namespace

Encoders Encoders::from_tensors(const Schema& config, const std::vector<TensorView>& tensors,
                                const std::string& source) {
  TensorSet set(tensors, source);
  Encoders encoders;
  const bool counted = set.has_any("counts") || set.has_any("seen");
  for (const Field& field : config.fields) {
    auto state = std::make_unique<FieldState>();
    state->field = field;
    if (state->has_vocabulary()) state->vocabulary = read_vocabulary(field, set);
    if (state->has_edges()) state->edges = read_edges(tensor_name(field, "edges"), field.bins, set);
    if (state->has_statistics()) state->statistics = read_statistics(field, set);
    if (counted && state->has_fixed_rows()) state->seen = read_seen(field, set);
    if (field.type == FieldType::rate) {
      state->rate = read_rate(field, config.tasks, set);
    } else if (counted) {
      state->training = read_counts(field, set);
    }
    encoders.fields_.push_back(std::move(state));
  }
  if (config.has_rates() && set.has(std::string(kFingerprints)))
    encoders.fingerprints_ = read_fingerprints(set);
  set.refuse_unknown();
  return encoders;
}

std::vector<TensorView> Encoders::tensors() const {
  std::vector<TensorView> tensors;
  for (const auto& state : fields_) {
    const Field& field = state->field;
    if (state->has_vocabulary()) {
      const std::string_view bytes = state->vocabulary.bytes();
      const std::span<const std::uint64_t> ends = state->vocabulary.ends();
      tensors.push_back(
          {tensor_name(field, "vocab.bytes"), DType::u8, {bytes.size()}, std::as_bytes(std::span(bytes))});
      tensors.push_back(tensor_view(tensor_name(field, "vocab.ends"), {ends.size()}, ends));
    }
    if (state->has_edges()) {
      tensors.push_back(tensor_view(tensor_name(field, "edges"), {state->edges.size()},
                                    std::span<const double>(state->edges)));
    }
    if (state->has_statistics()) {
      tensors.push_back(tensor_view(tensor_name(field, "statistics"), {state->statistics.size()},
                                    std::span<const double>(state->statistics)));
    }
    if (state->rate) add_rate_tensors(field, *state->rate, tensors);
    if (!state->seen.empty()) {
      tensors.push_back(tensor_view(tensor_name(field, "seen"), {state->seen.size()},
                                    std::span<const unsigned char>(state->seen)));
    }
    if (state->training.cells > 0) {
      tensors.push_back(
          {tensor_name(field, "counts"), DType::u64, {4}, std::as_bytes(std::span(&state->training, 1))});
    }
  }
  if (!fingerprints_.empty()) {
    tensors.push_back(tensor_view(std::string(kFingerprints), {fingerprints_.size()},
                                  std::span<const std::uint64_t>(fingerprints_)));
  }
  return tensors;
}

}  // namespace dcrnn::data
