// gradcheck finds and names every fault of tests/model/faults/faults.cmake; those of layers.cmake are
// programs of their own.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "kernels/table.hpp"
#include "model/gradcheck.hpp"
#include "tests/model/faults/fault_config.hpp"
#include "train/config.hpp"

namespace dcrnn::test {

#define DCRNN_FAULT(name, words, tensor, config) kernels::Table<double> name();
#include "faults.inc"
#undef DCRNN_FAULT

namespace {

using model::GradcheckTensor;

const std::string kCross = fault_config("cross").dump();
const std::string kTanh = fault_config("tanh").dump();
const std::string kCalibrated = fault_config("calibrated").dump();

std::vector<GradcheckTensor> run(const std::string& json, const kernels::Table<double>& table) {
  const Config config = parse_config(json, "config");
  return model::gradcheck(config.model, config.train.dropout, table, {.seed = 3, .rows = 12, .elements = 0});
}

void expect_found(const char* words, const std::string& tensor, const std::string& config,
                  const kernels::Table<double>& faulty) {
  CAPTURE(words);
  const std::vector<GradcheckTensor> results = run(config, faulty);
  const auto named = std::find_if(results.begin(), results.end(),
                                  [&](const GradcheckTensor& result) { return result.name == tensor; });
  REQUIRE(named != results.end());
  CAPTURE(tensor);
  CHECK_FALSE(model::passed(results));
  CHECK_MESSAGE(named->worst_error > 100 * model::kGradcheckTolerance, named->name, ": ", named->worst_error);
}

}  // namespace

TEST_CASE("without a fault the configs pass") {
  const kernels::Table<double>& reference = kernels::table<double>(Isa::reference);
  CHECK(model::passed(run(kCross, reference)));
  CHECK(model::passed(run(kTanh, reference)));
#define DCRNN_LAYER_FAULT(changes) CHECK_MESSAGE(model::passed(check_with(changes)), changes);
#include "layer_faults.inc"
#undef DCRNN_LAYER_FAULT
  CHECK(model::passed(run(kCalibrated, reference)));
}

TEST_CASE("every planted fault is found and named") {
  int faults = 0;
#define DCRNN_FAULT(name, words, tensor, config) \
  expect_found(words, tensor, config, name());   \
  ++faults;
#include "faults.inc"
#undef DCRNN_FAULT
  CHECK(faults >= 20);
}

}  // namespace dcrnn::test
