#include "bench/log.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dcrnn::bench {

Log read_log(const std::string& config, const std::string& csv) {
  std::ifstream file(config);
  std::stringstream text;
  text << file.rdbuf();
  return {text.str(), csv};
}

std::optional<Log> own_log() {
  const char *config = std::getenv("DCRNN_BENCH_CONFIG"), *csv = std::getenv("DCRNN_BENCH_CSV");
  if (config == nullptr || csv == nullptr) return {};
  return read_log(config, csv);
}

}  // namespace dcrnn::bench
