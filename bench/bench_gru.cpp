// The cross layers, forward and backward with all gradients, tied weights, L = 3. By model section 2:
// 3 B D^2 (4 + 6 L) flops for the candidate `cross`, 3 B D^2 (6 + 6 L) for `tanh`.
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/peers/peer.hpp"
#include "bench/program.hpp"
#include "bench/shapes.hpp"
#include "bench/subject.hpp"
#include "model/build.hpp"
#include "model/layers/gru_cross.hpp"
#include "model/network.hpp"
#include "model/weight_gradients.hpp"

namespace dcrnn::bench {

namespace {

std::size_t input_gates(model::Candidate candidate) {
  return candidate == model::Candidate::cross ? 2 : 3;
}

ModelConfig config(model::Candidate candidate, std::size_t D) {
  ModelConfig config;
  Field x0;
  x0.name = "x0";
  x0.encoding = Encoding::id;
  x0.size = 1;
  x0.dim = D;
  config.fields = {x0};
  config.tasks = {Task{"task", "task"}};
  config.cross = model::GruCross::Config{candidate, kLayers, true};
  config.sharing = {};
  config.tower = {};
  return config;
}

/// Inputs, parameters and results of the layers, as peers see them.
struct Operands {
  Operands(model::Candidate candidate, std::size_t B, std::size_t D)
      : x0(numbers(B * D, 1)),
        w(numbers(input_gates(candidate) * D * D, 2, scale(D))),
        u(numbers(3 * D * D, 3, scale(D))),
        bias_ih(numbers(input_gates(candidate) * D, 4, scale(D))),
        bias_hh(numbers(3 * D, 5, scale(D))),
        dh(numbers(B * D, 6)),
        h(B * D),
        dx0(B * D),
        dw(w.size()),
        du(u.size()),
        dbias_ih(bias_ih.size()),
        dbias_hh(bias_hh.size()),
        task{B,
             D,
             kLayers,
             x0.data(),
             w.data(),
             u.data(),
             bias_ih.data(),
             bias_hh.data(),
             dh.data(),
             h.data(),
             dx0.data(),
             dw.data(),
             du.data(),
             dbias_ih.data(),
             dbias_hh.data()} {}

  static float scale(std::size_t D) { return 1 / std::sqrt(static_cast<float>(D)); }

  /// By name.
  std::vector<std::pair<const char*, const Buffer<float>*>> results() const {
    return {{"h", &h},   {"dx0", &dx0},           {"dw", &dw},
            {"du", &du}, {"dbias_ih", &dbias_ih}, {"dbias_hh", &dbias_hh}};
  }

  Buffer<float> x0, w, u, bias_ih, bias_hh, dh, h, dx0, dw, du, dbias_ih, dbias_hh;
  GruTask task;
};

/// The layers as they stand in the network.
template <class Real>
class Layers {
 public:
  Layers(const kernels::Table<Real>& ops, model::Candidate candidate, const GruTask& task)
      : ops_(ops),
        t_(task),
        gates_of_(candidate),
        build_(config(candidate, task.D).tasks, {1}, {.training = true}),
        x0_(build_.value(task.D)),
        cross_(build_, std::get<model::GruCross::Config>(config(candidate, task.D).cross), x0_) {
    parameters_ = Buffer<Real>(build_.parameters.total());
    gradients_ = Buffer<Real>(build_.parameters.total());
    arena_ = model::Arena<Real>(build_.arena, std::min(task.B, model::kGroupRows), "arena");
    weight_gradients_ = model::WeightGradients<Real>(ops, build_.gradients);
    each_parameter([&](std::size_t offset, std::size_t size, const float* value, float*) {
      std::copy_n(value, size, parameters_.data() + offset);
    });
    packed_ = model::Packed<Real>(ops, build_.packs);
    packed_.refresh(parameters_.data(), 1);
  }

  /// As GradientEngine does it; x0 comes from the embedding and dh from the layers above, here by copying,
  /// and so do the results.
  void run() {
    const model::Stream &in = x0_, &out = cross_.output();
    for (std::size_t first = 0; first < t_.B; first += model::kGroupRows) {
      const std::size_t rows = std::min(model::kGroupRows, t_.B - first);
      arena_.set_rows(rows);
      for (std::size_t row = 0; row < rows; row += model::kBlockRows) {
        const std::size_t count = std::min(model::kBlockRows, rows - row), begin = first + row;
        const model::Pass<Real> pass{ops_, parameters_.data(), packed_, arena_, batch_, row, count, begin};
        put(t_.x0, begin, count, pass.value(in));
        cross_.forward(pass);
        take(pass.value(out), begin, count, t_.h);
        put(t_.dh, begin, count, pass.gradient(out));
        pass.clear(in.gradient);
        cross_.backward(pass);
        take(pass.gradient(in), begin, count, t_.dx0);
      }
      weight_gradients_.run(arena_, gradients_.data(), 0, 1, first > 0);
    }
  }

