// The products of a linear layer as the engine does them, and as others do. 2 B in out flops each.
#include <cmath>
#include <memory>
#include <string>

#include "bench/peers/peer.hpp"
#include "bench/program.hpp"
#include "bench/shapes.hpp"
#include "bench/subject.hpp"
#include "core/random.hpp"
#include "model/network.hpp"
#include "model/weight_gradients.hpp"

namespace dcrnn::bench {

namespace {

/// A task and the memory it works on.
struct Operands {
  Operands(Product kind, std::size_t B, Layer layer)
      : x(numbers(B * layer.in, 1)),
        dy(numbers(B * layer.out, 2)),
        w(numbers(layer.out * layer.in, 3)),
        task{kind, B, layer.in, layer.out, x.data(), dy.data(), w.data(), nullptr},
        result(task.result_size()) {
    task.result = result.data();
  }
  Buffer<float> x, dy, w;
  ProductTask task;
  Buffer<float> result;
};

/// forward and dx over blocks of rows as they pass through the network, with weights packed beforehand.
Job ours_by_rows(const ProductTask& task) {
  const bool forward = task.kind == Product::forward;
  const std::size_t K = task.reduction(), N = forward ? task.out : task.in;
  model::PackPlan plan;
  forward ? plan.add_forward(0, task.out, task.in) : plan.add_backward(0, task.out, task.in);
  const auto packed = std::make_shared<model::Packed<float>>(ops(), plan);
  packed->refresh(task.w, 1);
  const float* a = forward ? task.x : task.dy;
  return {[=, result = task.result, B = task.B] {
            for (std::size_t row = 0; row < B; row += model::kBlockRows) {
              ops().matmul({std::min(model::kBlockRows, B - row),
                            a + row * K,
                            K,
                            1,
                            (*packed)[0],
                            {},
                            result + row * N,
                            N});
            }
          },
          {}};
}

/// dW = dy^T x as the engine does it once a batch has passed, x packed as part of the work; but of dense
/// rows, as the peers have them.
class WeightGradient {
 public:
  explicit WeightGradient(const ProductTask& task) : result_(task.result) {
    model::ArenaPlan arena;
    model::GradientPlan plan;
    const model::Slot x = arena.add_dense(task.in), dy = arena.add_dense(task.out);
    plan.products.push_back({{dy, 0, 0, task.out, 1}, x, 0, 0});
    arena_ = model::Arena<float>(arena, task.B, "arena");
    for (std::size_t b = 0; b < task.B; ++b) {
      std::copy_n(task.x + b * task.in, task.in, arena_.at(x, b));
      std::copy_n(task.dy + b * task.out, task.out, arena_.at(dy, b));
    }
    gradients_ = model::WeightGradients<float>(ops(), plan);
  }
  void run() { gradients_.run(arena_, result_, 0, 1, false); }

 private:
  float* result_;
  model::Arena<float> arena_;
  model::WeightGradients<float> gradients_;
};

Job ours(const ProductTask& task) {
  if (task.kind != Product::dw) return ours_by_rows(task);
  const auto gradient = std::make_shared<WeightGradient>(task);
  return {[gradient] { gradient->run(); }, {}};
}

/// One element in double.
double exact(const ProductTask& t, std::size_t index) {
  const std::size_t columns = t.kind == Product::forward ? t.out : t.in;
  const std::size_t m = index / columns, n = index % columns;
  double sum = 0;
  for (std::size_t k = 0; k < t.reduction(); ++k) {
    const float a = t.kind == Product::forward ? t.x[m * t.in + k]
                    : t.kind == Product::dx    ? t.dy[m * t.out + k]
                                               : t.dy[k * t.out + m];
    const float r = t.kind == Product::forward ? t.w[n * t.in + k]
                    : t.kind == Product::dx    ? t.w[k * t.in + n]
                                               : t.x[k * t.in + n];
    sum += static_cast<double>(a) * static_cast<double>(r);
  }
  return sum;
}

/// A thousand elements, spread over the result, against sums in double.
std::string check(const ProductTask& task) {
  constexpr std::size_t kSamples = 1024;
  const std::size_t size = task.result_size();
  Buffer<float> got(kSamples), want(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const std::size_t index = i + 1 < kSamples ? philox(7, RandomUse::check, 1, i)[0] % size : size - 1;
    got[i] = task.result[index];
    want[i] = static_cast<float>(exact(task, index));
  }
  return difference("sample", got.span(), want.span(), tolerance(task.reduction()));
}

void add_product(const std::string& name, Product kind, std::size_t B, Layer layer, const std::string& who,
                 const std::function<Job(const ProductTask&)>& how) {
  Work work;
  work.flops = 2.0 * static_cast<double>(B * layer.in * layer.out);
  work.rows = static_cast<double>(B);
  add(name + "/" + who, work, [=]() -> Subject {
    const auto operands = std::make_shared<Operands>(kind, B, layer);
    const Job job = how(operands->task);
    if (!job.run) throw std::runtime_error("cannot do this product");
    return {job.run, [operands, job] {
              if (job.finish) job.finish();
              return check(operands->task);
            }};
  });
}

}  // namespace

void add_benchmarks() {
  tell_choices();
  const std::pair<Product, const char*> kinds[] = {
      {Product::forward, "forward"}, {Product::dx, "dx"}, {Product::dw, "dw"}};
  for (const Layer& layer : kProducts) {
    for (const std::size_t B : kBatches) {
      for (const auto& [kind, kind_name] : kinds) {
        const std::string name = "product/" + std::string(kind_name) + "/in=" + std::to_string(layer.in) +
                                 "/out=" + std::to_string(layer.out) + "/B=" + std::to_string(B);
        add_product(name, kind, B, layer, "ours", ours);
        for (const Peer& peer : peers()) {
          if (peer.product) add_product(name, kind, B, layer, peer.name, peer.product);
        }
      }
    }
  }
}

}  // namespace dcrnn::bench
