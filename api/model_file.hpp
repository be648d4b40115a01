// Models as files (docs/format.md): safetensors with the config as metadata.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/model_impl.hpp"
#include "files/safetensors.hpp"

namespace dcrnn::api {

/// Writes the model atomically; an existing target must be a regular file. Failure(io).
void save_model(const Model::Impl& model, const std::string& path);

/// Reads and validates a model; nothing is allocated by a size that the file does not back with bytes.
/// Failure(io) if it cannot be read, Failure(model) naming the file and the tensor or JSON path otherwise.
std::unique_ptr<Model::Impl> load_model(const std::string& path);

/// The checksum of what a model file says (docs/format.md), whose config says that it is `said`.
std::string checksum_of(const files::TensorFile& file, const std::string& said);

/// The same in memory: the bytes of the file, and a model from them.
std::vector<std::byte> model_bytes(const Model::Impl& model);
std::unique_ptr<Model::Impl> load_model(std::span<const std::byte> bytes);

}  // namespace dcrnn::api
