// oneDNN: inner products and lbr_gru. Weights are brought beforehand into the layout that it asks for.
#include <omp.h>
#include <dnnl.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>

#include "bench/peers/peer.hpp"

namespace dcrnn::bench {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}
dnnl::stream& stream() {
  static dnnl::stream only(engine());
  return only;
}

memory::desc desc(const memory::dims& shape, Tag tag) {
  return {shape, memory::data_type::f32, tag};
}
memory wrap(const memory::dims& shape, Tag tag, const float* data) {
  return {desc(shape, tag), engine(), const_cast<float*>(data)};
}
memory make(const memory::desc& desc) {
  return {desc, engine()};
}
void reorder(memory from, memory to) {
  dnnl::reorder(from, to).execute(stream(), from, to);
  stream().wait();
}
memory in_layout(const memory::desc& wanted, const memory& plain) {
  if (plain.get_desc() == wanted) return plain;
  memory moved = make(wanted);
  reorder(plain, moved);
  return moved;
}
void clear(const memory& values) {
  std::memset(values.get_data_handle(), 0, values.get_desc().get_size());
}

Job execute(dnnl::primitive primitive, Arguments arguments) {
  return {[=] {
            primitive.execute(stream(), arguments);
            stream().wait();
          },
          {}};
}

memory::dim narrow(std::size_t n) {
  return static_cast<memory::dim>(n);
}

Job product(const ProductTask& task) {
  const memory::dim B = narrow(task.B), in = narrow(task.in), out = narrow(task.out);
  const auto x = [&](const float* data) { return wrap({B, in}, Tag::nc, data); };
  const auto y = [&](const float* data) { return wrap({B, out}, Tag::nc, data); };
  const memory w = wrap({out, in}, Tag::oi, task.kind == Product::dw ? task.result : task.w);
  const memory::desc any = desc({out, in}, Tag::any);
  using Forward = dnnl::inner_product_forward;
  const Forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, desc({B, in}, Tag::nc), any, desc({B, out}, Tag::nc)}, engine());
  switch (task.kind) {
    case Product::forward:
      return execute(Forward(forward), {{DNNL_ARG_SRC, x(task.x)},
                                        {DNNL_ARG_WEIGHTS, in_layout(forward.weights_desc(), w)},
                                        {DNNL_ARG_DST, y(task.result)}});
    case Product::dx: {
      using Backward = dnnl::inner_product_backward_data;
      const Backward::primitive_desc backward({desc({B, in}, Tag::nc), any, desc({B, out}, Tag::nc)},
                                              engine(), forward);
      return execute(Backward(backward), {{DNNL_ARG_DIFF_DST, y(task.dy)},
                                          {DNNL_ARG_WEIGHTS, in_layout(backward.weights_desc(), w)},
                                          {DNNL_ARG_DIFF_SRC, x(task.result)}});
    }
    default: {
      using Backward = dnnl::inner_product_backward_weights;
      const Backward::primitive_desc backward({desc({B, in}, Tag::nc), any, desc({B, out}, Tag::nc)},
                                              engine(), forward);
      const memory dw = make(backward.diff_weights_desc());
      Job job =
          execute(Backward(backward),
                  {{DNNL_ARG_SRC, x(task.x)}, {DNNL_ARG_DIFF_DST, y(task.dy)}, {DNNL_ARG_DIFF_WEIGHTS, dw}});
      job.finish = [dw, w] { reorder(dw, w); };
      return job;
    }
  }
}

