// JSON text to a document, strictly: what nlohmann-json lets pass (duplicate keys, what follows a NUL byte)
// is an error here.
#pragma once

#include <string>
#include <string_view>

#include "config/json.hpp"

namespace dcrnn {

/// Parses JSON with comments; a UTF-8 byte order mark is skipped. Failure(usage) names `source` with line and
/// column for bad UTF-8 or syntax, and the path for a key that stands twice in one object.
Json parse_json_text(std::string_view text, const std::string& source);

/// A value for a message: strings quoted, lists and objects by their kind.
std::string shown(const Json& value);

}  // namespace dcrnn
