// The columns that the keys of rate fields read: each once, however many fields it serves.
#pragma once

#include <cstddef>
#include <vector>

#include "config/schema.hpp"

namespace dcrnn::data {

struct KeyColumns {
  explicit KeyColumns(const Schema& config);

  std::vector<Field> columns;  ///< key_field()s, all different
  std::vector<std::vector<std::size_t>>
      of;  ///< per field: which of them make up its key; none if it has none
  /// Where each of `columns` is read first: a field, and which of its columns.
  struct Place {
    std::size_t field, part;
  };
  std::vector<Place> first;
};

}  // namespace dcrnn::data
