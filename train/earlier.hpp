// What configs meant to earlier versions of this program, for runs that those began.
#pragma once

#include <string>
#include <string_view>

namespace dcrnn {

/// `json`, which parse_config() takes, with the defaults that training had in version 0.1.0 written into it
/// where it leaves them out.
std::string with_defaults_of_0_1_0(std::string_view json, const std::string& source);

}  // namespace dcrnn
