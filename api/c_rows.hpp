// A caller's rows in C as the C++ API takes them.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure.hpp"
#include "dcrnn/dcrnn.h"
#include "dcrnn/rows.hpp"

namespace dcrnn::api {

/// Failure(usage) if `pointer` is NULL.
inline void need(const void* pointer, const char* name) {
  if (pointer == nullptr) fail(ErrorCode::usage, std::string(name) + " is NULL", "see dcrnn.h");
}

/// A struct that begins with its size, as this library knows it: what an older caller's lacks is zero.
/// `first`: the size that the struct had when it came.
template <class Struct>
Struct known_part(const Struct* from, std::size_t first, const char* name) {
  if (from->size < first) {
    fail(ErrorCode::usage,
         std::string(name) + ".size: found " + std::to_string(from->size) + ", want at least " +
             std::to_string(first),
         "set it to the sizeof of the struct");
  }
  Struct known{};
  std::memcpy(&known, from, from->size < sizeof known ? from->size : sizeof known);
  return known;
}

/// Keeps its memory from call to call.
class RowsView {
 public:
  Rows operator()(const dcrnn_rows& rows);
  Rows operator()(const dcrnn_table& table);

 private:
  void start(std::size_t columns);
  Rows finish(std::size_t count, const dcrnn_labels* labels, std::size_t label_count, const double* weights);

  std::vector<Column> columns_;
  std::vector<Labels> labels_;
  std::vector<std::vector<std::string_view>> text_;  // per column
};

}  // namespace dcrnn::api
