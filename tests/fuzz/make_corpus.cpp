// make_corpus DIR: first inputs for every target, DIR/<target>/<name>: golden cases, and what the targets'
// own subjects write.
#include <filesystem>
#include <string>

#include "tests/fuzz/cached.hpp"
#include "tests/fuzz/run.hpp"
#include "tests/scratch.hpp"

int main(int argc, char** argv) {
  using namespace dcrnn;
  namespace fs = std::filesystem;
  if (argc != 2) return std::fprintf(stderr, "usage: make_corpus DIR\n"), 2;
  const fs::path to = argv[1];
  for (const char* target : {"model", "config", "csv", "cache", "checkpoint"})
    fs::create_directories(to / target);

  const auto put = [&](const char* target, const std::string& name, const std::string& bytes) {
    test::write_text((to / target / name).string(), bytes);
  };
  for (const auto& entry : fs::directory_iterator(fs::path(DCRNN_SOURCE_DIR) / "tests" / "golden")) {
    const fs::path model_file = entry.path() / "model.safetensors";
    if (!fs::exists(model_file) || fs::file_size(model_file) > 30000) continue;
    const std::string name = entry.path().filename().string();
    put("model", name, test::read_text((entry.path() / "model.safetensors").string()));
    put("config", name, test::read_text((entry.path() / "config.json").string()));
    // Loaded and saved it has a checksum, and every default.
    const auto model = Model::load((entry.path() / "model.safetensors").string());
    const std::string sealed = (to / "model" / (name + ".sealed")).string();
    if (!model || !model->save(sealed)) return std::fprintf(stderr, "%s does not load\n", name.c_str()), 1;
    put("config", name + ".whole", model->config());
  }

  const std::string rows = "u1,a|b,0.5,1,0\nu2,,-3,0,\n\"u,3\",c,,1,1\n";
  put("csv", "plain", "0user,tags,x,click,consume\n" + rows);
  put("csv", "skip", "pconsume,click,x,tags,user\n0,1,2,a,b\n,2,z,,\n");
  put("csv", "tabs", "1user\ttags\tx\tclick\tconsume\r\nu1\ta\t1\t1\t0\r\n");
  put("csv", "semicolons", "2user;tags;x;click;consume\n'u;1';a|b;1.5;1;1\n");
  put("csv", "missing", "3user,tags,x,click,consume\nNA,\\N,NA,1,0\n");
  put("csv", "words", "4user,tags,x,click,consume\nu\\,1,a,2,yes,no\n");
  put("csv", "names", "5" + rows);

  put("cache", "cache", fuzz::Cached().bytes);

  fuzz::Run run;
  const std::string checkpoint = (to / "checkpoint" / "checkpoint").string();
  train::save_checkpoint(checkpoint, run.config_json, run.table, fuzz::Run::position(), run.arrays(), {});
  return 0;
}
