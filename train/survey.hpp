// One pass over the training rows before the first step: what they can teach, and what they touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"

namespace dcrnn::train {

/// A row teaches a task if its label is there and its weight is not 0.
class Survey {
 public:
  struct TaskCounts {
    std::uint64_t labelled = 0;   ///< rows with a label
    std::uint64_t teaching = 0;   ///< of them those of some weight
    std::uint64_t positives = 0;  ///< of the teaching ones
    std::uint64_t ones = 0;       ///< rows with label 1, whatever their weight
    std::uint64_t orphans = 0;    ///< label 1 where that of the parent is 0
  };

  /// `table_rows`: per field, 0 where it has no table.
  Survey(const Schema& config, std::span<const std::size_t> table_rows);
  void add(const Batch& batch);
  /// All rows of `source`; false as soon as `go_on`, asked now and then, says so.
  bool add_all(BatchSource& source, const std::function<bool()>& go_on);

  std::uint64_t rows() const { return rows_; }
  const std::vector<TaskCounts>& tasks() const { return tasks_; }
  /// How often a row of a field's table occurs.
  std::uint64_t uses(std::size_t field, std::size_t row) const { return tables_[field].occurrences[row]; }
  /// The same, but 0 if it occurs only where no task is taught.
  std::uint64_t occurrences(std::size_t field, std::size_t row) const {
    return tables_[field].taught[row] ? uses(field, row) : 0;
  }
  /// Root mean square of a field's numbers, 0 without any.
  double scale(std::size_t field) const;

 private:
  struct Table {
    std::vector<std::uint64_t> occurrences;
    std::vector<bool> taught;
  };
  const Schema& config_;
  std::vector<TaskCounts> tasks_;
  std::vector<Table> tables_;
  std::vector<double> square_sums_;
  std::vector<bool> teaches_;  // per row of the batch
  std::uint64_t rows_ = 0;
};

}  // namespace dcrnn::train
