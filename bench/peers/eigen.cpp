// Eigen, compiled for the best instruction set of this machine. It cannot pack weights beforehand.
#include "bench/peers/peer.hpp"
#include "bench/wide/wide.hpp"

namespace dcrnn::bench {

Peer eigen() {
  const Wide& module = wide(best_isa());
  const auto product = [&module](const ProductTask& task) -> Job {
    return {[&module, task] { module.eigen_product(task); }, {}};
  };
  return {"Eigen", module.eigen_chose, product, {}};
}

}  // namespace dcrnn::bench
