#include <chrono>
#include <memory>

#include "api/callback.hpp"
#include "api/cell_notes.hpp"
#include "api/compute.hpp"
#include "api/members.hpp"
#include "api/model_impl.hpp"
#include "api/progress.hpp"
#include "api/rows.hpp"
#include "api/rows_fit.hpp"
#include "api/training.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "data/rows_in_memory.hpp"
#include "dcrnn/arrays.hpp"
#include "train/findings.hpp"
#include "train/trainable.hpp"

namespace dcrnn {

namespace {

using Clock = std::chrono::steady_clock;

/// One call of fit_rows().
class RowsFitRun {
 public:
  explicit RowsFitRun(const RowsFitJob& job)
      : job_(job), isa_(api::resolve(job.compute)), config_(parse_config(job.config_json, "config")) {
    train::refuse_labels_as_fields(config_, "config");
    train::check_trainable(config_, "config");
    host_.progress = job.progress;
    host_.on_note = job.on_note;
    host_.on_epoch = [this](const EpochSummary& summary) {
      if (job_.on_epoch) api::call_host("on_epoch", job_.on_epoch, summary);
    };
    check_checkpoint();
  }

  RowsFit operator()() {
    api::FittedRows fitted = api::fit_encoders(config_.model, job_.train);
    auto model = std::make_unique<Model::Impl>(config_, std::move(fitted.encoders));
    const std::unique_ptr<data::RowsInMemory> train = encoded(*model, job_.train, std::move(fitted.rates));
    std::unique_ptr<data::RowsInMemory> valid;
    if (job_.valid.count > 0) {
      valid = encoded(*model, job_.valid, {});
    } else {
      const bool in_vain = train::asks_for_early_stopping(config_, job_.config_json, "config");
      note(api::no_validation_note("rows", in_vain));
    }
    api::Training training(*model, *train, valid.get(), isa_, api::threads_of(job_.compute), host_);
    training.survey([&](std::uint64_t rows) {
      return api::tell_progress(job_.progress, "reading", rows, train->rows(), start_);
    });
    training.draw();
    const std::vector<train::FitResult> results = training.run([&](std::size_t i) {
      if (config_.train.base_rate && !resumes(i)) training.start_at_base_rates(i);
      return options(*train, valid.get(), i);
    });
    if (results.back().reason != train::StopReason::stopped) remove_checkpoints();
    return {Model(std::move(model)), api::report_of(results, seconds())};
  }

 private:
  void check_checkpoint() {
    if (job_.checkpoint.empty()) {
      if (job_.resume) {
        fail(ErrorCode::usage, "resume: no checkpoint was named", "name the checkpoint to go on from");
      }
      return;
    }
    for (std::size_t i = 0; i < members(); ++i) {
      const OutputFile target(checkpoint_of(i), OutputFile::Target::regular_only);
    }
    resuming_ = job_.resume && file_exists(job_.checkpoint);
    if (job_.resume && !resuming_) {
      note("no checkpoint at " + printable(job_.checkpoint) + ": starting afresh");
    }
  }

  std::size_t members() const { return config_.model.members; }
  std::string checkpoint_of(std::size_t i) const { return api::member_file(job_.checkpoint, i); }
  bool resumes(std::size_t i) const { return resuming_ && file_exists(checkpoint_of(i)); }

  /// That of the first member, which says that there is a run to resume, as the last.
  void remove_checkpoints() const {
    for (std::size_t i = job_.checkpoint.empty() ? 0 : members(); i-- > 0;) remove_file(checkpoint_of(i));
  }

  /// `rates`: per field, in place of what a row outside training sees of the rate fields; or none.
  std::unique_ptr<data::RowsInMemory> encoded(const Model::Impl& model, const Rows& rows,
                                              std::vector<std::vector<double>> rates) {
    api::RowsEncoder encoder(model.config.model, model.encoders);
    std::vector<CellCounts> counts;
    Batch& batch = encoder.encode(rows, true);
    for (const BatchColumn& column : batch.columns) counts.push_back(column.counts);
    for (std::size_t f = 0; f < rates.size(); ++f) {
      if (model.config.model.fields[f].type == FieldType::rate) batch.columns[f].values = std::move(rates[f]);
    }
    if (&rows == &job_.valid) {
      for (const std::string& line : api::cell_notes(model.config.model, model.encoders, counts)) {
        note(line + " (validation data)");
      }
    }
    return std::make_unique<data::RowsInMemory>(encoder.take());
  }

  train::FitOptions options(const data::RowsInMemory& train, const data::RowsInMemory* valid,
                            std::size_t member) {
    train::FitOptions options;
    options.resume = resuming_;
    if (!job_.checkpoint.empty()) {
      options.checkpoint = checkpoint_of(member);
      options.fingerprint = train.fingerprint();
      // Odd, so that no two validation sets give the same product; 1 tells "none" from any.
      if (valid != nullptr) options.fingerprint ^= valid->fingerprint() * 0x9E3779B97F4A7C15 + 1;
    }
    options.on_resume = [this, member](std::size_t epoch, std::size_t rows) {
      if (member + 1 < members() && resumes(member + 1)) return;  // this one was done
      note(api::of_member(member, members()) + "resumed at epoch " + std::to_string(epoch) + ", row " +
           std::to_string(rows));
    };
    return options;
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  void note(const std::string& text) const {
    if (job_.on_note) api::call_host("on_note", job_.on_note, printable(text));
  }

  const RowsFitJob& job_;
  Isa isa_;
  Config config_;
  api::Training::Host host_;
  bool resuming_ = false;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

Result<RowsFit> fit_rows(const RowsFitJob& job) noexcept {
  return guard([&] { return RowsFitRun(job)(); });
}

}  // namespace dcrnn
