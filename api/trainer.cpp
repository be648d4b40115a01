#include "train/trainer.hpp"

#include <cmath>
#include <deque>
#include <vector>

#include "api/compute.hpp"
#include "api/members.hpp"
#include "api/model_impl.hpp"
#include "api/rows.hpp"
#include "core/guard.hpp"
#include "train/base_rates.hpp"

namespace dcrnn {

struct Trainer::Impl {
  Impl(Model::Impl& model, std::size_t total_steps, Isa isa, int threads)
      : owner(model), config(model.config), rows(config.model, model.encoders) {
    for (std::size_t i = 0; i < model.members(); ++i) {
      members.emplace_back(for_member(config, i), model.table, model.member(i), total_steps,
                           kernels::table<float>(isa), threads);
    }
    reports.resize(model.members());
  }

  /// One step of every member, or of none.
  TrainStep step(Batch& batch) {
    TrainStep sum;
    for (std::size_t i = 0; i < members.size(); ++i) {
      // Each draws unknown ids of its own: all but the last leave them as they are.
      const bool last = i + 1 == members.size();
      if (!last) copy = batch;
      reports[i] =
          api::as_member(i, members.size(), [&] { return members[i].differentiate(last ? batch : copy); });
      sum.loss += reports[i].loss;
      sum.gradient_norm = std::hypot(sum.gradient_norm, reports[i].gradient_norm);
    }
    for (std::size_t i = 0; i < members.size(); ++i) members[i].update(batch.rows, reports[i]);
    sum.rate = reports[0].rate;
    return sum;
  }

  Model::Impl& owner;
  const Config& config;
  api::RowsEncoder rows;
  std::deque<train::Trainer> members;      ///< which cannot be moved
  std::vector<train::StepReport> reports;  ///< of the last step
  Batch copy;
  std::uint64_t changes = owner.changes;  ///< of which the trainer knows
};

Trainer::Trainer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

Result<Trainer> Trainer::create(Model& model, std::size_t total_steps,
                                const ComputeOptions& options) noexcept {
  return guard([&] {
    const Isa isa = api::resolve(options);
    return Trainer(std::make_unique<Impl>(model.impl(), total_steps, isa, api::threads_of(options)));
  });
}

Result<Trainer> Trainer::create(Model& model, std::span<const double> base_rates, std::size_t total_steps,
                                const ComputeOptions& options) noexcept {
  return guard([&] {
    const Isa isa = api::resolve(options);
    Model::Impl& impl = model.impl();
    const std::vector<Task>& tasks = impl.config.model.tasks;
    if (base_rates.size() != tasks.size()) {
      fail(ErrorCode::usage,
           "base_rates: " + std::to_string(base_rates.size()) + " numbers for " +
               std::to_string(tasks.size()) + " tasks",
           "give the share of positives of every task");
    }
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (base_rates[t] >= 0 && base_rates[t] <= 1) continue;
      fail(ErrorCode::usage,
           "base_rates: " + std::to_string(base_rates[t]) + " for task \"" + tasks[t].name +
               "\", want a number from 0 to 1",
           "give the share of positives of every task");
    }
    const std::vector<std::optional<double>> rates(base_rates.begin(), base_rates.end());
    auto made = std::make_unique<Impl>(impl, total_steps, isa, api::threads_of(options));
    for (std::size_t i = 0; i < impl.members(); ++i) {
      train::start_heads(tasks, rates, impl.table, impl.member(i));
    }
    ++impl.changes;
    return Trainer(std::move(made));
  });
}

Result<TrainStep> Trainer::step(const Rows& rows) noexcept {
  return guard([&] {
    const std::size_t most = impl_->config.train.batch;
    if (rows.count == 0 || rows.count > most) {
      fail(ErrorCode::data,
           "rows: " + std::to_string(rows.count) + " rows, a step takes 1 to " + std::to_string(most),
           "train.batch of the config is the most rows of a step");
    }
    Batch& batch = impl_->rows.encode(rows, true);
    if (impl_->changes != impl_->owner.changes) {
      for (train::Trainer& member : impl_->members) member.parameters_changed();
    }
    impl_->changes = ++impl_->owner.changes;
    return impl_->step(batch);
  });
}

}  // namespace dcrnn
