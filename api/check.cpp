#include "dcrnn/check.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "api/cell_notes.hpp"
#include "api/compute.hpp"
#include "api/field_findings.hpp"
#include "api/model_impl.hpp"
#include "api/progress.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "data/data_files.hpp"
#include "data/row_reader.hpp"
#include "data/training_scan.hpp"
#include "train/findings.hpp"
#include "train/forecast.hpp"
#include "train/lone_fields.hpp"
#include "train/row_sample.hpp"
#include "train/trainable.hpp"

namespace dcrnn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatchRows = 1024;
constexpr std::size_t kMostDistinct = 100000;  // counted, of the numbers of a field

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::optional<double> share_if_any(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? std::nullopt : std::optional(share(part, whole));
}

/// How many different numbers, or buckets, a field has, up to kMostDistinct.
class Distinct {
 public:
  void add(const BatchColumn& column) {
    for (const double x : column.values) add(x);
    for (const std::uint32_t id : column.ids) add(id);
  }
  std::size_t count() const { return std::min(seen_.size(), kMostDistinct); }
  bool more() const { return seen_.size() > kMostDistinct; }

 private:
  void add(double x) {
    if (!more()) seen_.insert(x);
  }
  std::unordered_set<double> seen_;
};

/// One call of check().
class CheckRun {
 public:
  explicit CheckRun(const CheckJob& job)
      : job_(job), isa_(api::resolve(job.compute)), config_(parse_config(job.config_json, job.config_name)) {
    train::refuse_labels_as_fields(config_, job.config_name);
    train::check_trainable(config_, job.config_name);
    data::require_paths(job.train);
  }

  CheckReport operator()() {
    read_training();
    read_validation();
    report_.reading_seconds = seconds_since(start_);
    look_for_leaks();
    foresee();
    report_.seconds = seconds_since(start_);
    return std::move(report_);
  }

 private:
  bool go_on(std::uint64_t done, std::uint64_t total) {
    progress_total_ = total;
    return api::tell_progress(job_.progress, "reading", done, total, start_);
  }

  /// After the files are read there is only to ask.
  bool go_on() { return go_on(progress_total_, progress_total_); }

  void require_go_on(std::uint64_t done, std::uint64_t total) {
    if (!go_on(done, total)) fail(ErrorCode::stopped, "stopped while checking the data", "");
  }

  void add(const train::Finding& finding) {
    (finding.grave ? report_.warnings : report_.notes).push_back(printable(finding.line()));
  }

  void read_training() {
    const data::Progress progress = [this](std::uint64_t done, std::uint64_t total) {
      return go_on(done, total);
    };
    data::TrainingScan scan(config_.model, job_.train, job_.scratch, progress);
    report_.rows = scan.rows();
    const std::vector<std::size_t> table_rows = scan.encoders().table_rows();
    train::Survey survey(config_.model, table_rows);
    sample_.emplace(config_.model, scan.rows());
    std::vector<Distinct> distinct(config_.model.fields.size());
    scan.for_each_batch([&](const Batch& batch) {
      survey.add(batch);
      sample_->add(batch);
      for (std::size_t f = 0; f < distinct.size(); ++f) {
        if (config_.model.fields[f].type == FieldType::number) distinct[f].add(batch.columns[f]);
      }
    });
    report_fields(scan.profiles(), distinct);
    report_tasks(survey);
    for (const train::Finding& finding : train::findings(config_.model, survey)) add(finding);
    for (const train::Finding& finding : api::field_findings(config_.model, scan.profiles())) add(finding);
    encoders_.emplace(scan.take_encoders());
  }

  void report_fields(const std::vector<data::FieldProfile>& profiles, const std::vector<Distinct>& distinct) {
    for (std::size_t f = 0; f < profiles.size(); ++f) {
      const Field& field = config_.model.fields[f];
      const data::FieldProfile& profile = profiles[f];
      FieldCheck& found = report_.fields.emplace_back();
      found.field = field.name;
      found.cells = profile.counts.cells;
      found.missing = share(profile.counts.empty, profile.counts.cells);
      const bool number = field.type == FieldType::number;
      found.distinct = number ? distinct[f].count() : profile.distinct;
      found.more_distinct = number && distinct[f].more();
      if (field.has_vocabulary()) {
        found.rare = share_if_any(profile.rare, profile.counts.values);
      }
    }
  }

  void report_tasks(const train::Survey& survey) {
    for (std::size_t t = 0; t < survey.tasks().size(); ++t) {
      const train::Survey::TaskCounts& counts = survey.tasks()[t];
      TaskCheck& found = report_.tasks.emplace_back();
      found.task = config_.model.tasks[t].name;
      found.labelled = counts.labelled;
      found.positives = counts.positives;
      found.rate = share_if_any(counts.positives, counts.teaching);
    }
  }