/// Everything one layer of lbr_gru reads and writes. What a layer of ours gives and oneDNN does not is made
/// without being timed: the copies of x0 for every step, the sum of their gradients, the layout of dW.
class Gru {
 public:
  explicit Gru(const GruTask& task)
      : t_(task),
        B_(narrow(task.B)),
        D_(narrow(task.D)),
        L_(narrow(task.L)),
        forward_(forward_desc(), engine()),
        backward_(backward_desc(), engine(), forward_) {
    const memory x = make(x_desc()), w = make(plain_weights()), u = make(plain_weights()),
                 bias = make(bias_desc());
    for (std::size_t l = 0; l < t_.L; ++l) std::copy_n(t_.x0, t_.B * t_.D, data(x) + l * t_.B * t_.D);
    each_weight([&](std::size_t theirs, std::size_t ours) {
      data(w)[theirs] = t_.w[ours];
      data(u)[theirs] = t_.u[ours];
    });
    for (std::size_t i = 0; i < t_.D; ++i) {
      for (std::size_t gate = 0; gate < 2; ++gate)
        data(bias)[gate * t_.D + i] = t_.bias_ih[(1 - gate) * t_.D + i] + t_.bias_hh[(1 - gate) * t_.D + i];
      data(bias)[2 * t_.D + i] = t_.bias_ih[2 * t_.D + i];
      data(bias)[3 * t_.D + i] = t_.bias_hh[2 * t_.D + i];
    }
    const memory dh_layer = make(x_desc());
    clear(dh_layer);
    const Arguments common = {{DNNL_ARG_SRC_LAYER, x},
                              {DNNL_ARG_SRC_ITER, wrap({1, 1, B_, D_}, Tag::ldnc, t_.x0)},
                              {DNNL_ARG_BIAS, bias},
                              {DNNL_ARG_DST_LAYER, make(x_desc())},
                              {DNNL_ARG_DST_ITER, wrap({1, 1, B_, D_}, Tag::ldnc, t_.h)},
                              {DNNL_ARG_WORKSPACE, make(forward_.workspace_desc())}};
    forward_arguments_ = backward_arguments_ = common;
    forward_arguments_.insert({{DNNL_ARG_WEIGHTS_LAYER, in_layout(forward_.weights_layer_desc(), w)},
                               {DNNL_ARG_WEIGHTS_ITER, in_layout(forward_.weights_iter_desc(), u)}});
    backward_arguments_.insert({{DNNL_ARG_WEIGHTS_LAYER, in_layout(backward_.weights_layer_desc(), w)},
                                {DNNL_ARG_WEIGHTS_ITER, in_layout(backward_.weights_iter_desc(), u)},
                                {DNNL_ARG_DIFF_DST_LAYER, dh_layer},
                                {DNNL_ARG_DIFF_DST_ITER, wrap({1, 1, B_, D_}, Tag::ldnc, t_.dh)},
                                {DNNL_ARG_DIFF_SRC_LAYER, dx_},
                                {DNNL_ARG_DIFF_SRC_ITER, dh0_},
                                {DNNL_ARG_DIFF_WEIGHTS_LAYER, dw_},
                                {DNNL_ARG_DIFF_WEIGHTS_ITER, du_},
                                {DNNL_ARG_DIFF_BIAS, dbias_}});
  }

  /// oneDNN adds to the gradients of the parameters.
  void run() {
    for (const memory& gradient : {dw_, du_, dbias_}) clear(gradient);
    forward_step_.execute(stream(), forward_arguments_);
    backward_step_.execute(stream(), backward_arguments_);
    stream().wait();
  }

  void finish() const {
    const memory w = in_layout(plain_weights(), dw_), u = in_layout(plain_weights(), du_);
    each_weight([&](std::size_t theirs, std::size_t ours) {
      t_.dw[ours] = data(w)[theirs];
      t_.du[ours] = data(u)[theirs];
    });
    for (std::size_t i = 0; i < t_.D; ++i) {
      for (std::size_t gate = 0; gate < 2; ++gate)
        t_.dbias_ih[(1 - gate) * t_.D + i] = t_.dbias_hh[(1 - gate) * t_.D + i] =
            data(dbias_)[gate * t_.D + i];
      t_.dbias_ih[2 * t_.D + i] = data(dbias_)[2 * t_.D + i];
      t_.dbias_hh[2 * t_.D + i] = data(dbias_)[3 * t_.D + i];
    }
    std::copy_n(data(dh0_), t_.B * t_.D, t_.dx0);
    for (std::size_t i = 0; i < t_.L * t_.B * t_.D; ++i) t_.dx0[i % (t_.B * t_.D)] += data(dx_)[i];
  }

