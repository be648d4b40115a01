// How two JSON texts differ.
#pragma once

#include <string>
#include <string_view>

namespace dcrnn::compare {

/// The first place where they do: "config.tower[0]: 5 there, 7 here"; empty if there is none. A text that is
/// no JSON differs as a whole.
std::string first_difference(std::string_view there, std::string_view here);

}  // namespace dcrnn::compare
