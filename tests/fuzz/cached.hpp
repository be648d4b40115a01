// The log whose caches are tried: a few rows of every kind of field.
#pragma once

#include <filesystem>
#include <string>

#include "data/cache.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/scratch.hpp"
#include "train/config.hpp"

namespace dcrnn::fuzz {

struct Cached {
  Cached() {
    MemoryFile csv;
    csv.set(
        "user,item,tags,ids,x,y,w,click,consume\n"
        "u1,i1,a|b,1|2,0.5,3,1,1,0\nu2,i2,,3,-1,,2,0,\nu1,\"i,3\",b,,,7,0.5,1,1\nu3,i1,c|a|b,0|4|1,2.5,1e3,1,"
        "0,0\n");
    const test::ScratchDirectory scratch;
    const std::string directory = scratch.file("cache");
    data::build_training_data(config.model, {csv.path()}, directory, {});
    bytes = test::read_text(std::filesystem::directory_iterator(directory)->path());
    data::CacheTrailer trailer;
    std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
    key = {data::schema_hash(config.model), trailer.key};
  }

  Config config = parse_config(R"({"fields": [
      {"name": "user", "type": "category", "encoding": "vocab", "dim": 2},
      {"name": "item", "type": "category", "encoding": "hash", "size": 9, "dim": 2},
      {"name": "tags", "type": "bag", "encoding": "vocab", "dim": 2},
      {"name": "ids", "type": "bag", "encoding": "id", "size": 5, "dim": 2},
      {"name": "x", "type": "number", "transform": "standardize"},
      {"name": "bucket", "column": "y", "type": "number", "transform": "buckets", "bins": 3, "dim": 2},
      {"name": "y", "type": "number", "transform": "log1p"}],
      "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}], "weight": "w"})",
                               "config");
  data::CacheKey key;
  std::string bytes;
};

}  // namespace dcrnn::fuzz
