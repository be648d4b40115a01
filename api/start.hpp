// What a run goes on from: a model, or the state that a finished run has kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/model_impl.hpp"
#include "optim/state.hpp"
#include "train/checkpoint.hpp"

namespace dcrnn::api {

struct Start {
  /// How far a member's run got.
  struct Member {
    train::RunStart run;
    std::optional<optim::State> optimizer;  ///< nothing: the file is a model
  };
  std::unique_ptr<Model::Impl> model;  ///< config, encoders and parameters
  std::vector<Member> members;
  std::vector<std::string> files;  ///< the model, or the members' states
  std::uint64_t digest = 0;        ///< of the files

  /// What member i goes on from.
  const std::string& file_of(std::size_t i) const { return files[i < files.size() ? i : 0]; }
  bool is_state() const { return members[0].optimizer.has_value(); }
};

/// Failure(io) if the file cannot be read, or that of another member's state beside it; Failure(model) if it
/// is neither, or these do not belong together.
Start load_start(const std::string& path);

/// Failure(model) naming the first key in which `config` differs from that of `start`, which `path` names:
/// those of how data is written (csv, weight, group) and of the training may. With optimizer state neither
/// may the seed, the scale of fresh values and the kinds of the optimizers.
void require_same_config(const Start& start, const Config& config, const std::string& path);

/// Copies the parameters of member i of `start` over the fresh ones of `model`, whose tables may have more
/// rows.
void overlay(const Model::Impl& start, Model::Impl& model, std::size_t i);

}  // namespace dcrnn::api
