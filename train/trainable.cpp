#include "train/trainable.hpp"

#include <algorithm>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::train {

void check_trainable(const Config& config, const std::string& source) {
  const ModelConfig& model = config.model;
  const bool tables_only = std::all_of(model.fields.begin(), model.fields.end(),
                                       [](const Field& field) { return field.has_table(); });
  const bool relu =
      model.activation == model::UnitActivation::relu && (!model.sharing.empty() || !model.tower.empty());
  if (!model.head || static_cast<float>(config.train.init_scale) > 0 || !tables_only || !relu) return;
  fail(ErrorCode::usage,
       printable(source) +
           ": train.init_scale: found 0, want more: all inputs are looked up in tables, so x0 "
           "would be 0 for ever and the model could learn nothing but base rates",
       "leave it out for the default");
}

}  // namespace dcrnn::train
