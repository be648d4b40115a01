#include "api/rows_fit.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "api/row_columns.hpp"
#include "api/row_labels.hpp"
#include "core/failure.hpp"
#include "core/text.hpp"
#include "data/cell.hpp"
#include "data/field_fit.hpp"
#include "data/field_state.hpp"
#include "data/key_columns.hpp"
#include "data/rate_fits.hpp"

namespace dcrnn::api {

namespace {

/// Takes the number of a cell, for read_cell().
struct RawNumber {
  double& raw;

  std::string number(double value) const {
    raw = value;
    return {};
  }
  void word(std::string_view) const {}
  void row(std::uint32_t) const {}
};

void add_ids(const Field& field, const Column& column, std::size_t count, data::FieldFit& fit) {
  if (!fit.state().has_fixed_rows()) {
    fail_column(column.field, "given as ids, but its table is made from its values",
                "give the values: text, integers, codes or numbers");
  }
  if (field.type == FieldType::bag) {
    check_bags(column, count);
  } else {
    check_length(column.field, column.ids.size(), count);
  }
  for (std::size_t b = 0; b < count; ++b) {
    const std::size_t first = column.offsets.empty() ? b : column.offsets[b];
    const std::size_t end = column.offsets.empty() ? b + 1 : column.offsets[b + 1];
    const auto ids = column.ids.subspan(first, end - first);
    const auto beyond = std::find_if(ids.begin(), ids.end(), [&](auto id) { return id >= field.size; });
    if (beyond != ids.end()) {
      fail_row(column.field, b,
               "id " + std::to_string(*beyond) + " is out of range: the table has " +
                   std::to_string(field.size) + " rows",
               "ids are rows of the field's embedding table, counted from 0");
    }
    fit.add_rows(ids);
  }
}

/// Takes in all cells of a column, as often as it needs them.
void fit_column(const Field& field, const Column& column, std::size_t count, data::FieldFit& fit) {
  if (!column.ids.empty() || !column.offsets.empty()) {
    add_ids(field, column, count, fit);
  } else {
    double number = 0;
    std::vector<std::uint32_t> rows;
    for_each_cell(field, column, count, [&](auto cell) {
      rows.clear();
      return fit.add(cell, number, rows);
    });
  }
  fit.fix("the rows");
  for (bool open = fit.seeks_edges() && fit.end_pass(); open; open = fit.end_pass()) {
    for_each_cell(field, column, count, [&](auto cell) {
      double raw = 0;
      std::string wrong = data::read_cell(field, cell, RawNumber{raw});
      fit.add_again(raw);
      return wrong;
    });
  }
}

/// The columns of the keys of all rate fields.
class Keys {
 public:
  Keys(const ModelConfig& config, const RowColumns& columns, std::size_t count) : keys_(config) {
    for (std::size_t k = 0; k < keys_.columns.size(); ++k) {
      const Field& field = keys_.columns[k];
      const Column& column = columns.of_key(config, keys_.first[k].field, keys_.first[k].part);
      data::FieldFit& fit = fits_.emplace_back(field);
      if (!field.has_words()) fit_column(field, column, count, fit);
      columns_.push_back(&column);
    }
  }

  const data::KeyColumns& columns() const { return keys_; }
  const std::vector<data::FieldFit>& fits() const { return fits_; }

  /// Calls use(b, raw forms of its cells) for every row b.
  template <class Use>
  void for_each_row(std::size_t count, Use&& use) const {
    std::vector<std::uint64_t> raw(columns_.size());
    for (std::size_t b = 0; b < count; ++b) {
      for (std::size_t k = 0; k < columns_.size(); ++k) {
        const Field& field = keys_.columns[k];
        const std::string wrong = with_cell(*columns_[k], b, !field.has_words(),
                                            [&](auto cell) { return data::raw_key(field, cell, raw[k]); });
        if (!wrong.empty()) fail_row(columns_[k]->field, b, wrong, "mend the value");
      }
      use(b, raw.data());
    }
  }

 private:
  data::KeyColumns keys_;
  std::vector<data::FieldFit> fits_;
  std::vector<const Column*> columns_;
};

std::vector<std::unique_ptr<data::FieldState>> states_of(std::vector<data::FieldFit>& fits) {
  std::vector<std::unique_ptr<data::FieldState>> states;
  for (data::FieldFit& fit : fits) states.push_back(fit.take());
  return states;
}

/// `fits`: of all fields, done but for the rate fields.
FittedRows fit_rates(const ModelConfig& config, const RowColumns& columns, const Rows& rows,
                     std::vector<data::FieldFit>& fits) {
  const Keys keys(config, columns, rows.count);
  Batch targets;
  read_labels(rows, config, targets);
  const std::size_t T = config.tasks.size();
  std::vector<std::int8_t> labels(T);
  const auto for_each_row = [&](auto&& use) {
    keys.for_each_row(rows.count, [&](std::size_t b, const std::uint64_t* raw) {
      for (std::size_t t = 0; t < T; ++t) labels[t] = targets.labels[t][b];
      use(raw, labels.data(), targets.weights.empty() ? 1.0 : targets.weights[b]);
    });
  };
  data::RateFits rates(config, keys.columns(), fits, keys.fits());
  for_each_row([&](auto... row) { rates.count(row...); });
  rates.end_source();
  rates.fix_priors("the rows");
  for_each_row([&](auto... row) { rates.measure(row...); });
  rates.fix_statistics();
  std::vector<std::unique_ptr<data::FieldState>> fields = states_of(fits);
  rates.give_to(fields);
  std::vector<BatchColumn> seen(config.fields.size());
  for_each_row([&](auto... row) { rates.encode(row..., seen); });
  FittedRows fitted{data::Encoders(std::move(fields), rates.fingerprints()), {}};
  for (BatchColumn& column : seen) fitted.rates.push_back(std::move(column.values));
  return fitted;
}

}  // namespace

FittedRows fit_encoders(const ModelConfig& config, const Rows& rows) {
  if (rows.count == 0) fail(ErrorCode::data, "rows: there is no row to train on", "give at least one row");
  RowColumns columns(config);
  columns.find(rows);
  std::vector<data::FieldFit> fits;
  for (std::size_t f = 0; f < config.fields.size(); ++f) {
    const Field& field = config.fields[f];
    fits.emplace_back(field);
    if (field.type == FieldType::rate) continue;
    fit_column(field, columns.of_field(config, f), rows.count, fits.back());
  }
  if (config.has_rates()) return fit_rates(config, columns, rows, fits);
  return {data::Encoders(states_of(fits)), {}};
}

}  // namespace dcrnn::api
