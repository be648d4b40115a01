// From a cell to what a batch holds: vocabularies, hashes, bucket edges, statistics.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/batch.hpp"
#include "core/tensor.hpp"

namespace dcrnn::data {

/// What training data fixed for one field.
struct FieldState;  // defined beside its users in data/

/// The encoders of all fields of a config. Const use is thread-safe; copies share what they hold.
class Encoders {
 public:
  /// Encoders that need no data (only `id`, `hash` and `none` fields). Failure(usage) if a field needs data.
  explicit Encoders(const Schema& config);
  /// Of fitted fields, in the order of the config. `fingerprints`: of the data in the tables of rate fields.
  explicit Encoders(std::vector<std::unique_ptr<FieldState>> fields,
                    std::vector<std::uint64_t> fingerprints = {});
  ~Encoders();
  Encoders(const Encoders&);
  Encoders(Encoders&&) noexcept;
  Encoders& operator=(Encoders&&) noexcept;

  /// From the tensors of a model file (those named `encoder.<field>.*`, see docs/format.md). Failure(model)
  /// names the tensor that is missing, malformed or unknown.
  static Encoders from_tensors(const Schema& config, const std::vector<TensorView>& tensors,
                               const std::string& source);
  /// The tensors to save; views into this object.
  std::vector<TensorView> tensors() const;

  /// Rows of the embedding table per field, 0 where it has none.
  std::vector<std::size_t> table_rows() const;

  /// Of the training cells of a field, `unknown` being the values that would have been so but for their own
  /// cell: the share of them in new data of the same kind is about that. No cells: not known.
  const CellCounts& training_counts(std::size_t field) const;

  /// Encodes one cell of field `field` as the next row of `column` (appends to ids, offsets or values and
  /// adds to counts; for a bag offsets must start as {0}). A rate field has a cell for each `part` of its
  /// key: the last, once those before are there, makes the row. On a bad cell returns what is wrong with it
  /// ("\"1.2.3\" is not a number"), else "".
  std::string encode(std::size_t field, std::string_view cell, BatchColumn& column,
                     std::size_t part = 0) const;
  /// The same for a cell that is the number itself; NaN: missing.
  std::string encode(std::size_t field, double number, BatchColumn& column, std::size_t part = 0) const;
  /// Appends ids that are rows of the field's table already, of any number of cells, up to the first that is
  /// beyond the table. Gives how many it took.
  std::size_t append_rows(std::size_t field, std::span<const std::uint32_t> ids, BatchColumn& column) const;

 private:
  friend class DatasetBuilder;
  friend class Refresh;
  Encoders();
  template <class Cell>
  std::string append(std::size_t field, Cell cell, BatchColumn& column) const;
  template <class Cell>
  std::string append_key(std::size_t field, Cell cell, BatchColumn& column, std::size_t part) const;

  std::vector<std::shared_ptr<const FieldState>> fields_;
  std::vector<std::uint64_t>
      fingerprints_;  // of the files in the tables of rate fields, ascending; none: not known
};

}  // namespace dcrnn::data
