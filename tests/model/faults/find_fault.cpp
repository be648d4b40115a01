// Linked with a walk over layers one of which has a fault: find_fault CHANGES TENSOR succeeds if gradcheck of
// the config with these changes names the tensor.
#include <algorithm>
#include <cstdio>

#include "tests/model/faults/fault_config.hpp"

int main(int count, char** words) {
  using namespace dcrnn;
  if (count != 3) return 2;
  const std::string tensor = words[2];
  const std::vector<model::GradcheckTensor> results = test::check_with(words[1]);
  const auto named = std::find_if(results.begin(), results.end(), [&](const model::GradcheckTensor& result) {
    return result.name == tensor;
  });
  if (named == results.end()) {
    std::printf("no tensor %s\n", tensor.c_str());
    return 2;
  }
  std::printf("%s: error %g\n", tensor.c_str(), named->worst_error);
  return !named->finite || named->worst_error > 100 * model::kGradcheckTolerance ? 0 : 1;
}
