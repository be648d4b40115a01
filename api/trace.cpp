#include "model/member_trace.hpp"

#include <limits>

#include "api/compute.hpp"
#include "api/model_impl.hpp"
#include "api/rows.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "core/text.hpp"
#include "data/row_reader.hpp"
#include "dcrnn/arrays.hpp"
#include "files/safetensors.hpp"

namespace dcrnn {

namespace {

/// All rows of the file as one batch.
Batch read_all(const Model::Impl& model, const std::string& path) {
  data::RowReader reader(model.config.model, model.encoders, {path},
                         {.labels = data::RowReader::Labels::optional, .soft = true});
  Batch batch;
  if (reader.read(std::numeric_limits<std::size_t>::max(), batch) == 0) {
    fail(ErrorCode::data, (path == "-" ? "standard input" : printable(path)) + ": a header but no rows",
         "give a file with rows");
  }
  return batch;
}

/// Hands the tensors of a trace to write(views).
template <class Real, class Write>
void trace_in(const Model::Impl& model, const Real* parameters, Isa isa, int threads, const Batch& batch,
              const model::TraceOf& of, Write&& write) {
  const auto tensors = model::trace_members(model.config.model, model.table, parameters,
                                            kernels::table<Real>(isa), batch, threads, of);
  std::vector<TensorView> views;
  for (const model::NamedTensor<Real>& tensor : tensors) {
    views.push_back(tensor_view(tensor.name, tensor.shape, std::span<const Real>(tensor.values)));
  }
  write(views);
}

template <class Write>
void trace_batch(const Model::Impl& model, const Batch& batch, const TraceOptions& options, Isa isa,
                 int threads, Write&& write) {
  const model::TraceOf of = {.every_gradient = options.gradients, .interference = options.interference};
  const auto parameters = model.parameters.span();
  if (options.precision == Precision::f32) {
    trace_in(model, parameters.data(), isa, threads, batch, of, write);
  } else {
    const std::vector<double> wide(parameters.begin(), parameters.end());
    trace_in(model, wide.data(), Isa::reference, threads, batch, of, write);
  }
}

}  // namespace

Result<void> trace_file(const Model& model, const std::string& data, const std::string& out,
                        Precision precision, const ComputeOptions& compute) noexcept {
  return trace_file(model, data, out, TraceOptions{.precision = precision}, compute);
}

Result<void> trace_file(const Model& model, const std::string& data, const std::string& out,
                        const TraceOptions& options, const ComputeOptions& compute) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    JobFiles files;
    files.reads(impl.source);
    files.reads(data);
    files.writes("the trace", out);
    files.check();
    files.sweep();
    const Isa isa = api::resolve(compute);
    const Batch batch = read_all(impl, data);
    trace_batch(impl, batch, options, isa, api::threads_of(compute),
                [&](const std::vector<TensorView>& tensors) {
                  files::write_tensors(out, {}, tensors, OutputFile::Target::any);
                });
  });
}

Result<std::vector<std::byte>> trace_rows(const Model& model, const Rows& rows, const TraceOptions& options,
                                          const ComputeOptions& compute) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    const Isa isa = api::resolve(compute);
    if (rows.count == 0) fail(ErrorCode::data, "rows: there is no row to trace", "give at least one row");
    api::RowsEncoder encoder(impl.config.model, impl.encoders);
    const Batch& batch = encoder.encode(rows, !rows.labels.empty());
    std::vector<std::byte> bytes;
    trace_batch(impl, batch, options, isa, api::threads_of(compute),
                [&](const std::vector<TensorView>& tensors) {
                  bytes = files::tensor_bytes("the trace", {}, tensors);
                });
    return bytes;
  });
}

}  // namespace dcrnn
