// One row from the text of its cells to probabilities, and how far the time goes on the way: columns found,
// ids of all fields, x0, probabilities. On a made-up log, or on your own data: $DCRNN_BENCH_CONFIG and
// $DCRNN_BENCH_CSV (plain or compressed).
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/model_impl.hpp"
#include "api/rows.hpp"
#include "bench/made_up_log.hpp"
#include "bench/program.hpp"
#include "bench/scratch.hpp"
#include "bench/subject.hpp"
#include "bench/workload.hpp"
#include "data/csv.hpp"
#include "model/layers/embedding.hpp"
#include "model/network.hpp"

namespace dcrnn::bench {

namespace {

constexpr std::size_t kLogRows = 50'000;  // they make the vocabularies
constexpr std::size_t kTurns = 4096;      // rows of them that are scored

Log log() {
  if (const auto own = own_log()) return *own;
  static const Scratch scratch;
  return write_made_up_log(scratch / "log.csv", kLogRows);
}

/// The cells that a config reads of a log.
class Cells {
 public:
  explicit Cells(const Log& log) : config_(parse_config(log.config_json, "config")) {
    data::CsvReader csv(log.csv, config_.model.csv);
    const std::vector<std::string>& header = csv.header();
    std::vector<std::size_t> at;
    for (const Field& field : config_.model.fields) {
      at.push_back(
          static_cast<std::size_t>(std::find(header.begin(), header.end(), field.column) - header.begin()));
      if (at.back() == header.size()) throw std::runtime_error("no column of " + field.name);
    }
    owned_.resize(at.size());
    while (csv.next()) {
      for (std::size_t f = 0; f < at.size(); ++f) owned_[f].emplace_back(csv.cell(at[f]));
    }
    for (const auto& column : owned_) {
      cells_.emplace_back(column.begin(), column.end());
      columns_.push_back(Column::of_text(config_.model.fields[columns_.size()].name, cells_.back()));
    }
  }

  const Config& config() const { return config_; }
  Rows rows() const { return {cells_[0].size(), columns_, {}, {}}; }
  std::string_view cell(std::size_t row, std::size_t field) const { return cells_[field][row]; }

 private:
  Config config_;
  std::vector<std::vector<std::string>> owned_;
  std::vector<std::vector<std::string_view>> cells_;
  std::vector<Column> columns_;
};

/// Rows as they come in, one by one: the text of one lies together, and that of the next behind it.
class Requests {
 public:
  explicit Requests(const Cells& cells) : cells_(cells.rows().columns.size()) {
    const std::size_t rows = cells.rows().count, turns = std::min(kTurns, rows), step = rows / turns;
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < turns; ++i) {
      for (std::size_t f = 0; f < cells_.size(); ++f) {
        text_ += cells.cell(i * step, f);
        ends.push_back(text_.size());
      }
    }
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
      turns_.push_back(std::string_view(text_).substr(begin, end - begin));
      begin = end;
    }
    for (std::size_t f = 0; f < cells_.size(); ++f) {
      columns_.push_back(
          Column::of_text(cells.config().model.fields[f].name, std::span(cells_).subspan(f, 1)));
    }
  }

  /// Valid until the next call.
  Rows next() {
    std::copy_n(turns_.data() + at_, cells_.size(), cells_.data());
    at_ = (at_ + cells_.size()) % turns_.size();
    return {1, columns_, {}, {}};
  }

 private:
  std::string text_;
  std::vector<std::string_view> turns_;  ///< [turns, columns]
  std::vector<std::string_view> cells_;  ///< of the row at hand
  std::vector<Column> columns_;
  std::size_t at_ = 0;
};

