#include <dlfcn.h>

#include <map>
#include <stdexcept>
#include <string>

#include "bench/wide/wide.hpp"

namespace dcrnn::bench {

const Wide& wide(Isa isa) {
  static std::map<Isa, const Wide*> loaded;
  const Wide*& entry = loaded[isa];
  if (entry == nullptr) {
    const std::string file = "libdcrnn_bench_" + std::string(name(isa)) + ".so";
    void* module = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    void* symbol = module == nullptr ? nullptr : dlsym(module, "dcrnn_bench_wide");
    if (symbol == nullptr) throw std::runtime_error(dlerror());
    entry = reinterpret_cast<const Wide* (*)()>(symbol)();
  }
  return *entry;
}

}  // namespace dcrnn::bench
