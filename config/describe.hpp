// Which key fills which member, said once for both directions: Reader and Writer walk the same description.
// A visitor offers value(key, member), constant(key, value), optional(key, text), parent(key, index),
// object(key, member) and list(key, members).
#pragma once

#include <concepts>
#include <type_traits>

#include "config/config.hpp"

namespace dcrnn {

/// `T` is `S` or const `S`.
template <class T, class S>
concept Is = std::same_as<std::remove_const_t<T>, S>;

void describe(auto& v, Is<Field> auto& field) {
  v.value("name", field.name);
  v.value("column", field.column);
  v.value("type", field.type);
  if (field.type == FieldType::number) {
    v.value("transform", field.transform);
    if (field.transform == Transform::buckets) v.value("bins", field.bins);
  } else {
    v.value("encoding", field.encoding);
    if (field.encoding == Encoding::vocab) {
      v.value("min_count", field.min_count);
    } else {
      v.value("size", field.size);
    }
  }
  if (field.has_table()) v.value("dim", field.dim);
  if (field.type == FieldType::bag) {
    v.value("pool", field.pool);
    v.value("separator", field.separator);
  }
}

void describe(auto& v, Is<Task> auto& task) {
  v.value("name", task.name);
  v.value("label", task.label);
  v.parent("after", task.parent);
  v.value("weight", task.weight);
}

void describe(auto& v, Is<CrossConfig> auto& cross) {
  v.constant("kind", "gru");
  v.value("candidate", cross.candidate);
  v.value("layers", cross.layers);
  v.value("tied", cross.tied);
}

void describe(auto& v, Is<SharingConfig> auto& block) {
  v.value("shared", block.shared_units);
  v.value("private", block.private_units);
  v.value("gate", block.gate);
}

void describe(auto& v, Is<OptimizerConfig> auto& optimizer) {
  v.value("kind", optimizer.kind);
  v.value("rate", optimizer.rate);
  v.value("beta1", optimizer.beta1);
  v.value("beta2", optimizer.beta2);
  v.value("epsilon", optimizer.epsilon);
  v.value("momentum", optimizer.momentum);
  v.value("weight_decay", optimizer.weight_decay);
}

void describe(auto& v, Is<ScheduleConfig> auto& schedule) {
  v.value("kind", schedule.kind);
  v.value("warmup", schedule.warmup);
  v.value("final_rate", schedule.final_rate);
}

void describe(auto& v, Is<DropoutConfig> auto& dropout) {
  v.value("input", dropout.input);
  v.value("sharing", dropout.sharing);
  v.value("tower", dropout.tower);
}

void describe(auto& v, Is<EarlyStoppingConfig> auto& early_stopping) {
  v.optional("task", early_stopping.task);
  v.value("metric", early_stopping.metric);
  v.value("patience", early_stopping.patience);
}

void describe(auto& v, Is<TrainConfig> auto& train) {
  v.value("epochs", train.epochs);
  v.value("batch", train.batch);
  v.value("seed", train.seed);
  v.object("optimizer", train.optimizer);
  v.object("schedule", train.schedule);
  v.object("dropout", train.dropout);
  v.value("clip_norm", train.clip_norm);
  v.value("unknown_rate", train.unknown_rate);
  v.value("init_scale", train.init_scale);
  v.object("early_stopping", train.early_stopping);
  v.value("checkpoint_seconds", train.checkpoint_seconds);
}

void describe(auto& v, Is<Config> auto& config) {
  v.constant("format", 1);
  v.list("fields", config.model.fields);
  v.list("tasks", config.model.tasks);
  v.optional("weight", config.model.weight);
  v.object("cross", config.model.cross);
  v.list("sharing", config.model.sharing);
  v.value("tower", config.model.tower);
  v.value("transfer", config.model.transfer);
  v.value("probability", config.model.chain);
  v.object("train", config.train);
}

}  // namespace dcrnn