 private:
  memory::desc x_desc() const { return desc({L_, B_, D_}, Tag::tnc); }
  memory::desc state_desc() const { return desc({1, 1, B_, D_}, Tag::ldnc); }
  memory::desc weights_desc() const { return desc({1, 1, D_, 3, D_}, Tag::any); }
  memory::desc plain_weights() const { return desc({1, 1, D_, 3, D_}, Tag::ldigo); }
  memory::desc bias_desc() const { return desc({1, 1, 4, D_}, Tag::ldgo); }
  dnnl::lbr_gru_forward::desc forward_desc() const {
    return {dnnl::prop_kind::forward_training,
            dnnl::rnn_direction::unidirectional_left2right,
            x_desc(),
            state_desc(),
            weights_desc(),
            weights_desc(),
            bias_desc(),
            x_desc(),
            state_desc()};
  }
  dnnl::lbr_gru_backward::desc backward_desc() const {
    return {dnnl::prop_kind::backward,
            dnnl::rnn_direction::unidirectional_left2right,
            x_desc(),
            state_desc(),
            weights_desc(),
            weights_desc(),
            bias_desc(),
            x_desc(),
            state_desc(),
            x_desc(),
            state_desc(),
            weights_desc(),
            weights_desc(),
            bias_desc(),
            x_desc(),
            state_desc()};
  }

  /// Ours is [gate, out, in] with r, z, n; theirs [in, gate, out] with z, r, n.
  template <class Use>
  void each_weight(Use&& use) const {
    constexpr std::size_t kOurGate[] = {1, 0, 2};
    const std::size_t D = t_.D;
    for (std::size_t i = 0; i < D; ++i) {
      for (std::size_t gate = 0; gate < 3; ++gate) {
        for (std::size_t o = 0; o < D; ++o) use((i * 3 + gate) * D + o, (kOurGate[gate] * D + o) * D + i);
      }
    }
  }
  static float* data(const memory& values) { return static_cast<float*>(values.get_data_handle()); }

  GruTask t_;
  memory::dim B_, D_, L_;
  dnnl::lbr_gru_forward::primitive_desc forward_;
  dnnl::lbr_gru_backward::primitive_desc backward_;
  dnnl::lbr_gru_forward forward_step_{forward_};
  dnnl::lbr_gru_backward backward_step_{backward_};
  memory dx_ = make(x_desc()), dh0_ = make(state_desc()), dw_ = make(backward_.diff_weights_layer_desc()),
         du_ = make(backward_.diff_weights_iter_desc()), dbias_ = make(bias_desc());
  Arguments forward_arguments_, backward_arguments_;
};

Job gru(const GruTask& task) {
  const auto layer = std::make_shared<Gru>(task);
  return {[layer] { layer->run(); }, [layer] { layer->finish(); }};
}

std::string chose() {
  const dnnl_version_t* version = dnnl_version();
  std::string isa = "?";
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      isa = "SSE4.1";
      break;
    case dnnl::cpu_isa::avx:
      isa = "AVX";
      break;
    case dnnl::cpu_isa::avx2:
      isa = "AVX2";
      break;
    case dnnl::cpu_isa::avx512_mic:
      isa = "AVX512 MIC";
      break;
    default:
      isa = "AVX-512 or newer";
  }
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch) + ", " + isa;
}

}  // namespace

Peer onednn() {
  omp_set_num_threads(1);
  return {"oneDNN", chose(), product, gru};
}

}  // namespace dcrnn::bench
