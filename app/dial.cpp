#include "app/dial.hpp"

#include <array>
#include <filesystem>

#include "app/comparison_watch.hpp"
#include "app/failure.hpp"
#include "app/json.hpp"
#include "app/options.hpp"
#include "app/signals.hpp"
#include "app/terminal.hpp"
#include "app/text.hpp"
#include "app/text_file.hpp"
#include "compare/directory.hpp"
#include "compare/judge.hpp"
#include "compare/statistics.hpp"
#include "compare/text_file.hpp"
#include "dcrnn/dcrnn.hpp"
#include "report/chart.hpp"

namespace dcrnn::app {
namespace {

constexpr std::array<double, 5> kCorrelations = {0, 0.25, 0.5, 0.75, 1};
const char* const kRows[] = {"independent", "hard", "mmoe", "ple", "partial"};

struct DialFigure {
  const char* name;
  const char* title;
  std::size_t task;
  std::vector<double> compare::TaskFigures::*values;
};
const DialFigure kFigures[] = {
    {"gap_click", "click: gap of AUC to the truth", 0, &compare::TaskFigures::gap},
    {"gap_consume", "consume: gap of AUC to the truth", 1, &compare::TaskFigures::gap},
    {"counterfactual_gap", "consume given click, without a click: gap of AUC", 1,
     &compare::TaskFigures::counterfactual_gap},
    {"counterfactual_bias", "consume given click, without a click: bias of p", 1,
     &compare::TaskFigures::counterfactual_bias}};

/// The figures of a row at one correlation, a number per seed.
using Cell = std::array<std::vector<double>, std::size(kFigures)>;

struct Dial {
  std::vector<std::string> rows;
  std::vector<std::vector<Cell>> cells;  ///< [correlations][rows]
};

/// The comparison on one log.
compare::Comparison compare_on_log(const compare::Job& all, const std::vector<std::string>& set,
                                   const DialOptions& dial, double correlation, std::size_t seed) {
  const std::string log = all.out + "/" + fixed(correlation, 2) + "." + std::to_string(seed);
  SynthJob synthesis;
  synthesis.directory = log;
  synthesis.rows = dial.rows;
  synthesis.correlation = correlation;
  synthesis.selection = dial.selection;
  synthesis.seed = seed;
  synthesis.progress = [](const JobProgress&) { return !stop_requested(); };
  compare::Job job = all;
  job.config_name = log + "/config.json";
  if (!std::filesystem::exists(job.config_name)) take(synth(synthesis));
  job.config = read_config_text(job.config_name, set);
  job.train = {log + "/train.csv"};
  job.valid = {log + "/valid.csv"};
  job.test = {log + "/test.csv"};
  job.out = log + "/models";
  job.seeds = 1;
  std::filesystem::create_directories(job.out);
  const ComparisonWatch watch(job);
  return take(compare::judge(job));
}

std::string as_csv(const Dial& dial) {
  std::string text = "correlation,row,figure,mean,deviation,seeds\n";
  for (std::size_t c = 0; c < kCorrelations.size(); ++c) {
    for (std::size_t r = 0; r < dial.rows.size(); ++r) {
      for (std::size_t f = 0; f < std::size(kFigures); ++f) {
        const std::vector<double>& values = dial.cells[c][r][f];
        if (values.empty()) continue;
        const auto [mean, deviation] = compare::spread(values);
        text += number_text(kCorrelations[c]) + "," + dial.rows[r] + "," + kFigures[f].name + "," +
                number_text(mean) + "," + number_text(deviation) + "," + std::to_string(values.size()) + "\n";
      }
    }
  }
  return text;
}

std::string as_svg(const Dial& dial) {
  std::vector<report::LineChart> charts;
  for (std::size_t f = 0; f < std::size(kFigures); ++f) {
    report::LineChart& chart = charts.emplace_back();
    chart.title = kFigures[f].title;
    chart.x.title = "correlation of the tasks";
    chart.x.least = -0.05;
    chart.x.most = 1.05;
    for (std::size_t r = 0; r < dial.rows.size(); ++r) {
      report::Series& series = chart.series.emplace_back();
      series.name = dial.rows[r];
      for (std::size_t c = 0; c < kCorrelations.size(); ++c) {
        if (dial.cells[c][r][f].empty()) continue;
        const auto [mean, deviation] = compare::spread(dial.cells[c][r][f]);
        // Side by side, so that the bars can be told apart.
        const double aside = 0.012 * (static_cast<double>(r) - static_cast<double>(dial.rows.size() - 1) / 2);
        series.points.push_back({kCorrelations[c] + aside, mean, deviation});
      }
    }
  }
  return report::svg_file(charts);
}

std::string as_table(const Dial& dial) {
  std::string text;
  for (std::size_t f = 0; f < std::size(kFigures); ++f) {
    std::vector<std::vector<std::string>> rows = {{"correlation"}};
    for (const double correlation : kCorrelations) rows[0].push_back(fixed(correlation, 2));
    for (std::size_t r = 0; r < dial.rows.size(); ++r) {
      rows.push_back({dial.rows[r]});
      for (const std::vector<Cell>& cells : dial.cells) {
        if (cells[r][f].empty()) {
          rows.back().push_back("-");
          continue;
        }
        const auto [mean, deviation] = compare::spread(cells[r][f]);
        rows.back().push_back(fixed(mean, 4) + " +- " + fixed(deviation, 4));
      }
    }
    text += std::string(kFigures[f].title) + "\n" + table(rows) + "\n";
  }
  return text;
}

/// What all logs of the dial stand on, as JSON.
std::string foundation(const compare::Job& job, const std::vector<std::string>& set,
                       const DialOptions& dial) {
  JsonWriter json;
  json.begin_object().member("--rows", dial.rows).member("--selection", dial.selection);
  json.member("--equal", word(job.equal)).member("--search", job.search).key("--set").begin_list();
  for (const std::string& assignment : set) json.value(assignment);
  return json.end_list().end_object().text() + "\n";
}

}  // namespace

int run_dial(compare::Job job, const std::vector<std::string>& set, const DialOptions& dial) {
  take(compare::claim(job.out, foundation(job, set, dial)));
  if (job.models.empty()) {
    for (const char* row : kRows) job.models.push_back({row, {}});
  }
  std::vector<std::string> assignments = set;
  assignments.emplace_back("train.seed=1");  // each run sets its own
  Dial found;
  for (const double correlation : kCorrelations) {
    std::vector<Cell>& cells = found.cells.emplace_back(job.models.size());
    for (std::size_t seed = 1; seed <= job.seeds; ++seed) {
      print_note("correlation " + fixed(correlation, 2) + ", log " + std::to_string(seed) + " of " +
                 std::to_string(job.seeds) + "\n");
      const compare::Comparison comparison = compare_on_log(job, assignments, dial, correlation, seed);
      found.rows.clear();
      for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
        found.rows.push_back(comparison.rows[r].name);
        for (std::size_t f = 0; f < std::size(kFigures); ++f) {
          const std::vector<double>& values = comparison.rows[r].tasks[kFigures[f].task].*kFigures[f].values;
          cells[r][f].insert(cells[r][f].end(), values.begin(), values.end());
        }
      }
    }
  }
  take(compare::write_text(job.out + "/dial.csv", as_csv(found)));
  take(compare::write_text(job.out + "/dial.svg", as_svg(found)));
  print_out(as_table(found) + with_commas(job.seeds) + " logs of " + with_commas(dial.rows) +
            " training rows for each correlation\n");
  return 0;
}

}  // namespace dcrnn::app
