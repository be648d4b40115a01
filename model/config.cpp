#include "model/config.hpp"

#include <algorithm>

#include "config/rules.hpp"

namespace dcrnn {
namespace {

constexpr std::size_t kMaxBlocks = 64;  // sharing blocks, tower layers

void check_sharing(const std::vector<model::Sharings::Config>& sharing, const std::string& source) {
  bool has_shared = true;
  for (std::size_t k = 0; k < sharing.size(); ++k) {
    std::visit(
        [&](const auto& block) {
          using Kind = typename std::decay_t<decltype(block)>::Kind;
          const Complaint wrong = Kind::complaint(block, has_shared);
          if (!wrong.what.empty()) {
            fail(ErrorCode::usage, place(source, element("sharing", k) + wrong.key) + wrong.what, wrong.help);
          }
          has_shared = Kind::reads_shared(block);
        },
        sharing[k]);
  }
}

void check_cross(const ModelConfig& model, const std::string& source) {
  std::visit(
      [&](const auto& cross) {
        using Kind = typename std::decay_t<decltype(cross)>::Kind;
        if constexpr (requires { Kind::complaint(cross, std::size_t{}); }) {
          const Complaint wrong = Kind::complaint(cross, model.input_width());
          if (!wrong.what.empty()) {
            fail(ErrorCode::usage, place(source, "cross" + wrong.key) + wrong.what, wrong.help);
          }
        }
      },
      model.cross);
}

/// There is something to project.
void check_project(const ModelConfig& model, const std::string& source) {
  if (model.project == 0 || model.has_rates()) return;
  fail(ErrorCode::usage,
       place(source, "project") + "found " + std::to_string(model.project) + ", but there is no rate field",
       "leave it out, or add a field of type rate");
}

/// Without heads there is nothing that could read what a network makes.
void check_head(const ModelConfig& model, const std::string& source) {
  if (model.head) return;
  const auto want = [&](bool holds, const char* what) {
    if (holds) return;
    fail(ErrorCode::usage, place(source, "head") + "found false, which asks for " + what,
         "the wide term then stands alone: \"wide\": true, \"cross\": {\"kind\": \"none\"}, \"sharing\": [], "
         "\"tower\": [], \"transfer\": \"none\"");
  };
  want(model.wide, "\"wide\": true");
  want(std::visit(
           [](const auto& cross) {
             if constexpr (requires { cross.layers; }) return cross.layers == 0;
             return true;
           },
           model.cross),
       "no cross layers");
  want(model.project == 0, "no projection");
  want(model.sharing.empty(), "no sharing blocks");
  want(model.tower.empty(), "no layers of towers");
  const bool follows = std::any_of(model.tasks.begin(), model.tasks.end(),
                                   [](const Task& task) { return task.parent != kNoParent; });
  want(!follows || std::holds_alternative<model::NoTransfer::Config>(model.transfer), "no transfer");
}

}  // namespace

void check_model(const ModelConfig& model, const std::string& source) {
  check_length(model.sharing.size(), 0, kMaxBlocks, kModelKeys, "sharing", source);
  check_length(model.tower.size(), 0, kMaxBlocks, kModelKeys, "tower", source);
  check_cross(model, source);
  check_sharing(model.sharing, source);
  check_project(model, source);
  check_head(model, source);
  if (model.chain && model.calibrator > 0) {
    fail(ErrorCode::usage,
         place(source, "calibrator") + "does not apply here, only to \"probability\": \"independent\"",
         "leave it out: in a chain no probability lies above the parent's");
  }
}

}  // namespace dcrnn
