#include "model/walk.hpp"

#include "model/layers/embedding.hpp"
#include "model/layers/head.hpp"
#include "model/layers/loss.hpp"
#include "model/layers/tower.hpp"

namespace dcrnn::model {

namespace {

/// Builds a layer of `Kind` behind the others.
template <class Kind, class... Args>
const Kind& add(Layers& layers, Build& build, Args&&... args) {
  auto layer = std::make_unique<Erased<Kind>>(build, std::forward<Args>(args)...);
  const Kind& kind = layer->kind;
  layers.all.push_back(std::move(layer));
  layers.rows_end.push_back(build.rows.size());
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

bool reads_shared(const Sharings::Config& config) {
  return std::visit([](const auto& own) { return std::decay_t<decltype(own)>::Kind::reads_shared(own); },
                    config);
}

}  // namespace

Layers walk(Build& build, const ModelConfig& config) {
  Layers layers;
  layers.x0 = add<Embedding>(layers, build, config.fields).output();
  const Stream h = add_kind(layers, build, config.cross, layers.x0);

  SharedStreams streams = {h, std::vector<Stream>(config.tasks.size(), h)};
  for (std::size_t k = 0; k < config.sharing.size(); ++k) {
    const bool next_reads = k + 1 < config.sharing.size() && reads_shared(config.sharing[k + 1]);
    streams = add_kind(layers, build, config.sharing[k], k, streams, next_reads);
  }

  layers.logits = build.dense(config.tasks.size());
  std::vector<Stream> y;  // of the tasks so far, transferred
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    y.push_back(add<Tower>(layers, build, config.tower, t, streams.v[t]).output());
    const std::size_t parent = config.tasks[t].parent;
    if (parent != kNoParent) y[t] = add_kind(layers, build, config.transfer, t, y[t], y[parent]);
    add<Head>(layers, build, t, y[t], layers.logits);
  }

  auto objective = std::make_unique<ErasedObjective<Loss>>(build, config.chain, layers.logits);
  layers.objective = objective.get();
  layers.all.push_back(std::move(objective));
  layers.rows_end.push_back(build.rows.size());
  return layers;
}

ParameterTable::ParameterTable(const ModelConfig& config, std::span<const std::size_t> table_rows) {
  Build build(config.tasks, {table_rows.begin(), table_rows.end()}, {});
  walk(build, config);
  *this = std::move(build.parameters);
}

}  // namespace dcrnn::model
