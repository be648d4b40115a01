// The log of a training run, MODEL.jsonl (docs/format.md), read back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dcrnn/files.hpp"
#include "dcrnn/result.hpp"

namespace dcrnn::compare {

struct MemberLog {
  std::vector<EpochSummary> epochs;  ///< loss, valid and interference as far as logged
  std::size_t best_epoch = 0;        ///< 0: the run has not ended
};
struct TrainingLog {
  std::string config_json;         ///< of the run
  std::vector<MemberLog> members;  ///< at least one

  double rows_per_second() const;  ///< mean over the epochs of all members; 0 without any
};

/// An epoch that stands twice (a run was killed and resumed) counts as last told. ErrorCode::data for text
/// that is no log; `name` names it.
Result<TrainingLog> parse_training_log(std::string_view text, const std::string& name) noexcept;

/// ErrorCode::io, too.
Result<TrainingLog> read_training_log(const std::string& path) noexcept;

/// What early stopping watches in the epoch that was kept, a loss with its sign turned: the higher, the
/// better. Of several members the mean. Nothing where it is not defined.
std::optional<double> watched(const TrainingLog& log);

}  // namespace dcrnn::compare
