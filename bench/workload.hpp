// Whole models and rows for them, made up but of real sizes: what the step and the scoring are measured on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "dcrnn/dcrnn.hpp"
#include "train/config.hpp"

namespace dcrnn::bench {

/// `ids` category fields whose tables have `size` rows, the first one's `largest`; then `numbers` fields.
struct Workload {
  const char* name;
  std::size_t ids, dim, numbers, size, largest;

  std::size_t table_rows(std::size_t field) const { return field == 0 ? largest : size; }
};
inline constexpr Workload kLarge = {"D=429/table=10000", 26, 16, 13, 10'000, 10'000};
inline constexpr Workload kMillion = {"D=429/table=1000000", 26, 16, 13, 10'000, 1'000'000};
inline constexpr Workload kSmall = {"D=60/table=10000", 10, 6, 0, 10'000, 10'000};

/// What stands between the fields and the heads: the default model, or one with other kinds in its places.
struct Architecture {
  const char* name;
  void (*set)(ModelConfig& model);
};
extern const Architecture kTanh, kCross, kDcnV2, kMmoe, kPle;

/// Adam at a constant rate, tables too; no dropout.
std::string config_json(const Workload& workload, const Architecture& architecture, std::size_t batch);
/// Multiplications and additions of the products of a training step, per row.
double training_flops(Workload workload, const Architecture& architecture);
/// Throws std::runtime_error.
Model make_model(const Workload& workload, const Architecture& architecture, std::size_t batch);

/// `count` rows, a function of `seed`: ids, numbers and labels uniform, consume only after click.
class Sample {
 public:
  Sample(const Workload& workload, std::size_t count, std::uint64_t seed);
  Sample(Sample&&) = default;

  Rows rows() const { return {count_, columns_, labels_, {}}; }
  const std::vector<std::vector<std::uint32_t>>& ids() const { return ids_; }
  const std::vector<std::vector<double>>& numbers() const { return numbers_; }
  const std::vector<std::vector<std::int8_t>>& truths() const { return truths_; }

 private:
  std::size_t count_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::uint32_t>> ids_;
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<std::int8_t>> truths_;
  std::vector<Column> columns_;
  std::vector<Labels> labels_;
};

/// The value, or std::runtime_error with the message.
template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

}  // namespace dcrnn::bench
