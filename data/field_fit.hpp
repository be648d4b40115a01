// Fits the encoder of one field: cells go in one after another, their raw form comes out, and in the end what
// they fixed. Knows no files.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"
#include "data/cell.hpp"
#include "data/field_state.hpp"
#include "data/moments.hpp"
#include "data/quantiles.hpp"
#include "data/vocabulary.hpp"

namespace dcrnn::data {

/// What the cells of one field of training data hold.
struct FieldProfile {
  CellCounts counts;           ///< as Encoders::training_counts() has them
  std::uint64_t distinct = 0;  ///< words before min_count, rows of a table of fixed size; of numbers none
  std::uint64_t rare = 0;      ///< of the values: those of words seen fewer than min_count times
};

/// add() every cell, then fix(); while end_pass() says so, add_again() every raw number; then take().
class FieldFit {
 public:
  /// `known`: what earlier data fixed, or null. Its words keep their rows, new ones come behind them; its
  /// statistics and edges stay.
  explicit FieldFit(const Field& field, const FieldState* known = nullptr);

  const FieldState& state() const { return *state_; }
  /// Takes in a cell, text or a number. Sets `number` of a number field, appends to `rows` of any other: the
  /// rows of the table as far as they are known, for a vocabulary 1 + the word's number among all seen. Gives
  /// "" or what is wrong with the cell.
  template <class Cell>
  std::string add(Cell cell, double& number, std::vector<std::uint32_t>& rows);
  /// A cell of a table of fixed size whose rows, all smaller than the table, are known; a bag may have none.
  void add_rows(std::span<const std::uint32_t> rows) { count(rows.empty(), rows); }
  /// Vocabulary and statistics are what the cells taken in make them. `source` names the data in errors.
  /// Failure(data).
  void fix(const std::string& source);
  /// The row of the table of one that add() gave.
  std::uint32_t final_row(std::uint32_t row) const { return final_rows_.empty() ? row : final_rows_[row]; }
  /// True for a bucketed field whose edges are to be found.
  bool seeks_edges() const { return quantiles_.has_value(); }
  /// Ends a pass over all numbers of such a field; true if one more is needed, else its edges are known.
  bool end_pass();
  /// NaN: missing.
  void add_again(double raw) {
    if (!std::isnan(raw)) quantiles_->add(raw);
  }
  /// After fix().
  const FieldProfile& profile() const { return profile_; }
  std::unique_ptr<FieldState> take() { return std::move(state_); }

 private:
  std::uint32_t seen(std::string_view word);
  void count(bool empty, std::span<const std::uint32_t> rows);
  void fix_counts();

  /// Takes in what the cells of earlier data were.
  void add_known_counts();

  std::unique_ptr<FieldState> state_;
  const FieldState* known_;
  FieldProfile profile_;
  Vocabulary words_;  // all seen, those known before first
  std::vector<std::uint64_t> counts_;
  std::vector<unsigned char> times_;       // hash, id: how often each row occurs; 2 for more than once
  std::vector<std::uint32_t> final_rows_;  // of a vocabulary
  Moments moments_;
  std::optional<QuantileSearch> quantiles_;  // of a bucketed field
};

template <class Cell>
std::string FieldFit::add(Cell cell, double& number, std::vector<std::uint32_t>& rows) {
  struct Take {
    FieldFit& fit;
    const Cell& cell;
    double& out;
    std::vector<std::uint32_t>& rows;

    std::string number(double raw) const {
      const FieldState& state = fit.state();
      if (state.field.transform == Transform::none && !std::isfinite(static_cast<float>(raw))) {
        return in_quotes(cell_text(cell)) + " is more than a float can hold";
      }
      if (fit.known_ != nullptr && !std::isfinite(static_cast<float>(state.transformed(raw)))) {
        return in_quotes(cell_text(cell)) + " is out of range once standardized";
      }
      if (state.has_statistics() && !std::isnan(raw)) fit.moments_.add(raw);
      if (fit.seeks_edges()) fit.add_again(raw);
      out = raw;
      return {};
    }
    void word(std::string_view word) const { rows.push_back(fit.seen(word)); }
    void row(std::uint32_t row) const { rows.push_back(row); }
  };
  const std::size_t first = rows.size();
  std::string error = read_cell(state_->field, cell, Take{*this, cell, number, rows});
  if (error.empty()) count(is_empty(state_->field, cell), std::span(rows).subspan(first));
  return error;
}

}  // namespace dcrnn::data
