// What the tests of this room share: files in a directory of their own, configs by hand, expected failures.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/failure.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"

namespace dcrnn::data {

using test::contains;
using test::failure_of;

/// A fresh directory, removed with all it holds.
class TempDirectory : public test::ScratchDirectory {
 public:
  std::string operator/(const std::string& name) const { return path() + "/" + name; }
  /// Writes a file and gives its path.
  std::string file(const std::string& name, const std::string& bytes) const {
    test::write_text(*this / name, bytes);
    return *this / name;
  }
};

inline std::string read_file(const std::string& path) {
  return test::read_text(path);
}

inline std::size_t files_in(const std::string& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

inline std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<unsigned>(bytes.size());
  stream.next_out = reinterpret_cast<unsigned char*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline Field category(const std::string& name, Encoding encoding, std::size_t size_or_min_count = 1) {
  Field field;
  field.name = field.column = name;
  field.type = FieldType::category;
  field.encoding = encoding;
  (encoding == Encoding::vocab ? field.min_count : field.size) = size_or_min_count;
  field.dim = 4;
  return field;
}

inline Field bag(const std::string& name, Encoding encoding, std::size_t size_or_min_count = 1) {
  Field field = category(name, encoding, size_or_min_count);
  field.type = FieldType::bag;
  return field;
}

inline Field number(const std::string& name, Transform transform, std::size_t bins = 0) {
  Field field;
  field.name = field.column = name;
  field.type = FieldType::number;
  field.transform = transform;
  field.bins = bins;
  field.dim = 4;
  return field;
}

inline Task task(const std::string& name, std::size_t parent = kNoParent) {
  Task task;
  task.name = task.label = name;
  task.parent = parent;
  return task;
}

}  // namespace dcrnn::data
