#include "train/ridge.hpp"

#include <algorithm>

#include "core/threads.hpp"

namespace dcrnn::train {

Ridge::Ridge(const Config& config, const model::ParameterTable& table, const Survey& survey)
    : survey_(survey), lambda_(config.train.ridge) {
  if (lambda_ == 0) return;
  for (std::size_t i = 0; i < table.lookups().size(); ++i) {
    const model::LookupTable& lookup = table.lookups()[i];
    if (lookup.owner != model::kDivided) continue;
    const Field& field = config.model.fields[lookup.field];
    const bool drops = field.has_vocabulary();
    Table& one = tables_.emplace_back(Table{i, lookup, drops ? config.train.unknown_rate : 0.0, 0.0, {}});
    one.uses.reserve(std::min(lookup.rows, config.train.batch));
    if (!drops) continue;
    for (std::size_t row = 1; row < lookup.rows; ++row) {
      one.known += static_cast<double>(survey.uses(lookup.field, row));
    }
  }
}

/// Uses of a row in an epoch; that of unknown values takes over a share of all others'.
double Ridge::in_epoch(const Table& table, std::size_t row) const {
  if (table.lookup.every_row) return static_cast<double>(survey_.rows());
  const auto uses = static_cast<double>(survey_.uses(table.lookup.field, row));
  return row == 0 ? uses + table.unknown_rate * table.known : (1 - table.unknown_rate) * uses;
}

void Ridge::add(std::size_t rows, const float* parameters, std::vector<model::SparseRows<float>>& gradients,
                int threads) {
  parallel_for(threads, tables_.size(), [&](std::size_t i, int) {
    Table& table = tables_[i];
    model::SparseRows<float>& sparse = gradients[table.index];
    if (table.lookup.every_row) {
      table.uses.assign(sparse.touched.size(), static_cast<std::uint32_t>(rows));
    } else {
      table.uses.assign(sparse.touched.size(), 0);
      for (const std::uint32_t slot : sparse.slots) ++table.uses[slot];
    }
    add_ridge(
        lambda_ / static_cast<double>(rows), sparse.width, sparse.touched, table.uses,
        [&](std::size_t row) { return in_epoch(table, row); }, parameters + table.lookup.offset,
        sparse.gradient.data());
  });
}

}  // namespace dcrnn::train
