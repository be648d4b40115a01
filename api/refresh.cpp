#include "data/refresh.hpp"

#include <chrono>

#include "api/model_file.hpp"
#include "api/model_impl.hpp"
#include "api/progress.hpp"
#include "api/rows.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"
#include "core/text.hpp"
#include "data/data_files.hpp"
#include "data/row_reader.hpp"
#include "dcrnn/files.hpp"

namespace dcrnn {

namespace {

constexpr std::size_t kBatchRows = 1024;

/// Reads the files of a job into `refresh`.
void add_files(const Model::Impl& model, const RefreshJob& job, data::Refresh& refresh) {
  data::RowReader reader(model.config.model, model.encoders, job.data, {data::RowReader::Labels::required});
  const auto start = std::chrono::steady_clock::now();
  const auto end_file = [&](std::size_t file) {
    refresh.end_source(job.data[file] == "-" ? "standard input" : printable(job.data[file]), job.again);
  };
  Batch batch;
  std::size_t file = 0;
  while (reader.read(kBatchRows, batch) > 0) {
    for (; file < reader.file(); ++file) end_file(file);
    refresh.add(batch);
    if (!api::tell_progress(job.progress, "reading", reader.bytes_done(), reader.bytes_total(), start)) {
      fail(ErrorCode::stopped, "stopped while reading the data", "");
    }
  }
  for (; file < job.data.size(); ++file) end_file(file);
  if (refresh.rows() == 0) data::fail_no_rows(job.data);
}

}  // namespace

Result<RefreshReport> refresh_files(const Model& model, const RefreshJob& job) noexcept {
  return guard([&] {
    const Model::Impl& impl = model.impl();
    JobFiles files;
    files.reads(impl.source);
    for (const std::string& path : job.data) files.reads(path);
    files.writes("the model", job.out);
    files.check();
    data::Refresh refresh(impl.config.model, impl.encoders);
    add_files(impl, job, refresh);
    const RefreshReport report = {refresh.rows(), refresh.new_keys()};
    files.sweep();
    Model::Impl refreshed(impl.config, refresh.take());
    std::copy_n(impl.parameters.data(), impl.parameters.size(), refreshed.parameters.data());
    api::save_model(refreshed, job.out);
    return report;
  });
}

Result<void> Model::refresh(const Rows& rows, bool again) noexcept {
  return guard([&] {
    const ModelConfig& config = impl_->config.model;
    data::Refresh refresh(config, impl_->encoders);
    api::RowsEncoder encoder(config, impl_->encoders);
    refresh.add(encoder.encode(rows, true));
    refresh.end_source("rows", again);
    impl_->encoders = refresh.take();
  });
}

}  // namespace dcrnn
