// Where a kind of layer is described.
#pragma once

#include <string>

namespace dcrnn::model {

/// The page of a kind: kPage, else that of its word.
template <class Kind>
std::string page_of() {
  if constexpr (requires { Kind::kPage; }) {
    return std::string(Kind::kPage);
  } else {
    return "docs/" + std::string(Kind::kWord) + ".md";
  }
}

}  // namespace dcrnn::model
