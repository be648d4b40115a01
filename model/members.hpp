// M networks of one shape in one model, each trained alone, scored together: docs/members.md.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dcrnn::model {

/// The most members of a model.
inline constexpr std::size_t kMostMembers = 64;

/// What stands before the name of each of member i's parameters: nothing for the first, so that one network
/// is named as ever.
inline std::string member_prefix(std::size_t i) {
  return i == 0 ? "" : "member." + std::to_string(i) + ".";
}

/// What stands before the name of each value of a trace that is member i's alone, the first's too.
inline std::string member_value_prefix(std::size_t i) {
  return "member." + std::to_string(i) + ".";
}

/// (((z_0 + z_1) + ..) + z_(M-1)) / M of the members' logits, in double.
class MeanLogits {
 public:
  /// For up to `most` logits. Failure(memory).
  explicit MeanLogits(std::size_t most) : sums_(most) {}

  /// Adds `count` logits of the next member.
  template <class Real>
  void add(const Real* logits, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto z = static_cast<double>(logits[i]);
      sums_[i] = members_ == 0 ? z : sums_[i] + z;
    }
    ++members_;
  }
  /// The means of `count`; the next member is a first one again.
  template <class Real>
  void take(Real* logits, std::size_t count) {
    const auto members = static_cast<double>(members_);
    for (std::size_t i = 0; i < count; ++i) logits[i] = static_cast<Real>(sums_[i] / members);
    members_ = 0;
  }

 private:
  std::vector<double> sums_;
  std::size_t members_ = 0;  ///< added so far
};

}  // namespace dcrnn::model
