// What a run goes on from: a model, or the state that a finished run has kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/model_impl.hpp"
#include "optim/state.hpp"
#include "train/checkpoint.hpp"

namespace dcrnn::api {

struct Start {
  std::unique_ptr<Model::Impl> model;  ///< config, encoders and parameters
  train::RunStart run;
  std::optional<optim::State> optimizer;  ///< nothing: the file is a model
  std::uint64_t digest = 0;               ///< of the file
};

/// Failure(io) if the file cannot be read, Failure(model) if it is neither.
Start load_start(const std::string& path);

/// Failure(model) naming the first key in which `config` differs from that of `start`, which `path` names:
/// those of how data is written (csv, weight, group) and of the training may. With optimizer state neither
/// may the seed, the scale of fresh values and the kinds of the optimizers.
void require_same_config(const Start& start, const Config& config, const std::string& path);

/// Copies the parameters of `start` over the fresh ones of `model`, whose tables may have more rows.
void overlay(const Model::Impl& start, Model::Impl& model);

}  // namespace dcrnn::api
