// The safetensors container (https://github.com/huggingface/safetensors): 8 bytes of little-endian header
// length, a JSON header {name: {dtype, shape, data_offsets}}, the data.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "core/tensor.hpp"

namespace dcrnn::files {

/// A file in memory: the views point into it.
class TensorFile {
 public:
  /// Reads and validates the whole structure before anything is allocated by it: header length and JSON,
  /// UTF-8, duplicate names, known dtypes, shapes against byte counts (checked arithmetic), offsets in range,
  /// no overlap, no hole, nothing after the last tensor. Failure(io) if it cannot be read, Failure(model)
  /// naming the tensor otherwise.
  explicit TensorFile(const std::string& path);
  /// The same of bytes that are no file; `name` stands for the path.
  TensorFile(std::string name, Buffer<std::byte> bytes);
  const std::string& path() const { return path_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// In the order of their data.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  /// Null if there is none of that name.
  const TensorView* find(std::string_view name) const;

 private:
  std::string path_;
  Buffer<std::byte> file_;
  std::map<std::string, std::string> metadata_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// The bytes of such a file; `name` stands for the path in errors.
std::vector<std::byte> tensor_bytes(const std::string& name,
                                    const std::map<std::string, std::string>& metadata,
                                    const std::vector<TensorView>& tensors);

/// Writes atomically (OutputFile). Deterministic bytes: metadata first, tensors in the given order, header
/// padded with spaces to 8 bytes.
void write_tensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                   const std::vector<TensorView>& tensors, OutputFile::Target target);

}  // namespace dcrnn::files