  void read_validation() {
    if (job_.valid.empty()) {
      if (train::asks_for_early_stopping(config_, job_.config_json, job_.config_name)) {
        add({true, "train.early_stopping.patience has no effect without a validation file"});
      }
      return;
    }
    const std::uint64_t bytes = data::size_of_all(job_.valid);
    // Without labels the cells still tell whether the data is of the same kind.
    data::RowReader reader(config_.model, *encoders_, job_.valid, {data::RowReader::Labels::optional});
    train::Survey survey(config_.model, {});
    std::vector<CellCounts> counts(config_.model.fields.size());
    bool labels = true;
    Batch batch;
    while (reader.read(kBatchRows, batch) > 0) {
      report_.valid_rows += batch.rows;
      labels = labels && batch.labels[0].size() == batch.rows;
      if (labels) survey.add(batch);
      for (std::size_t f = 0; f < counts.size(); ++f) counts[f] += batch.columns[f].counts;
      require_go_on(reader.bytes_done(), bytes);
    }
    if (report_.valid_rows == 0) data::fail_no_rows(job_.valid);
    if (labels) {
      report_validation(survey);
    } else {
      add({true, "the validation data lacks the column of a label: training would refuse it"});
    }
    for (std::size_t f = 0; f < counts.size(); ++f) {
      report_.fields[f].valid_missing = share_if_any(counts[f].empty, counts[f].cells);
      report_.fields[f].valid_unknown = share_if_any(counts[f].unknown, counts[f].values);
    }
    for (const std::string& line : api::cell_notes(config_.model, *encoders_, counts)) {
      auto& lines = line.starts_with("warning: ") ? report_.warnings : report_.notes;
      lines.push_back(printable(line + " (validation data)"));
    }
  }

  void report_validation(const train::Survey& survey) {
    for (std::size_t t = 0; t < survey.tasks().size(); ++t) {
      const train::Survey::TaskCounts& found = survey.tasks()[t];
      report_.tasks[t].valid_labelled = found.labelled;
      report_.tasks[t].valid_positives = found.positives;
      report_.tasks[t].valid_rate = share_if_any(found.positives, found.teaching);
    }
    for (const train::Finding& finding : train::validation_findings(config_.model, survey)) add(finding);
  }

  void look_for_leaks() {
    require_go_on(progress_total_, progress_total_);
    const auto aucs = train::lone_field_aucs(config_.model, sample_->all(), api::threads_of(job_.compute));
    for (std::size_t f = 0; f < aucs.size(); ++f) report_.fields[f].lone_auc = aucs[f];
    for (const train::Finding& finding : api::leak_findings(config_.model, aucs)) add(finding);
  }

  void foresee() {
    Model::Impl model(config_, std::move(*encoders_));
    report_.parameter_count = model.members() * model.table.values();
    model::initialize(model.table, config_.train.seed, config_.train.init_scale, model.member(0));
    const auto forecast = train::forecast(config_, model.table, model.member(0), *sample_, report_.rows,
                                          kernels::table<float>(isa_), api::threads_of(job_.compute),
                                          [this] { return go_on(); });
    if (!forecast) fail(ErrorCode::stopped, "stopped while checking the data", "");
    report_.epochs = config_.train.epochs;
    report_.memory_bytes = forecast->memory_bytes + memory_beside(model);
    if (forecast->diverged) {
      add({true,
           "the first steps of training diverge: lower train.optimizer.rate, or look for numbers far "
           "from unit scale"});
      return;
    }
    // The members are trained one after another.
    report_.seconds_per_epoch = static_cast<double>(model.members()) *
                                (static_cast<double>(report_.rows) / forecast->training_rows_per_second +
                                 static_cast<double>(report_.valid_rows) / forecast->scoring_rows_per_second);
  }

  /// The other members, the best epoch, what is known of the tables' rows, the words, the caches, the scores
  /// to rank.
  std::uint64_t memory_beside(const Model::Impl& model) const {
    constexpr std::uint64_t kProgram = std::uint64_t{12} << 20, kLargestCache = std::uint64_t{64} << 20;
    std::uint64_t bytes = kProgram + (model.members() - 1) * model.table.total() * sizeof(float);
    if (report_.valid_rows > 0) bytes += model.table.total() * sizeof(float);
    for (const std::size_t rows : model.encoders.table_rows()) bytes += rows * sizeof(std::uint64_t);
    for (const TensorView& tensor : model.encoders.tensors()) bytes += 3 * tensor.data.size();
    const std::uint64_t row = config_.model.fields.size() * sizeof(double);
    bytes += std::min(kLargestCache, report_.rows * row) + std::min(kLargestCache, report_.valid_rows * row);
    return bytes + report_.valid_rows * config_.model.tasks.size() * 12;
  }

  const CheckJob& job_;
  Isa isa_;
  Config config_;
  Clock::time_point start_ = Clock::now();
  std::uint64_t progress_total_ = 0;
  CheckReport report_;
  std::optional<train::RowSample> sample_;
  std::optional<data::Encoders> encoders_;
};

}  // namespace

Result<CheckReport> check(const CheckJob& job) noexcept {
  return guard([&] { return CheckRun(job)(); });
}

}  // namespace dcrnn
