// The stepper (docs/stepper.md): a page of HTML on which a row is followed through a network, forward and
// backward.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dcrnn::stepper {

/// The page stands by itself: it opens from a disk and asks no network for anything. `walk`: an object of
/// JSON (FollowedRow::json); `pages`: whose lines it runs.
std::string html(const std::string& title, const std::string& walk, const std::vector<std::string>& pages);

}  // namespace dcrnn::stepper