  void finish() const {
    each_parameter([&](std::size_t offset, std::size_t size, const float*, float* gradient) {
      std::copy_n(gradients_.data() + offset, size, gradient);
    });
  }

 private:
  template <class Use>
  void each_parameter(Use&& use) const {
    const std::size_t D = t_.D, gates = input_gates(gates_of_);
    const auto offset = [&](const char* name) { return build_.parameters.find(name)->offset; };
    use(offset("cross.weight_ih"), gates * D * D, t_.w, t_.dw);
    use(offset("cross.weight_hh"), 3 * D * D, t_.u, t_.du);
    use(offset("cross.bias_ih"), gates * D, t_.bias_ih, t_.dbias_ih);
    use(offset("cross.bias_hh"), 3 * D, t_.bias_hh, t_.dbias_hh);
  }

  /// Copies `count` rows from row `begin` of a dense matrix [B, D] to rows of the arena.
  void put(const float* from, std::size_t begin, std::size_t count, Real* to) const {
    for (std::size_t b = 0; b < count; ++b) {
      std::copy_n(from + (begin + b) * t_.D, t_.D, to + b * model::row_distance(t_.D));
    }
  }
  /// The other way.
  void take(const Real* from, std::size_t begin, std::size_t count, float* to) const {
    for (std::size_t b = 0; b < count; ++b) {
      std::copy_n(from + b * model::row_distance(t_.D), t_.D, to + (begin + b) * t_.D);
    }
  }

  const kernels::Table<Real>& ops_;
  GruTask t_;
  model::Candidate gates_of_;
  Batch batch_;
  model::Build build_;
  model::Stream x0_;
  model::GruCross cross_;
  Buffer<Real> parameters_, gradients_;
  model::Packed<Real> packed_;
  model::Arena<Real> arena_;
  model::WeightGradients<Real> weight_gradients_;
};

template <class Real>
Job layers(const kernels::Table<Real>& table, model::Candidate candidate, const GruTask& task) {
  const auto made = std::make_shared<Layers<Real>>(table, candidate, task);
  return {[made] { made->run(); }, [made] { made->finish(); }};
}

std::string compare(const Operands& got, const Operands& want) {
  const auto wanted = want.results();
  for (std::size_t i = 0; const auto& [name, values] : got.results()) {
    const double allowed = tolerance(kLayers * (got.task.B + 3 * got.task.D));
    const std::string problem = difference(name, values->span(), wanted[i++].second->span(), allowed);
    if (!problem.empty()) return problem;
  }
  return "";
}

/// The way `how` does it, against the reference kernels in double on a few rows.
std::string check_small(model::Candidate candidate, std::size_t D,
                        const std::function<Job(const GruTask&)>& how) {
  constexpr std::size_t kRows = 9;
  const Operands got(candidate, kRows, D), want(candidate, kRows, D);
  for (const auto& [operands, job] :
       {std::pair{&got, how(got.task)},
        std::pair{&want, layers(kernels::table<double>(Isa::reference), candidate, want.task)}}) {
    job.run();
    job.finish();
  }
  return compare(got, want);
}

void add_layers(const std::string& name, model::Candidate candidate, std::size_t B, std::size_t D,
                const std::function<Job(const GruTask&)>& how) {
  Work work;
  const std::size_t products = input_gates(candidate) * 2 + 6 * kLayers;
  work.flops = 3.0 * static_cast<double>(B * D * D * products);
  work.rows = static_cast<double>(B);
  add(name, work, [=]() -> Subject {
    const auto operands = std::make_shared<Operands>(candidate, B, D);
    const Job job = how(operands->task);
    return {job.run, [=] {
              std::string problem = check_small(candidate, D, how);
              if (!problem.empty() || candidate == model::Candidate::cross) return problem;
              // All rows, against ours.
              job.finish();
              const Operands want(candidate, B, D);
              const Job other = layers(ops(), candidate, want.task);
              other.run();
              other.finish();
              return compare(*operands, want);
            }};
  });
}

}  // namespace

void add_benchmarks() {
  tell_choices();
  for (const std::size_t D : kWidths) {
    for (const std::size_t B : kBatches) {
      const std::string shape = "/D=" + std::to_string(D) + "/B=" + std::to_string(B) + "/";
      for (const auto& [candidate, candidate_name] :
           {std::pair{model::Candidate::tanh, "tanh"}, std::pair{model::Candidate::cross, "cross"}}) {
        add_layers("gru/" + std::string(candidate_name) + shape + "ours", candidate, B, D,
                   [candidate = candidate](const GruTask& task) { return layers(ops(), candidate, task); });
      }
      for (const Peer& peer : peers()) {
        if (peer.gru) add_layers("gru/tanh" + shape + peer.name, model::Candidate::tanh, B, D, peer.gru);
      }
    }
  }
}

}  // namespace dcrnn::bench
