// Encoders to and from the tensors of a model file:
//   encoder.<field>.vocab.bytes  U8  [n]  all words of the vocabulary one after another (row 1, 2, ...)
//   encoder.<field>.vocab.ends   U64 [V]  where each word ends
//   encoder.<field>.edges        F64 [E]  upper edges of the buckets 1..E; bucket E + 1 has none
//   encoder.<field>.statistics   F64 [2]  mean and divisor of the (log1p of the) value
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

std::string tensor_name(const Field& field, std::string_view part) {
  return std::string(kPrefix) + field.name + "." + std::string(part);
}

/// Takes tensors by name out of those of a file and remembers which were taken.
class TensorSet {
 public:
  TensorSet(const std::vector<TensorView>& tensors, const std::string& source)
      : tensors_(tensors), source_(source) {}

  template <class T>
  std::vector<T> take(const std::string& name) {
    for (const TensorView& tensor : tensors_) {
      if (tensor.name != name) continue;
      if (tensor.dtype != dtype_of<T>() || tensor.shape.size() != 1 || tensor.data.size() % sizeof(T) != 0 ||
          tensor.data.size() / sizeof(T) != tensor.shape[0]) {
        fail_tensor(name, "its type or its shape is wrong");
      }
      taken_.insert(name);
      std::vector<T> values(tensor.shape[0]);
      if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
      return values;
    }
    fail_tensor(name, "it is missing");
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

std::vector<double> read_edges(const Field& field, TensorSet& tensors) {
  const std::string name = tensor_name(field, "edges");
  std::vector<double> edges = tensors.take<double>(name);
  if (edges.size() >= field.bins) {
    tensors.fail_tensor(name, std::to_string(edges.size()) + " edges are too many for " +
                                  std::to_string(field.bins) + " bins");
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

}  // namespace

Encoders Encoders::from_tensors(const Schema& config, const std::vector<TensorView>& tensors,
                                const std::string& source) {
  TensorSet set(tensors, source);
  Encoders encoders;
  for (const Field& field : config.fields) {
    auto state = std::make_unique<FieldState>();
    state->field = field;
    if (state->has_vocabulary()) state->vocabulary = read_vocabulary(field, set);
    if (state->has_edges()) state->edges = read_edges(field, set);
    if (state->has_statistics()) state->statistics = read_statistics(field, set);
    encoders.fields_.push_back(std::move(state));
  }
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
  }
  return tensors;
}

}  // namespace dcrnn::data
