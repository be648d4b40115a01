// What columns rows have for a config, as JSON.
#pragma once

#include "config/json.hpp"
#include "config/schema.hpp"

namespace dcrnn::api {

/// As dcrnn_columns() in dcrnn.h tells them.
Json columns_json(const Schema& config);

}  // namespace dcrnn::api
