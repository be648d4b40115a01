#include "model/scorer.hpp"

#include "api/compute.hpp"
#include "api/model_impl.hpp"
#include "api/rows.hpp"
#include "api/scoring.hpp"
#include "core/guard.hpp"

namespace dcrnn {

struct Scorer::Impl {
  Impl(const Model::Impl& with_model, std::shared_ptr<const model::ScoringNetwork> with_network,
       int with_threads)
      : model(with_model),
        encoders(model.encoders),
        network(std::move(with_network)),
        threads(with_threads),
        workspace(*network, threads),
        rows(model.config.model, encoders) {}

  Impl(const Impl& other)
      : model(other.model),
        encoders(other.encoders),
        network(other.network),
        threads(other.threads),
        workspace(*network, threads),
        rows(model.config.model, encoders) {}

  const Model::Impl& model;
  const data::Encoders encoders;  // as they were when the scorer was made
  std::shared_ptr<const model::ScoringNetwork> network;
  int threads;
  model::ScoringWorkspace workspace;
  api::RowsEncoder rows;
};

Scorer::Scorer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scorer::Scorer(Scorer&&) noexcept = default;
Scorer& Scorer::operator=(Scorer&&) noexcept = default;
Scorer::~Scorer() = default;

Result<Scorer> Scorer::create(const Model& model, const ComputeOptions& options) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    const Isa isa = api::resolve(options);
    auto network = std::make_shared<model::ScoringNetwork>(impl.config.model, impl.table,
                                                           kernels::table<float>(isa), impl.members());
    network->set_parameters(impl.parameters.data(), api::threads_of(options));
    return Scorer(std::make_unique<Impl>(impl, std::move(network), api::threads_of(options)));
  });
}

Result<Scorer> Scorer::clone() const noexcept {
  return guard([&] { return Scorer(std::make_unique<Impl>(*impl_)); });
}

Result<void> Scorer::score(const Rows& rows, std::span<float> probabilities,
                           std::span<float> logits) noexcept {
  return guard([&] {
    const ModelConfig& config = impl_->model.config.model;
    const std::size_t wanted = checked_mul(rows.count, config.tasks.size(), "probabilities");
    const auto check_size = [&](const char* name, std::span<float> values) {
      if (values.size() == wanted) return;
      fail(ErrorCode::usage,
           std::string(name) + ": room for " + std::to_string(values.size()) + " values, want " +
               std::to_string(wanted),
           "give rows.count x tasks values");
    };
    check_size("probabilities", probabilities);
    if (!logits.empty()) check_size("logits", logits);
    const Batch& batch = impl_->rows.encode(rows, false);
    impl_->workspace.score(*impl_->network, batch, probabilities.data(),
                           logits.empty() ? nullptr : logits.data());
    api::check_scores(config, probabilities.data(), logits.empty() ? nullptr : logits.data(), rows.count,
                      [](std::size_t row) { return "row " + std::to_string(row) + " (from 0)"; });
  });
}

}  // namespace dcrnn
