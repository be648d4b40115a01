#include "files/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/content.hpp"
#include "core/failure.hpp"
#include "core/size.hpp"
#include "core/text.hpp"
#include "files/header.hpp"

namespace dcrnn::files {
namespace {

static_assert(std::endian::native == std::endian::little, "the format stores little-endian values");

constexpr std::size_t kLengthBytes = 8;

[[noreturn]] void fail_content(const std::string& path, const std::string& what) {
  fail(ErrorCode::model, printable(path) + ": " + what, "the file is damaged or no safetensors file");
}

std::size_t byte_count(DType dtype, const std::vector<std::size_t>& shape, const std::string& place) {
  std::size_t bytes = size_of(dtype);
  for (std::size_t extent : shape) bytes = checked_mul(bytes, extent, place);
  return bytes;
}

/// The header's bytes, checked against the file's length.
std::string_view header_text(std::span<const std::byte> bytes, const std::string& path) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), kContentHead));
  std::uint64_t length = 0;
  if (!bytes.empty()) std::memcpy(&length, bytes.data(), std::min(bytes.size(), kLengthBytes));
  const Content content = content_of(head);
  const bool has_header = bytes.size() > kLengthBytes && head[kLengthBytes] == '{';
  if (is_text(head) || (content && length > kMaxHeader && !has_header)) {
    fail(ErrorCode::model, printable(path) + ": not a model but " + described(head),
         content.wraps ? std::string(content.remedy)
                       : "give a file that `dcrnn train` wrote; two arguments may be swapped");
  }
  if (bytes.size() < kLengthBytes) {
    fail_content(path, "found " + std::to_string(bytes.size()) + " bytes, want at least 8");
  }
  if (length > kMaxHeader) {
    fail_content(path, "the header length is " + std::to_string(length) + ", more than 100000000");
  }
  if (length > bytes.size() - kLengthBytes) {
    fail_content(path, "the header has " + std::to_string(length) + " bytes, but only " +
                           std::to_string(bytes.size() - kLengthBytes) + " follow");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) fail_content(path, "the header does not start with {");
  return text;
}

/// As text and not as nlohmann's document, whose destructor allocates: memory may run out here.
std::string header_of(const std::map<std::string, std::string>& metadata,
                      const std::vector<TensorView>& tensors, const std::string& path) {
  const auto quote = [&](const std::string& text) {
    if (find_invalid_utf8(text) != std::string::npos) {
      fail(ErrorCode::internal, printable(path) + ": " + in_quotes(text) + " is not UTF-8");
    }
    return nlohmann::json(text).dump();
  };
  const auto list_of = [](const std::vector<std::size_t>& numbers) {
    std::string list = "[";
    for (std::size_t i = 0; i < numbers.size(); ++i) list += (i == 0 ? "" : ",") + std::to_string(numbers[i]);
    return list + "]";
  };
  std::string text = "{";
  if (!metadata.empty()) {
    text += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) text += quote(key) + ":" + quote(value) + ",";
    text.back() = '}';
    text += ',';
  }
  std::set<std::string_view> names = {"__metadata__"};
  std::size_t begin = 0;
  for (const TensorView& tensor : tensors) {
    const std::string place = printable(path) + ": tensor " + in_quotes(tensor.name);
    if (!names.insert(tensor.name).second) fail(ErrorCode::internal, place + ": the name is taken");
    if (byte_count(tensor.dtype, tensor.shape, place) != tensor.data.size()) {
      fail(ErrorCode::internal, place + ": shape " + shape_text(tensor.shape) + " does not match " +
                                    std::to_string(tensor.data.size()) + " bytes");
    }
    const std::size_t end = checked_add(begin, tensor.data.size(), place);
    text += quote(tensor.name) + ":{\"dtype\":\"" + std::string(dtype_name(tensor.dtype)) +
            "\",\"shape\":" + list_of(tensor.shape) + ",\"data_offsets\":" + list_of({begin, end}) + "},";
    begin = end;
  }
  if (text.back() == ',') text.pop_back();
  text += '}';
  text.resize(round_up(text.size(), kLengthBytes), ' ');
  if (text.size() > kMaxHeader) {
    fail(ErrorCode::memory, printable(path) + ": the header would have " + std::to_string(text.size()) +
                                " bytes, more than 100000000");
  }
  return text;
}

}  // namespace

TensorFile::TensorFile(const std::string& path) : TensorFile(path, file_content(path)) {}

TensorFile::TensorFile(std::string name, Buffer<std::byte> content)
    : path_(std::move(name)), file_(std::move(content)) {
  const std::string& path = path_;
  const std::span<const std::byte> bytes = std::as_const(file_).span();
  const std::string_view text = header_text(bytes, path);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + text.size());
  Header header = parse_header(text, path);
  metadata_ = std::move(header.metadata);

  const auto by_position = [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  };
  std::stable_sort(header.tensors.begin(), header.tensors.end(), by_position);
  std::uint64_t position = 0;
  for (TensorEntry& entry : header.tensors) {
    const std::string what = "tensor " + in_quotes(entry.name);
    const std::string range =
        "data_offsets [" + std::to_string(entry.begin) + "," + std::to_string(entry.end) + "]";
    if (entry.begin > entry.end) fail_content(path, what + ": " + range + " run backwards");
    if (entry.end > data.size()) {
      fail_content(path, what + ": " + range + " end after the " + std::to_string(data.size()) +
                             " bytes of data in the file");
    }
    if (entry.begin < position) fail_content(path, what + ": " + range + " overlap another tensor");
    if (entry.begin > position) fail_content(path, what + ": " + range + " leave a hole before them");
    const std::size_t expected = byte_count(entry.dtype, entry.shape, printable(path) + ": " + what);
    if (expected != entry.end - entry.begin) {
      fail_content(path, what + ": shape " + shape_text(entry.shape) + " of " +
                             std::string(dtype_name(entry.dtype)) + " needs " + std::to_string(expected) +
                             " bytes, but " + range + " hold " + std::to_string(entry.end - entry.begin));
    }
    position = entry.end;
    index_[entry.name] = tensors_.size();
    tensors_.push_back(
        {std::move(entry.name), entry.dtype, std::move(entry.shape), data.subspan(entry.begin, expected)});
  }
  if (position != data.size()) {
    fail_content(path, std::to_string(data.size() - position) + " bytes follow the last tensor");
  }
}

const TensorView* TensorFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

void write_tensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                   const std::vector<TensorView>& tensors, OutputFile::Target target) {
  const std::string header = header_of(metadata, tensors, path);
  const std::uint64_t length = header.size();
  OutputFile file(path, target);
  file.write({reinterpret_cast<const char*>(&length), kLengthBytes});
  file.write(header);
  for (const TensorView& tensor : tensors) {
    file.write({reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()});
  }
  file.commit();
}

std::vector<std::byte> tensor_bytes(const std::string& name,
                                    const std::map<std::string, std::string>& metadata,
                                    const std::vector<TensorView>& tensors) {
  const std::string header = header_of(metadata, tensors, name);
  const std::uint64_t length = header.size();
  std::size_t size = checked_add(kLengthBytes, header.size(), name);
  for (const TensorView& tensor : tensors) size = checked_add(size, tensor.data.size(), name);
  std::vector<std::byte> bytes(size);
  std::byte* to = bytes.data();
  const auto add = [&to](std::span<const std::byte> part) { to = std::copy(part.begin(), part.end(), to); };
  add(std::as_bytes(std::span(&length, 1)));
  add(std::as_bytes(std::span(header)));
  for (const TensorView& tensor : tensors) add(tensor.data);
  return bytes;
}

}  // namespace dcrnn::files
