// How much of many training runs is done, in any unit of work.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "dcrnn/files.hpp"

namespace dcrnn::compare {

/// Done share of the stage, 0 where unknown.
double stage_fraction(const JobProgress& job);
/// Done share of the epochs of one member; while it is trained or validated.
double member_fraction(const JobProgress& job);

struct RunWork {
  std::string run;
  double work = 1;  ///< of all its epochs
};

class Work {
 public:
  /// What is to be done from here on, in place of what was expected and has not begun.
  void expect(const std::vector<RunWork>& runs);
  /// So far, of all epochs of this member, from 0, of so many.
  void at(const std::string& run, std::size_t member, std::size_t members, double fraction);
  void finish(const std::string& run);

  std::size_t runs() const { return parts_.size(); }
  std::size_t finished() const { return finished_; }
  double done() const;
  /// Runs that early stopping ended are a measure for those that go on: each is expected to take the mean
  /// share of its epochs that the finished ones took.
  double all() const;

 private:
  struct Part {
    double work = 1;
    std::vector<double> members;  // done share of each
    bool finished = false;
    double done() const;
  };
  std::map<std::string, Part> parts_;
  std::size_t finished_ = 0;
};

}  // namespace dcrnn::compare
