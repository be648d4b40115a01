#include "model/config.hpp"

#include "config/rules.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kMaxBlocks = 64;  // sharing blocks, tower layers

void check_sharing(const std::vector<SharingConfig>& sharing, const std::string& source) {
  bool ended = false;
  for (std::size_t k = 0; k < sharing.size(); ++k) {
    const SharingConfig& block = sharing[k];
    if (block.shared_units == 0 && block.private_units == 0) {
      fail(ErrorCode::usage, place(source, element("sharing", k)) + "\"shared\" and \"private\" are both 0",
           "give the block units or leave it out");
    }
    if (ended && block.shared_units > 0) {
      fail(ErrorCode::usage,
           place(source, element("sharing", k) + ".shared") + "found " + std::to_string(block.shared_units) +
               ", want 0, because an earlier block has none to pass on",
           "once \"shared\" is 0, it is 0 in every later block");
    }
    ended = block.shared_units == 0;
  }
}

}  // namespace

void check_model(const ModelConfig& model, const std::string& source) {
  check_length(model.sharing.size(), 0, kMaxBlocks, kModelKeys, "sharing", source);
  check_length(model.tower.size(), 0, kMaxBlocks, kModelKeys, "tower", source);
  check_sharing(model.sharing, source);
}

}  // namespace dcrnn
