#include "model/walk.hpp"

#include <algorithm>
#include <utility>

#include "model/layers/embedding.hpp"
#include "model/layers/field_dropout.hpp"
#include "model/layers/head.hpp"
#include "model/layers/input_dropout.hpp"
#include "model/layers/loss.hpp"
#include "model/layers/projection.hpp"
#include "model/layers/rates.hpp"
#include "model/layers/tower.hpp"
#include "model/layers/wide.hpp"

namespace dcrnn::model {

namespace {

/// Puts a layer that has just been built behind the others.
void append(Layers& layers, Build& build, std::unique_ptr<Layer> layer) {
  layers.all.push_back(std::move(layer));
  layers.rows_end.push_back(build.rows.size());
  layers.gradients.push_back(std::exchange(build.gradients, {}));
  layers.reached_by.push_back(static_cast<TaskSet>(-1));
}

/// Builds a layer of `Kind` behind the others.
template <class Kind, class... Args>
const Kind& add(Layers& layers, Build& build, Args&&... args) {
  auto layer = std::make_unique<Erased<Kind>>(build, std::forward<Args>(args)...);
  const Kind& kind = layer->kind;
  append(layers, build, std::move(layer));
  return kind;
}

/// Builds a layer of the kind that `config`, of a KindList, holds; its output.
template <class Config, class... Args>
auto add_kind(Layers& layers, Build& build, const Config& config, Args&&... args) {
  return std::visit(
      [&](const auto& own) {
        return add<typename std::decay_t<decltype(own)>::Kind>(layers, build, own, args...).output();
      },
      config);
}

/// Task t, and if `linked` all that come after it.
TaskSet followers(const std::vector<Task>& tasks, std::size_t t, bool linked) {
  TaskSet set = TaskSet{1} << t;
  for (std::size_t u = t + 1; linked && u < tasks.size(); ++u) {
    const std::size_t parent = tasks[u].parent;
    if (parent != kNoParent && (set >> parent & 1) != 0) set |= TaskSet{1} << u;
  }
  return set;
}

bool reads_shared(const Sharings::Config& config) {
  return std::visit([](const auto& own) { return std::decay_t<decltype(own)>::Kind::reads_shared(own); },
                    config);
}

/// From x0 to the streams that the tasks go on with: dropout on x0, which the projected numbers of rate
/// fields complete, cross layers and sharing blocks.
SharedStreams add_shared_part(Layers& layers, Build& build, const ModelConfig& config, const Stream& rate) {
  const Stream projected = config.project > 0 ? rate : Stream{};
  const Stream kept = add<FieldDropout>(layers, build, config.fields, layers.x0, projected).output();
  if (config.project > 0) {
    const std::size_t column = layers.x0.width - config.project;
    add<Projection>(layers, build, kept, layers.x0.columns(column, config.project));
  }
  add<InputDropout>(layers, build, layers.x0);
  const Stream h = add_kind(layers, build, config.cross, layers.x0);
  SharedStreams streams = {h, std::vector<Stream>(config.tasks.size(), h)};
  for (std::size_t k = 0; k < config.sharing.size(); ++k) {
    const bool next_reads = k + 1 < config.sharing.size() && reads_shared(config.sharing[k + 1]);
    streams = add_kind(layers, build, config.sharing[k], k, streams, next_reads);
  }
  return streams;
}

}  // namespace

Layers walk(Build& build, const ModelConfig& config) {
  build.activation = config.activation;
  Layers layers;
  layers.logits = build.dense(config.tasks.size());
  Stream rate;
  if (config.has_rates()) rate = add<Rates>(layers, build, config.fields).output();
  if (config.head) layers.x0 = add<Embedding>(layers, build, config.fields, config.project).output();
  Stream wide;
  if (config.wide) wide = add<Wide>(layers, build, config.fields, layers.logits).output();
  SharedStreams streams;
  if (config.head) streams = add_shared_part(layers, build, config, rate);

  std::vector<Stream> y;               // of the tasks so far, transferred
  std::vector<std::size_t> own_begin;  // per task: the first of its own layers
  bool linked = false;                 // a task's part of the loss depends on layers of those before it
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    own_begin.push_back(layers.all.size());
    if (!config.head) {
      add<LoneHead>(layers, build, t, layers.logits, wide);
      continue;
    }
    y.push_back(add<Tower>(layers, build, config.tower, t, streams.v[t]).output());
    const std::size_t parent = config.tasks[t].parent;
    if (parent != kNoParent) {
      const Stream own = y[t];
      y[t] = add_kind(layers, build, config.transfer, t, own, y[parent]);
      linked = linked || y[t].value != own.value;
    }
    add<Head>(layers, build, t, y[t], layers.logits, wide);
  }

  own_begin.push_back(layers.all.size());
  auto objective = std::make_unique<ErasedObjective<Loss>>(
      build, Loss::Config{config.chain, config.calibrator, config.weighting}, layers.logits);
  layers.objective = objective.get();
  append(layers, build, std::move(objective));

  linked = linked || layers.objective->links_tasks();
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    std::fill(layers.reached_by.begin() + static_cast<std::ptrdiff_t>(own_begin[t]),
              layers.reached_by.begin() + static_cast<std::ptrdiff_t>(own_begin[t + 1]),
              followers(config.tasks, t, linked));
  }
  return layers;
}

ParameterTable::ParameterTable(const ModelConfig& config, std::span<const std::size_t> table_rows) {
  Build build(config.tasks, {table_rows.begin(), table_rows.end()}, {});
  walk(build, config);
  *this = std::move(build.parameters);
}

}  // namespace dcrnn::model
