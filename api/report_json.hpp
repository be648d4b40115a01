// Reports as JSON, with the keys that `--json` prints and the log of a run holds.
#pragma once

#include "config/json.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn::api {

/// One line of the log of a run.
Json epoch_json(const EpochSummary& summary);
Json to_json(const FitReport& report);
Json to_json(const EvalReport& report);
Json to_json(const Model& model, const ModelInfo& info);
Json to_json(const GradcheckReport& report);
/// Null where undefined or not finite.
Json number_json(const std::optional<double>& value);

}  // namespace dcrnn::api
