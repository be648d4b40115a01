// Rows of embedding tables that no training row touched: while a model is scored they hold the mean of the
// touched ones, weighted by how often each occurs. Their fresh values would be a random answer. (Tables that
// start at 0 are left alone.)
#pragma once

#include <span>
#include <vector>

#include "config/schema.hpp"
#include "model/parameters.hpp"
#include "train/survey.hpp"

namespace dcrnn::train {

class UntouchedRows {
 public:
  /// `fresh`: the parameters as they are drawn; `start`, of a run that goes on from another: before the first
  /// step. Where these differ the other run has been, and the row keeps what it has. `survey` is that of all
  /// training rows. The first three must stay.
  UntouchedRows(const Schema& config, const model::ParameterTable& table, const Survey& survey,
                std::span<const float> fresh, std::span<const float> start = {});

  /// Puts the means into `parameters`. No step reads the rows it writes but for those of restore().
  void fill(std::span<float> parameters, int threads);
  /// Training is to go on: the unknown rows of vocabularies get back what fill() replaced, as a later step
  /// may be the first to draw them.
  void restore(std::span<float> parameters) const;

 private:
  struct Table {
    model::LookupTable lookup;
    std::vector<float> fresh_unknown;  ///< of a vocabulary: row 0 before the first step
    bool unknown_replaced = false;
    std::vector<bool> taught_before;  ///< per row; empty: none is
    std::vector<double> mean;
  };
  static std::vector<bool> differing_rows(const model::LookupTable& lookup, std::span<const float> fresh,
                                          std::span<const float> start);
  void fill_table(Table& table, std::span<float> parameters) const;

  const Survey& survey_;
  std::vector<Table> tables_;
};

}  // namespace dcrnn::train
