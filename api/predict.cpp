#include <charconv>

#include "api/file_scorer.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/job_files.hpp"

namespace dcrnn {

namespace {

/// Shortest text that reads back to the same float.
void append_number(std::string& text, float value) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

std::string header(const ModelConfig& config) {
  std::string line;
  for (const Task& task : config.tasks) line += (line.empty() ? "p_" : ",p_") + task.name;
  return line + '\n';
}

void append_rows(std::string& text, const std::vector<float>& probabilities, std::size_t tasks) {
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    append_number(text, probabilities[i]);
    text += (i + 1) % tasks == 0 ? '\n' : ',';
  }
}

}  // namespace

Result<PredictReport> predict_file(const Model& model, const std::string& data, const std::string& out,
                                   std::size_t batch, const ComputeOptions& compute,
                                   const ProgressCallback& progress) noexcept {
  return guard([&] {
    const ModelConfig& config = model.impl().config.model;
    JobFiles files;
    files.reads(model.impl().source);
    files.reads(data);
    files.writes("the predictions", out);
    files.check();
    files.sweep();
    api::FileScorer scorer(model.impl(), data, data::RowReader::Labels::ignored, batch, compute);
    OutputFile file(out);
    PredictReport report;
    try {
      file.write(header(config));
      std::string text;
      while (scorer.next(progress)) {
        text.clear();
        append_rows(text, scorer.probabilities(), config.tasks.size());
        file.write(text);
      }
      file.commit();
    } catch (const Failure&) {
      if (!file.closed_pipe()) throw;
      report.closed_pipe = true;
    }
    report.rows = scorer.rows();
    report.notes = scorer.notes();
    return report;
  });
}

}  // namespace dcrnn