/// A model that knows the words of the log, and the parts of scoring a row of it.
class Path {
 public:
  explicit Path(const Log& log)
      : cells_(log),
        requests_(cells_),
        model_(value_of(Model::create(log.config_json, cells_.rows()))),
        scorer_(value_of(Scorer::create(model_, {1, std::string(name(isa()))}))),
        columns_(cells_.config().model),
        encoder_(model_.impl().config.model, model_.impl().encoders),
        build_(cells_.config().model.tasks, model_.impl().encoders.table_rows(), {}),
        embedding_(build_, cells_.config().model.fields, 0),
        packed_(ops(), build_.packs),
        arena_(build_.arena, 1, "x0"),
        probabilities_(cells_.config().model.tasks.size()) {}

  void score_next() { score(scorer_, requests_.next()); }

  /// Columns, D, and the medians of the microseconds to each stage: of every row in turn to one of them,
  /// behind a row that was scored, so that caches hold what they hold where row after row is scored.
  std::map<std::string, double> stages() {
    const std::pair<const char*, void (Path::*)(const Rows&)> ways[] = {
        {"us to columns", &Path::find_columns},
        {"us to ids", &Path::find_ids},
        {"us to x0", &Path::find_x0},
        {"us to probabilities", &Path::find_scores}};
    using Clock = std::chrono::steady_clock;
    std::map<std::string, double> found = {{"columns", static_cast<double>(columns_.names().size())},
                                           {"D", static_cast<double>(embedding_.output().width)}};
    std::map<std::string, std::vector<double>> micros;
    for (std::size_t i = 0; i < kTurns; ++i) {
      for (const auto& [name, way] : ways) {
        score_next();
        const Rows rows = requests_.next();
        const auto start = Clock::now();
        (this->*way)(rows);
        micros[name].push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
      }
    }
    for (auto& [name, all] : micros) {
      std::nth_element(all.begin(), all.begin() + kTurns / 2, all.end());
      found[name] = all[kTurns / 2];
    }
    return found;
  }

  /// What is wrong with x0 or the probabilities of some rows.
  std::string check() {
    for (const model::Parameter& table : build_.parameters.all()) {
      if (model_.impl().table.at(table.offset).name != table.name)
        return table.name + " lies elsewhere in the model";
    }
    Scorer reference = value_of(Scorer::create(model_, {1, std::string(name(Isa::reference))}));
    for (std::size_t i = 0; i < 20; ++i) {
      const Rows rows = requests_.next();
      score(scorer_, rows);
      const std::vector<float> got = probabilities_;
      score(reference, rows);
      const std::string wrong = difference("probability", got, probabilities_, tolerance(64));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

 private:
  void find_columns(const Rows& rows) {
    const ModelConfig& config = cells_.config().model;
    columns_.find(rows);
    for (std::size_t f = 0; f < config.fields.size(); ++f) (void)columns_.of_field(config, f);
  }
  void find_ids(const Rows& rows) { (void)encoder_.encode(rows, false); }
  void find_x0(const Rows& rows) {
    const Batch& batch = encoder_.encode(rows, false);
    embedding_.forward(
        model::Pass<float>{ops(), model_.impl().parameters.data(), packed_, arena_, batch, 0, 1, 0});
  }
  void find_scores(const Rows& rows) { score(scorer_, rows); }
  void score(Scorer& scorer, const Rows& rows) {
    const auto done = scorer.score(rows, probabilities_);
    if (!done) throw std::runtime_error(done.error().message);
  }

  Cells cells_;
  Requests requests_;
  Model model_;
  Scorer scorer_;
  api::RowColumns columns_;
  api::RowsEncoder encoder_;
  model::Build build_;
  model::Embedding embedding_;
  model::Packed<float> packed_;
  model::Arena<float> arena_;
  std::vector<float> probabilities_;
};

}  // namespace

void add_benchmarks() {
  Work work;
  work.rows = 1;
  add("text/B=1/ours", work, []() -> Subject {
    const auto path = std::make_shared<Path>(log());
    return {[path] { path->score_next(); }, [path] { return path->check(); },
            [path] { return path->stages(); }};
  });
}

}  // namespace dcrnn::bench
