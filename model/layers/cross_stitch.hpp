// Cross-stitch blocks: private units of every task, mixed anew for each. Derivation: docs/cross_stitch.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/rules.hpp"
#include "model/layers/linear.hpp"
#include "model/layers/mix.hpp"
#include "model/layers/streams.hpp"

namespace dcrnn::model {

/// Kind of sharing: block k, from one stream v_t per task to the next ones; there is no shared stream after
/// it.
class CrossStitch {
 public:
  struct Config {
    using Kind = CrossStitch;
    std::size_t units = 32;  ///< m

    bool operator==(const Config&) const = default;
  };
  static constexpr std::string_view kWord = "cross_stitch";
  static constexpr Key kKeys[] = {
      {.name = "units", .kind = KeyKind::whole, .doc = "units of every task", .least = 1, .added = true}};
  static constexpr std::string_view kExamples[] = {R"({"kind": "cross_stitch", "units": 4})",
                                                   R"({"kind": "cross_stitch", "units": 1})"};

  static bool reads_shared(const Config& /*config*/) { return false; }
  /// What is wrong with a block: nothing.
  static Complaint complaint(const Config& /*config*/, bool /*has_shared*/) { return {}; }

  CrossStitch(Build& build, const Config& config, std::size_t k, const SharedStreams& in,
              bool /*next_reads*/) {
    const std::string prefix = "sharing." + std::to_string(k) + ".";
    const std::size_t T = build.tasks.size(), m = config.units;
    std::vector<Stream> units;
    for (std::size_t t = 0; t < T; ++t) {
      units.push_back(build.value(m));
      private_units_.emplace_back(build, prefix + build.tasks[t].name + ".private", in.v[t], units[t], t);
    }
    const std::size_t stitch =
        build.parameter(prefix + "stitch.weight", {T, T}, Init::mostly_own, kEveryTask);
    for (std::size_t t = 0; t < T; ++t) {
      Of& task = tasks_.emplace_back();
      task.v = build.value(m);
      task.mix = Mix(build, units, task.v);
      task.row = stitch + t * T;
      task.mask = build.dropout_streams++;
      build.trace(prefix + build.tasks[t].name + ".mix", task.v);
      out_.v.push_back(task.v);
      if (!build.training()) continue;
      task.drow = build.arena.add_dense(T);
      build.gradients.biases.push_back({{task.drow, 0, 0, T, 1}, task.row});
    }
  }

  const SharedStreams& output() const { return out_; }

  template <class Real>
  void forward(const Pass<Real>& pass) const {
    // 1. p_t = act(v_t P_t^T + q_t)
    for (const Dense& units : private_units_) units.forward(pass);
    for (const Of& task : tasks_) {
      // 2. v_t' = sum over u of C[t, u] p_u
      task.mix.forward(pass, pass.parameters + task.row, 0);
      // 3. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, task.mask, task.v.value);
    }
  }

  /// From the gradients of the out streams to those of the in streams.
  template <class Real>
  void backward(const Pass<Real>& pass) const {
    for (std::size_t t = tasks_.size(); t-- > 0;) {
      const Of& task = tasks_[t];
      // 3. dropout on v_t'
      if (pass.dropout != nullptr) pass.drop(pass.dropout->sharing, task.mask, task.v.gradient);
      // 2. v_t' = sum over u of C[t, u] p_u; of C[t, u] every example has its own gradient
      task.mix.backward(pass, pass.parameters + task.row, 0, pass.at(task.drow), tasks_.size());
    }
    // 1. p_t = act(v_t P_t^T + q_t)
    for (std::size_t t = tasks_.size(); t-- > 0;) private_units_[t].backward(pass);
  }

 private:
  /// What a task has of its own besides its units.
  struct Of {
    Stream v;  ///< v_t'
    Mix mix;
    std::size_t row = 0;  ///< offset of C[t, .]
    Slot drow = 0;        ///< [B, T] its gradient by every example
    std::uint32_t mask = 0;
  };

  std::vector<Dense> private_units_;
  std::vector<Of> tasks_;
  SharedStreams out_;
};

void describe(auto& v, Is<CrossStitch::Config> auto& block) {
  v.value("units", block.units);
}

}  // namespace dcrnn::model
