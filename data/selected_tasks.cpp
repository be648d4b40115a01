#include "data/selected_tasks.hpp"

#include <utility>

namespace dcrnn::data {
namespace {

class SelectedTasks : public BatchSource {
 public:
  SelectedTasks(std::unique_ptr<BatchSource> rows, std::vector<std::size_t> places)
      : rows_(std::move(rows)), places_(std::move(places)) {}

  std::size_t rows() const override { return rows_->rows(); }

  void read(const std::size_t* index, std::size_t count, Batch& batch) override {
    // What both hold changes sides, so that none of it is copied and all memory is used again.
    std::swap(batch.columns, all_.columns);
    std::swap(batch.weights, all_.weights);
    rows_->read(index, count, all_);
    batch.rows = all_.rows;
    std::swap(batch.columns, all_.columns);
    std::swap(batch.weights, all_.weights);
    select(all_.labels, batch.labels);
    select(all_.targets, batch.targets);
    batch.truth.resize(places_.size());
  }

 private:
  template <class Values>
  void select(std::vector<Values>& from, std::vector<Values>& to) const {
    to.resize(from.empty() ? 0 : places_.size());
    for (std::size_t t = 0; t < to.size(); ++t) to[t] = from[places_[t]];
  }

  std::unique_ptr<BatchSource> rows_;
  std::vector<std::size_t> places_;
  Batch all_;
};

}  // namespace

std::unique_ptr<BatchSource> select_tasks(std::unique_ptr<BatchSource> rows,
                                          std::vector<std::size_t> places) {
  return std::make_unique<SelectedTasks>(std::move(rows), std::move(places));
}

}  // namespace dcrnn::data
