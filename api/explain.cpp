#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "api/compute.hpp"
#include "api/labelled_rows_impl.hpp"
#include "api/progress.hpp"
#include "core/guard.hpp"
#include "data/rows_in_memory.hpp"
#include "data/shuffle.hpp"
#include "model/member_trace.hpp"
#include "model/scorer.hpp"
#include "train/metrics.hpp"

namespace dcrnn {

namespace {

constexpr std::size_t kMostBatches = 16;

/// The fields that read each column of the data, in the order of the first of them.
std::vector<std::pair<std::string, std::vector<std::size_t>>> columns_of(const Schema& schema) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> columns;
  for (std::size_t f = 0; f < schema.fields.size(); ++f) {
    const Field& field = schema.fields[f];
    const std::string& name = field.type == FieldType::rate ? field.name : field.column;
    const auto known = std::find_if(columns.begin(), columns.end(),
                                    [&](const auto& column) { return column.first == name; });
    if (known == columns.end()) {
      columns.push_back({name, {f}});
    } else {
      known->second.push_back(f);
    }
  }
  return columns;
}

/// One call of explain().
class Explainer {
 public:
  Explainer(const LabelledRows::Impl& rows, const Model::Impl& model, const EvalJob& job)
      : model_(model),
        job_(job),
        isa_(api::resolve(job.compute)),
        threads_(api::threads_of(job.compute)),
        network_(model.config.model, model.table, kernels::table<float>(isa_), model.members()),
        workspace_(network_, threads_) {
    network_.set_parameters(model.parameters.data(), threads_);
    for (const Task& task : model.config.model.tasks) {
      tasks_.push_back(rows.place_of(task));
      explanation_.tasks.push_back(task.name);
    }
    choose(rows.batches);
    for (const Batch& batch : batches_) explanation_.rows += batch.rows;
  }

  Explanation operator()() {
    find_gates();
    find_importance();
    return std::move(explanation_);
  }

 private:
  /// Batches of one size, evenly over all, and for each rows that are shuffled among all of these.
  void choose(const std::vector<Batch>& all) {
    // The last may be shorter than the others.
    const std::size_t full =
        all.size() == 1 || all.back().rows == all.front().rows ? all.size() : all.size() - 1;
    const std::size_t count = std::min(kMostBatches, full);
    for (std::size_t i = 0; i < count; ++i) batches_.push_back(all[i * full / count]);
    const std::size_t B = batches_.front().rows;
    std::vector<std::size_t> order(B);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t b = 0; b < B; ++b) order[b] = data::shuffled(1, i, B, b);
      data::RowsInMemory source(batches_[(i + 1) % count]);
      source.read(order.data(), B, shuffled_.emplace_back());
    }
  }

  void find_gates() {
    const auto tensors =
        model::trace_members(model_.config.model, model_.table, model_.parameters.data(),
                             kernels::table<float>(isa_), unlabelled(batches_.front()), threads_);
    for (const model::NamedTensor<float>& tensor : tensors) {
      const bool crosses = tensor.name.find("cross.") != std::string::npos;
      const bool keeps = crosses && (tensor.name.ends_with(".z") || tensor.name.ends_with(".r"));
      const bool lets_in = crosses ? tensor.name.ends_with(".g") : tensor.name.ends_with(".gate");
      if (!keeps && !lets_in) continue;
      const std::size_t B = tensor.shape[0], width = tensor.shape[1];
      std::vector<double> mean(width, 0.0);
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        mean[i % width] += static_cast<double>(tensor.values[i]);
      for (double& value : mean) value /= static_cast<double>(B);
      GateMeans gates{tensor.name, std::move(mean), {}};
      if (crosses) fold_into_fields(gates);
      explanation_.gates.push_back(std::move(gates));
    }
  }

  static Batch unlabelled(Batch batch) {
    for (auto& labels : batch.labels) labels.clear();
    return batch;
  }

  /// Means over the columns of x0 that a field fills; those of projected rates are the last.
  void fold_into_fields(GateMeans& gates) const {
    const ModelConfig& config = model_.config.model;
    std::vector<double> folded;
    std::size_t column = 0;
    const auto fold = [&](const std::string& name, std::size_t width) {
      const auto begin = gates.mean.begin() + static_cast<std::ptrdiff_t>(column);
      folded.push_back(std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(width), 0.0) /
                       static_cast<double>(width));
      gates.fields.push_back(name);
      column += width;
    };
    for (const Field& field : config.fields) {
      if (config.project > 0 && field.type == FieldType::rate) continue;
      fold(field.name, field.width());
    }
    if (config.project > 0) fold("rates", config.project);
    gates.mean = std::move(folded);
  }

  std::vector<std::optional<double>> aucs(const std::vector<std::size_t>& fields) {
    const std::size_t T = tasks_.size();
    std::vector<train::BinaryMetrics> metrics(T);
    const auto swap = [&](std::size_t i) {
      for (const std::size_t f : fields) std::swap(batches_[i].columns[f], shuffled_[i].columns[f]);
    };
    for (std::size_t i = 0; i < batches_.size(); ++i) {
      const Batch& batch = batches_[i];
      probabilities_.resize(batch.rows * T);
      swap(i);
      workspace_.score(network_, batch, probabilities_.data(), nullptr);
      swap(i);
      for (std::size_t t = 0; t < T; ++t) {
        const std::vector<std::int8_t>& labels = batch.labels[tasks_[t]];
        for (std::size_t b = 0; b < batch.rows; ++b) {
          if (labels[b] == kMissingLabel) continue;
          metrics[t].add(probabilities_[b * T + t], labels[b] == 1,
                         batch.weights.empty() ? 1.0 : batch.weights[b]);
        }
      }
    }
    std::vector<std::optional<double>> found;
    for (train::BinaryMetrics& task : metrics) found.push_back(task.auc());
    return found;
  }

  void find_importance() {
    const auto columns = columns_of(model_.config.model);
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<std::optional<double>> whole = aucs({});
    for (const auto& [column, fields] : columns) {
      ColumnImportance& found = explanation_.importance.emplace_back();
      found.column = column;
      const std::vector<std::optional<double>> without = aucs(fields);
      for (std::size_t t = 0; t < whole.size(); ++t) {
        const bool known = whole[t] && without[t];
        found.auc_lost.push_back(known ? std::optional(*whole[t] - *without[t]) : std::nullopt);
      }
      if (!api::tell_progress(job_.progress, "scoring", explanation_.importance.size() * explanation_.rows,
                              columns.size() * explanation_.rows, begin)) {
        fail(ErrorCode::stopped, "stopped while looking at the columns", "");
      }
    }
  }

  const Model::Impl& model_;
  const EvalJob& job_;
  Isa isa_;
  int threads_;
  model::ScoringNetwork network_;
  model::ScoringWorkspace workspace_;
  std::vector<std::size_t> tasks_;  // their places among those that were read
  std::vector<Batch> batches_, shuffled_;
  std::vector<float> probabilities_;
  Explanation explanation_;
};

}  // namespace

Result<Explanation> LabelledRows::explain(const Model& model, const EvalJob& job) const noexcept {
  return guard([&] {
    impl_->require_suits(model);
    return Explainer(*impl_, model.impl(), job)();
  });
}

}  // namespace dcrnn
