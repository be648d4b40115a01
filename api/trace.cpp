#include "model/trace.hpp"

#include <limits>

#include "api/compute.hpp"
#include "api/model_impl.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "core/text.hpp"
#include "data/row_reader.hpp"
#include "dcrnn/files.hpp"
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

template <class Real>
void write_trace(const Model::Impl& model, const Real* parameters, Isa isa, int threads, const Batch& batch,
                 const model::TraceOf& of, const std::string& out) {
  const auto tensors = model::trace(model.config.model, model.table, parameters, kernels::table<Real>(isa),
                                    batch, threads, of);
  std::vector<TensorView> views;
  for (const model::NamedTensor<Real>& tensor : tensors) {
    views.push_back(tensor_view(tensor.name, tensor.shape, std::span<const Real>(tensor.values)));
  }
  files::write_tensors(out, {}, views, OutputFile::Target::any);
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
    const model::TraceOf of = {.every_gradient = options.gradients, .interference = options.interference};
    if (options.precision == Precision::f32) {
      write_trace(impl, impl.parameters.data(), isa, compute.threads, batch, of, out);
    } else {
      const auto parameters = impl.parameters.span();
      const std::vector<double> wide(parameters.begin(), parameters.end());
      write_trace(impl, wide.data(), Isa::reference, compute.threads, batch, of, out);
    }
  });
}

}  // namespace dcrnn
