// What a field says about a label by itself: figures known beforehand, whatever the threads.
#include <doctest/doctest.h>

#include <algorithm>

#include "train/lone_fields.hpp"
#include "train/row_sample.hpp"

using namespace dcrnn;

namespace {

Schema schema_of(std::initializer_list<FieldType> types, std::size_t tasks = 1) {
  Schema schema;
  for (const FieldType type : types) schema.fields.emplace_back().type = type;
  for (std::size_t t = 0; t < tasks; ++t) schema.tasks.push_back({"task", "task"});
  return schema;
}

/// A category, a number and a bag of one item that all hold `value`.
Batch batch_of(const std::vector<std::uint32_t>& values, const std::vector<std::int8_t>& labels) {
  Batch batch;
  batch.rows = values.size();
  batch.columns.resize(3);
  batch.columns[0].ids = values;
  batch.columns[1].values.assign(values.begin(), values.end());
  batch.columns[2].ids = values;
  for (std::uint32_t b = 0; b <= values.size(); ++b) batch.columns[2].offsets.push_back(b);
  batch.labels = {labels};
  return batch;
}

const Schema kSchema = schema_of({FieldType::category, FieldType::number, FieldType::bag});

}  // namespace

TEST_CASE("a field that is the label has an AUC of 1 in every form, the other way round too") {
  for (const std::uint32_t flip : {0u, 1u}) {
    std::vector<std::uint32_t> values;
    std::vector<std::int8_t> labels;
    for (std::uint32_t b = 0; b < 400; ++b) {
      labels.push_back(static_cast<std::int8_t>(b % 3 == 0));
      values.push_back(static_cast<std::uint32_t>(labels.back()) ^ flip);
    }
    for (const auto& field : train::lone_field_aucs(kSchema, batch_of(values, labels), 2)) {
      CHECK(field[0].value() == doctest::Approx(1.0));
    }
  }
}

TEST_CASE("a value that says half of it has the AUC of a step") {
  // Value 1: always 1. Value 0: one in three. AUC = 1 - P(pair in value 0) / 2.
  std::vector<std::uint32_t> values;
  std::vector<std::int8_t> labels;
  for (std::uint32_t b = 0; b < 40000; ++b) {
    values.push_back(b % 4 == 0 ? 1 : 0);
    labels.push_back(static_cast<std::int8_t>(b % 4 == 0 || b % 4 == 1));
  }
  for (const auto& field : train::lone_field_aucs(kSchema, batch_of(values, labels), 1)) {
    CHECK(field[0].value() == doctest::Approx(0.75).epsilon(0.01));
  }
}

TEST_CASE("values that come once say nothing, and few rows of a class say nothing") {
  std::vector<std::uint32_t> values;
  std::vector<std::int8_t> labels;
  for (std::uint32_t b = 0; b < 2000; ++b) {
    values.push_back(b * 2654435761u);
    labels.push_back(static_cast<std::int8_t>(b % 2));
  }
  const Batch batch = batch_of(values, labels);
  const auto aucs = train::lone_field_aucs(kSchema, batch, 1);
  CHECK(aucs[0][0].value() == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(aucs[2][0].value() == doctest::Approx(0.5).epsilon(1e-6));
  for (const std::size_t ones : {std::size_t{0}, train::kLeakRows - 1, train::kLeakRows}) {
    std::vector<std::int8_t> few(values.size());
    std::fill_n(few.begin(), ones, std::int8_t{1});
    CHECK(train::lone_field_aucs(kSchema, batch_of(values, few), 1)[0][0].has_value() ==
          (ones >= train::kLeakRows));
  }
}

TEST_CASE("rows without a label, or of weight 0, do not count") {
  std::vector<std::uint32_t> values;
  std::vector<std::int8_t> labels;
  std::vector<double> weights;
  for (std::uint32_t b = 0; b < 3000; ++b) {
    const auto label = static_cast<std::int8_t>(b / 3 % 2);
    const bool counts = b % 3 == 0;
    values.push_back(counts ? static_cast<std::uint32_t>(label) : 1 - static_cast<std::uint32_t>(label));
    labels.push_back(b % 3 == 1 ? kMissingLabel : label);
    weights.push_back(b % 3 == 2 ? 0 : 1);
  }
  Batch batch = batch_of(values, labels);
  batch.weights = weights;
  for (const auto& field : train::lone_field_aucs(kSchema, batch, 1)) {
    CHECK(field[0].value() == doctest::Approx(1.0));
  }
}

TEST_CASE("a sample takes one row of every run, and gives it back") {
  const std::uint64_t rows = 3 * train::RowSample::kMostRows - 5;
  train::RowSample sample(kSchema, rows);
  for (std::uint64_t first = 0; first < rows; first += 1000) {
    std::vector<std::uint32_t> values;
    for (std::uint64_t b = first; b < std::min(first + 1000, rows); ++b) {
      values.push_back(static_cast<std::uint32_t>(b));
    }
    sample.add(batch_of(values, std::vector<std::int8_t>(values.size(), 1)));
  }
  CHECK(sample.rows() <= train::RowSample::kMostRows);
  CHECK(sample.rows() >= train::RowSample::kMostRows - 1);
  bool one_of_each = true, equal = true;
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    one_of_each = one_of_each && sample.all().columns[0].ids[i] / 3 == i;
    equal = equal && sample.all().columns[2].ids[i] == sample.all().columns[0].ids[i];
  }
  CHECK(one_of_each);
  CHECK(equal);
  const std::size_t index[] = {5, 0, 77};
  Batch batch;
  sample.read(index, 3, batch);
  CHECK(batch.rows == 3);
  CHECK(batch.columns[0].ids[2] == sample.all().columns[0].ids[77]);
  CHECK(batch.columns[2].offsets == std::vector<std::uint32_t>{0, 1, 2, 3});
}
