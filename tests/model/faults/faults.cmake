# Faults planted in copies of the reference kernels, one per copy: gradcheck must find and name each.
#
# plant(<words> <header> <original> <faulty> <tensor> <config>): copies kernels/reference with `original` (which must
# stand there exactly once) replaced by `faulty`, in a namespace of its own. gradcheck of the named config must then
# fail at `tensor`.

set(fault_count 0)
set(fault_root "${CMAKE_CURRENT_BINARY_DIR}/faults")
set(fault_list)
set(fault_sources)
file(GLOB fault_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/kernels/reference/*.hpp")

function(plant words header original faulty tensor config)
  math(EXPR number "${fault_count} + 1")
  set(fault_count ${number} PARENT_SCOPE)
  set(name "fault_${number}")
  set(folder "${fault_root}/${name}/kernels/reference")
  foreach(path IN LISTS fault_headers)
    get_filename_component(file "${path}" NAME)
    file(READ "${path}" text)
    if(file STREQUAL header)
      string(FIND "${text}" "${original}" first)
      string(FIND "${text}" "${original}" last REVERSE)
      if(first EQUAL -1 OR NOT first EQUAL last)
        message(FATAL_ERROR "fault \"${words}\": \"${original}\" must stand in ${header} exactly once")
      endif()
      string(REPLACE "${original}" "${faulty}" text "${text}")
    endif()
    string(REPLACE "namespace dcrnn::kernels::reference" "namespace dcrnn::kernels::${name}" text "${text}")
    file(CONFIGURE OUTPUT "${folder}/${file}" CONTENT "${text}" @ONLY)
  endforeach()
  file(CONFIGURE OUTPUT "${fault_root}/${name}.cpp" @ONLY CONTENT [[
#include "kernels/reference/table.hpp"
namespace dcrnn::test {
kernels::Table<double> @name@() { return kernels::@name@::reference_table<double>(); }
}  // namespace dcrnn::test
]])
  set_source_files_properties("${fault_root}/${name}.cpp" PROPERTIES INCLUDE_DIRECTORIES "${fault_root}/${name}")
  set(fault_sources ${fault_sources} "${fault_root}/${name}.cpp" PARENT_SCOPE)
  set(fault_list "${fault_list}DCRNN_FAULT(${name}, \"${words}\", \"${tensor}\", ${config})\n" PARENT_SCOPE)
endfunction()

# The cross candidate
plant("cross: the term of dx0 dropped" gru.hpp
      [[p.dx0[i] += dh_next * c * u;]] [[p.dx0[i] += 0 * u;]] "x0" kCross)
plant("cross: wrong sign of da_z" gru.hpp
      [[= -dh_next * p.x0[i] * u * (z * c);]] [[= dh_next * p.x0[i] * u * (z * c);]] "cross.bias_ih" kCross)
plant("cross: z left out of da_z" gru.hpp
      [[p.x0[i] * u * (z * c);]] [[p.x0[i] * u * (c + 0 * z);]] "cross.weight_ih" kCross)
plant("cross: carry left out of du" gru.hpp
      [[= dh_next * c * p.x0[i];]] [[= dh_next * p.x0[i];]] "cross.weight_hh" kCross)
plant("cross: r * h for h in dr" gru.hpp
      [[p.dreset[i] * p.h[i];]] [[p.dreset[i] * r * p.h[i];]] "cross.weight_hh" kCross)
plant("cross: r left out of dh" gru.hpp
      [[p.dh_next[i] + p.dreset[i] * r;]] [[p.dh_next[i] + p.dreset[i];]] "x0" kCross)
plant("cross: dh loses what the step hands through" gru.hpp
      [[part(kN), {}, p.dreset]] [[part(kN), {.accumulate = true}, p.dreset]] "cross.bias_hh" kCross)
plant("gates: dgx of z dropped" gru.hpp
      [[for (std::size_t j = 0; j < D; ++j) p.dgx]] [[for (std::size_t j = gate * D; j < D; ++j) p.dgx]] "cross.weight_ih" kCross)
plant("gates: their share of dh overwrites the rest" gru.hpp
      [[p.u_back.part(gate), {.accumulate = true}]] [[p.u_back.part(gate), {}]] "x0" kCross)

# The tanh candidate
plant("tanh: carry left out of dn" gru.hpp
      [[const Real dn = dh_next * c;]] [[const Real dn = dh_next + 0 * c;]] "cross.weight_ih" kTanh)
plant("tanh: dz without -n" gru.hpp
      [[dh_next * (p.h[i] - n);]] [[dh_next * p.h[i];]] "cross.weight_hh" kTanh)
plant("tanh: c for z in dh" gru.hpp
      [[p.dh[i] = dh_next * z;]] [[p.dh[i] = dh_next * c;]] "x0" kTanh)
plant("tanh: 1 - n for 1 - n^2" gru.hpp
      [[dn * (1 - n * n);]] [[dn * (1 - n);]] "cross.bias_ih" kTanh)
plant("tanh: h for h U_n^T + d_n in dr" gru.hpp
      [[const Real dr = da_n * p.reset[i];]] [[const Real dr = da_n * p.h[i];]] "cross.weight_hh" kTanh)
plant("tanh: r left out of dreset" gru.hpp
      [[p.dreset[i] = da_n * r;]] [[p.dreset[i] = da_n + 0 * r;]] "cross.bias_hh" kTanh)
plant("tanh: transfer sees the fault too" gru.hpp
      [[p.dgx[(b * 3 + kN) * ld + j] += da_n;]] [[p.dgx[(b * 3 + kN) * ld + j] = -da_n;]] "transfer.consume.weight_ih" kTanh)

# Sharing, towers
plant("gate: g left out of ds" gate.hpp
      [[p.ds[b * p.ld_s + n] += dout * g;]] [[p.ds[b * p.ld_s + n] += dout;]] "sharing.0.shared.weight" kCross)
plant("gate: 1 - g left out of da" gate.hpp
      [[(g * (1 - g));]] [[g;]] "sharing.0.click.gate.weight" kCross)
plant("relu: closed units let gradients through" activation.hpp
      [[> 0 ? dy : Real{0};]] [[> -1 ? dy : Real{0};]] "tower.click.0.weight" kCross)
plant("linear: the first row left out of a bias" linear.hpp
      "for (std::size_t b = 0; b < p.B; ++b) {\n    for (std::size_t n = 0; n < p.N; ++n) p.out[n]"
      "for (std::size_t b = 1; b < p.B; ++b) {\n    for (std::size_t n = 0; n < p.N; ++n) p.out[n]"
      "head.click.bias" kCross)

# Embedding
plant("embedding: a mean's division dropped" embedding.hpp
      [[+= scale * p.dx[]] [[+= (scale > 0 ? Real{1} : scale) * p.dx[]] "embedding.tags.weight" kCross)
plant("embedding: a repeated id counts once" embedding.hpp
      [[p.grad[p.slots[i] * p.d + j] += ]] [[p.grad[p.slots[i] * p.d + j] = ]] "embedding.user.weight" kCross)

# Loss
plant("loss: no gradient to the parent's logit" loss.hpp
      [[if (y < 0 || on_path != i) continue;]] [[if (y < 0 || t != i || on_path != i) continue;]] "head.click.weight" kCross)
plant("loss: sigma(l) for sigma(-l)" loss.hpp
      [[yes = std::exp(log_not_i);]] [[yes = 1 - std::exp(log_not_i);]] "head.consume.weight" kCross)
plant("loss: the sample weight dropped" loss.hpp
      [[p.scale[t] * weight * dlog;]] [[p.scale[t] * (weight > 0) * dlog;]] "head.consume.bias" kCross)

# Calibrator
plant("calibrator: no gradient to the parent's logit" loss.hpp
      [[if (p.parents[t] == i && is_above(t)) sum -= p.scale[t];]]
      [[if (p.parents[t] == i && is_above(t)) sum -= 0 * p.scale[t];]] "head.click.weight" kCalibrated)
plant("calibrator: the slope of the probability left out" loss.hpp
      [[slope = sigmoid(l) * sigmoid(-l);]] [[slope = sigmoid(l);]] "head.consume.weight" kCalibrated)

file(CONFIGURE OUTPUT "${fault_root}/faults.inc" CONTENT "${fault_list}" @ONLY)
