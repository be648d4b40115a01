// How two configs differ.
#pragma once

#include <string>

namespace dcrnn {

/// The first key in which two effective configs (JSON texts) differ: "train.epochs: 5 there, 7 now"; empty if
/// there is none.
std::string first_difference(const std::string& there, const std::string& now);

}  // namespace dcrnn
