// The rules of a config that concern more than one key.
#pragma once

#include <string>

#include "config/config.hpp"

namespace dcrnn {

/// Failure(usage) naming `source` and the JSON path. Expects what Reader has checked key by key.
void validate(const Config& config, const std::string& source);

/// Failure(memory) if the parameters, or the input of one batch, are more than any memory holds: the sizes
/// are multiplied with checked arithmetic, so that nobody after this has to fear an overflow. Tables of
/// vocabularies are not known yet and left out.
void check_sizes(const Config& config, const std::string& source);

}  // namespace dcrnn
