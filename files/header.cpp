#include "files/header.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/failure.hpp"
#include "core/text.hpp"

namespace dcrnn::files {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, DType>, 6> kDTypes = {{{"U8", DType::u8},
                                                                        {"I8", DType::i8},
                                                                        {"U32", DType::u32},
                                                                        {"U64", DType::u64},
                                                                        {"F32", DType::f32},
                                                                        {"F64", DType::f64}}};
/// The format's other types.
constexpr std::array<std::string_view, 9> kForeignDTypes = {"BOOL", "I16",  "U16",     "I32",    "I64",
                                                            "F16",  "BF16", "F8_E4M3", "F8_E5M2"};
constexpr std::size_t kMaxDimensions = 32;

/// Receives the tokens of the header.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& source) : source_(printable(source)) {}

  Header take() { return std::move(header_); }

  bool null() override { reject("null"); }
  bool boolean(bool) override { reject("true or false"); }
  bool number_integer(number_integer_t value) override { reject(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { reject(printable(text)); }
  bool binary(binary_t&) override { reject("bytes"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (level_ != Level::shape && level_ != Level::offsets) reject(std::to_string(value));
    if (numbers_.size() == kMaxDimensions) fail_here("more than 32 numbers");
    numbers_.push_back(value);
    return true;
  }

  bool string(string_t& text) override {
    if (level_ == Level::metadata) {
      header_.metadata[key_] = text;
    } else if (level_ == Level::tensor && key_ == "dtype") {
      tensor().dtype = parse_dtype(text);
    } else {
      reject(in_quotes(text));
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (level_ == Level::outside) {
      level_ = Level::top;
    } else if (level_ == Level::top && key_ == "__metadata__") {
      level_ = Level::metadata;
      keys_.clear();
    } else if (level_ == Level::top) {
      level_ = Level::tensor;
      keys_.clear();
      header_.tensors.emplace_back().name = key_;
    } else {
      reject("an object");
    }
    return true;
  }

  bool key(string_t& text) override {
    std::set<std::string>& seen = level_ == Level::top ? names_ : keys_;
    if (!seen.insert(text).second) fail_here("the key " + in_quotes(text) + " stands here twice");
    if (level_ == Level::tensor && text != "dtype" && text != "shape" && text != "data_offsets") {
      fail_here("unknown key " + in_quotes(text));
    }
    key_ = text;
    return true;
  }

  bool end_object() override {
    if (level_ == Level::tensor) {
      for (const char* needed : {"dtype", "shape", "data_offsets"}) {
        if (!keys_.contains(needed)) fail_here("\"" + std::string(needed) + "\" is missing");
      }
    }
    level_ = level_ == Level::top ? Level::outside : Level::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (level_ != Level::tensor || key_ == "dtype") reject("a list");
    level_ = key_ == "shape" ? Level::shape : Level::offsets;
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    if (level_ == Level::shape) {
      tensor().shape.assign(numbers_.begin(), numbers_.end());
    } else {
      if (numbers_.size() != 2) {
        fail_here("data_offsets: found " + std::to_string(numbers_.size()) + " numbers, want 2");
      }
      tensor().begin = numbers_[0];
      tensor().end = numbers_[1];
    }
    level_ = Level::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail(ErrorCode::model, source_ + ": the header is not valid JSON at byte " + std::to_string(position),
         "the file is damaged or no safetensors file");
  }

 private:
  enum class Level { outside, top, metadata, tensor, shape, offsets };

  TensorEntry& tensor() { return header_.tensors.back(); }

  DType parse_dtype(std::string_view text) const {
    for (const auto& [name, type] : kDTypes) {
      if (name == text) return type;
    }
    const bool known = std::find(kForeignDTypes.begin(), kForeignDTypes.end(), text) != kForeignDTypes.end();
    if (known) fail_here("dtype " + std::string(text) + " is not used by this program's files");
    fail_here("unknown dtype " + in_quotes(text));
  }

  /// A value of a kind that cannot stand here.
  [[noreturn]] void reject(const std::string& found) const {
    switch (level_) {
      case Level::outside:
        fail_here("found " + found + ", want an object");
      case Level::top:
        fail(ErrorCode::model,
             source_ + ": header key " + in_quotes(key_) + ": found " + found + ", want an object",
             "the file is damaged or no safetensors file");
      case Level::metadata:
        fail_here(in_quotes(key_) + ": found " + found + ", want a string");
      case Level::tensor:
        fail_here(key_ + ": found " + found + ", want " + (key_ == "dtype" ? "a string" : "a list"));
      default:
        fail_here(key_ + ": found " + found + ", want a whole number of at least 0");
    }
  }

  [[noreturn]] void fail_here(const std::string& what) const {
    std::string place = "header";
    if (level_ == Level::metadata) place = "__metadata__";
    if (level_ >= Level::tensor) place = "tensor " + in_quotes(header_.tensors.back().name);
    fail(ErrorCode::model, source_ + ": " + place + ": " + what,
         "the file is damaged or no safetensors file");
  }

  std::string source_;
  Header header_;
  Level level_ = Level::outside;
  std::string key_;
  std::set<std::string> names_;  // of the tensors
  std::set<std::string> keys_;   // of the object being read
  std::vector<std::uint64_t> numbers_;
};

}  // namespace

Header parse_header(std::string_view json, const std::string& source) {
  // The parser would take it for the end of the header.
  if (const std::size_t nul = json.find('\0'); nul != std::string_view::npos) {
    fail(ErrorCode::model,
         printable(source) + ": the header holds a NUL byte, byte " + std::to_string(nul + 1),
         "the file is damaged or no safetensors file");
  }
  HeaderReader reader(source);
  Json::sax_parse(json, &reader);
  return reader.take();
}

std::string_view dtype_name(DType type) {
  for (const auto& [name, value] : kDTypes) {
    if (value == type) return name;
  }
  return "?";
}

}  // namespace dcrnn::files
