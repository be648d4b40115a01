#include "model/gradcheck.hpp"

#include "core/guard.hpp"
#include "dcrnn/files.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"

namespace dcrnn {

namespace {

/// "[3, 1]" for a flat index into a tensor of this shape.
std::string index_text(std::size_t flat, const std::vector<std::size_t>& shape) {
  std::string text = "]";
  for (std::size_t i = shape.size(); i-- > 0;) {
    const std::size_t index = i == 0 ? flat : flat % shape[i];
    text = (i == 0 ? "[" : ", ") + std::to_string(index) + text;
    flat /= shape[i];
  }
  return text;
}

}  // namespace

Result<GradcheckReport> gradcheck(std::string_view config_json, const std::string& config_name,
                                  std::uint64_t seed, std::size_t rows, std::size_t elements) noexcept {
  return guard([&] {
    const Config config = parse_config(config_json, config_name);
    if (rows == 0) fail(ErrorCode::usage, "rows: found 0, want at least 1", "give the rows to check with");
    // Only the width of the tables counts here, not their rows.
    const std::vector<std::size_t> table_rows(config.model.fields.size(), 1);
    const model::ParameterTable table(config.model, table_rows);
    GradcheckReport report;
    report.ok = true;
    report.tolerance = model::kGradcheckTolerance;
    for (std::size_t i = 0; i < config.model.members; ++i) {
      const auto tensors =
          model::gradcheck(config.model, config.train.dropout, kernels::table<double>(Isa::reference),
                           {seed + i, rows, elements});
      report.ok = report.ok && model::passed(tensors);
      for (const model::GradcheckTensor& tensor : tensors) {
        const model::Parameter* parameter = table.find(tensor.name);
        const bool own = parameter != nullptr || config.model.members == 1;
        const std::vector<std::size_t> shape =
            parameter != nullptr ? parameter->shape : std::vector{rows, config.model.input_width()};
        report.tensors.push_back(
            {(own ? model::member_prefix(i) : model::member_value_prefix(i)) + tensor.name, tensor.checked,
             tensor.kinked, tensor.rounded, tensor.worst_error, index_text(tensor.worst_index, shape),
             tensor.analytic, tensor.numeric, tensor.finite && tensor.worst_error <= report.tolerance});
      }
    }
    return report;
  });
}

}  // namespace dcrnn
