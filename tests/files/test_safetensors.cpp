#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "files/safetensors.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"

using namespace dcrnn;
using namespace dcrnn::files;
using namespace dcrnn::test;

namespace {

/// The bytes of a file with this header and `data` bytes of data.
std::string file_bytes(const std::string& header, std::size_t data) {
  std::string bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  bytes += header;
  for (std::size_t i = 0; i < data; ++i) bytes += static_cast<char>(i);
  return bytes;
}

Error open_error(const ScratchDirectory& scratch, const std::string& bytes) {
  const std::string path = scratch.file("m.safetensors");
  write_text(path, bytes);
  Error error = failure_of([&] { TensorFile file(path); });
  const std::string prefix = path + ": ";
  if (error.message.starts_with(prefix)) error.message.erase(0, prefix.size());
  return error;
}

std::string one_tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

template <class T>
std::vector<T> values_of(const TensorView& tensor) {
  std::vector<T> values(tensor.data.size() / sizeof(T));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

}  // namespace

TEST_CASE("a file of two tensors is read as the format describes it") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("m");
  // Header out of data order, unaligned data, padding spaces, an empty tensor and a scalar.
  write_text(path, file_bytes(R"({"b":{"dtype":"F32","shape":[2,1],"data_offsets":[3,11]},)"
                              R"("__metadata__":{"k":"v","empty":""},)"
                              R"("a":{"data_offsets":[0,3],"shape":[3],"dtype":"U8"},)"
                              R"("none":{"dtype":"F64","shape":[0,7],"data_offsets":[11,11]},)"
                              R"("scalar":{"dtype":"I8","shape":[],"data_offsets":[11,12]}}   )",
                              12));
  const TensorFile file(path);
  CHECK(file.path() == path);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"k", "v"}, {"empty", ""}});
  REQUIRE(file.tensors().size() == 4);
  CHECK(file.tensors()[0].name == "a");
  CHECK(file.tensors()[1].name == "b");
  CHECK(file.find("c") == nullptr);
  const TensorView* a = file.find("a");
  REQUIRE(a != nullptr);
  CHECK(a->dtype == DType::u8);
  CHECK(a->shape == std::vector<std::size_t>{3});
  CHECK(values_of<unsigned char>(*a) == std::vector<unsigned char>{0, 1, 2});
  const TensorView* b = file.find("b");
  REQUIRE(b != nullptr);
  CHECK(b->shape == std::vector<std::size_t>{2, 1});
  CHECK(values_of<std::uint32_t>(*b) == std::vector<std::uint32_t>{0x06050403, 0x0a090807});
  CHECK(file.find("none")->data.empty());
  CHECK(file.find("scalar")->shape.empty());
  CHECK(values_of<signed char>(*file.find("scalar")) == std::vector<signed char>{11});
}

TEST_CASE("a file written has exactly these bytes, every time") {
  const ScratchDirectory scratch;
  const std::vector<float> f = {1.0f, -2.0f};
  const std::vector<std::uint64_t> u = {0x0807060504030201};
  const std::vector<TensorView> tensors = {tensor_view<float>("w", {1, 2}, f),
                                           tensor_view<std::uint64_t>("n\"\xC3\xA9", {}, u)};
  const std::map<std::string, std::string> metadata = {{"z", "{\"a\":1}"}, {"b", "line\n"}};
  std::string header = R"({"__metadata__":{"b":"line\n","z":"{\"a\":1}"},)"
                       R"("w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                       "\"n\\\"\xC3\xA9\":"
                       R"({"dtype":"U64","shape":[],"data_offsets":[8,16]}})";
  while (header.size() % 8 != 0) header += ' ';
  const std::string expected = file_bytes(header, 0) + std::string("\0\0\x80\x3f\0\0\0\xc0", 8) +
                               std::string("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
  for (const char* name : {"one", "two"}) {
    write_tensors(scratch.file(name), metadata, tensors, OutputFile::Target::regular_only);
    CHECK(read_text(scratch.file(name)) == expected);
  }
  CHECK(scratch.entries() == 2);
}

TEST_CASE("what was written is read back") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("m");
  const std::vector<double> d = {0.1, -1e300, 5e-324};
  const std::vector<unsigned> u = {1, 2, 3, 4};
  const std::vector<unsigned char> bytes = {9, 8, 7};
  write_tensors(path, {},
                {tensor_view<unsigned char>("bytes", {3}, bytes), tensor_view<double>("d", {3}, d),
                 tensor_view<float>("none", {0, 5}, {}), tensor_view<unsigned>("u", {2, 2}, u)},
                OutputFile::Target::any);
  TensorFile first(path);
  const TensorFile file = std::move(first);
  CHECK(file.metadata().empty());
  std::vector<std::string> names;
  for (const TensorView& tensor : file.tensors()) names.push_back(tensor.name);
  CHECK(names == std::vector<std::string>{"bytes", "d", "none", "u"});
  CHECK(values_of<double>(*file.find("d")) == d);
  CHECK(values_of<unsigned>(*file.find("u")) == u);
  CHECK(file.find("u")->shape == std::vector<std::size_t>{2, 2});

  write_tensors(path, {}, {}, OutputFile::Target::any);
  CHECK(read_text(path) == file_bytes("{}      ", 0));
  CHECK(TensorFile(path).tensors().empty());
}

TEST_CASE("writing what the format cannot hold is refused and leaves no file") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("m");
  const std::vector<float> f = {1, 2};
  const TensorView good = tensor_view<float>("w", {2}, f);
  const auto write = [&](const std::vector<TensorView>& tensors) {
    return failure_of([&] { write_tensors(path, {}, tensors, OutputFile::Target::any); });
  };
  CHECK(contains(write({good, good}).message, "tensor \"w\": the name is taken"));
  CHECK(contains(write({tensor_view<float>("__metadata__", {2}, f)}).message, "the name is taken"));
  CHECK(contains(write({tensor_view<float>("w", {3}, f)}).message, "shape [3] does not match 8 bytes"));
  CHECK(contains(write({tensor_view<float>("\xff", {2}, f)}).message, "is not UTF-8"));
  CHECK(failure_of([&] { write_tensors("/dev/null", {}, {good}, OutputFile::Target::regular_only); }).code ==
        ErrorCode::io);
  CHECK(scratch.entries() == 0);
}

TEST_CASE("a damaged header is refused with its place") {
  struct Case {
    std::string header;
    std::size_t data;
    std::string message;
    ErrorCode code = ErrorCode::model;
  };
  const std::vector<Case> cases = {
      {"", 0, "does not start with {"},
      {"[]", 0, "does not start with {"},
      {" {}", 0, "does not start with {"},
      {"\xEF\xBB\xBF{}", 0, "does not start with {"},
      {"{", 0, "not valid JSON at byte"},
      {"{}x", 0, "not valid JSON at byte"},
      {"{} // comment", 0, "not valid JSON at byte"},
      {"{\"\xff\":1}", 0, "not valid JSON at byte"},
      {R"({"w":1})", 0, "header key \"w\": found 1, want an object"},
      {R"({"w":null})", 0, "header key \"w\": found null"},
      {R"({"w":[]})", 0, "header key \"w\": found a list"},
      {R"({"__metadata__":[]})", 0, "header key \"__metadata__\": found a list"},
      {R"({"__metadata__":{"a":1}})", 0, "__metadata__: \"a\": found 1, want a string"},
      {R"({"__metadata__":{"a":{}}})", 0, "__metadata__: \"a\": found an object"},
      {R"({"__metadata__":{"a":"1","a":"2"}})", 0, "__metadata__: the key \"a\" stands here twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", 0, "the key \"__metadata__\" stands here twice"},
      {R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
       2, "the key \"w\" stands here twice"},
      {R"({"w":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
       "tensor \"w\": the key \"dtype\" stands here twice"},
      {R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1,
       "tensor \"w\": unknown key \"x\""},
      {R"({"w":{}})", 0, "tensor \"w\": \"dtype\" is missing"},
      {R"({"w":{"dtype":"U8","data_offsets":[0,1]}})", 1, "tensor \"w\": \"shape\" is missing"},
      {R"({"w":{"dtype":"U8","shape":[1]}})", 1, "tensor \"w\": \"data_offsets\" is missing"},
      {R"({"w":{"dtype":1,"shape":[1],"data_offsets":[0,1]}})", 1,
       "tensor \"w\": dtype: found 1, want a string"},
      {one_tensor("F16", "[1]", "[0,2]"), 2, "tensor \"w\": dtype F16 is not used by this program's files"},
      {one_tensor("BF16", "[1]", "[0,2]"), 2, "dtype BF16 is not used"},
      {one_tensor("I64", "[1]", "[0,8]"), 8, "dtype I64 is not used"},
      {one_tensor("f32", "[1]", "[0,4]"), 4, "tensor \"w\": unknown dtype \"f32\""},
      {one_tensor("U8", "1", "[0,1]"), 1, "tensor \"w\": shape: found 1, want a list"},
      {one_tensor("U8", "{}", "[0,1]"), 1, "tensor \"w\": shape: found an object, want a list"},
      {one_tensor("U8", "[-1]", "[0,1]"), 1, "tensor \"w\": shape: found -1, want a whole number"},
      {one_tensor("U8", "[1.0]", "[0,1]"), 1, "tensor \"w\": shape: found 1.0, want a whole number"},
      {one_tensor("U8", "[99999999999999999999]", "[0,1]"), 1, "shape: found 99999999999999999999"},
      {one_tensor("U8", "[\"1\"]", "[0,1]"), 1, "tensor \"w\": shape: found \"1\""},
      {one_tensor("U8", "[[1]]", "[0,1]"), 1, "tensor \"w\": shape: found a list"},
      {one_tensor("U8", "[true]", "[0,1]"), 1, "tensor \"w\": shape: found true or false"},
      {one_tensor("U8", "[1]", "[0,1,2]"), 1, "data_offsets: found 3 numbers, want 2"},
      {one_tensor("U8", "[1]", "[0]"), 1, "data_offsets: found 1 numbers, want 2"},
      {one_tensor("U8", "[1]", "[0,-1]"), 1, "data_offsets: found -1"},
      {one_tensor("U8", "[1]", "[1,0]"), 1, "tensor \"w\": data_offsets [1,0] run backwards"},
      {one_tensor("U8", "[1]", "[0,18446744073709551615]"), 1, "end after the 1 bytes of data"},
      {one_tensor("F32", "[2]", "[0,8]"), 7,
       "tensor \"w\": data_offsets [0,8] end after the 7 bytes of data"},
      {one_tensor("F32", "[2]", "[0,8]"), 9, "1 bytes follow the last tensor"},
      {one_tensor("F32", "[1]", "[4,8]"), 8, "tensor \"w\": data_offsets [4,8] leave a hole"},
      {one_tensor("F32", "[3]", "[0,8]"), 8,
       "shape [3] of F32 needs 12 bytes, but data_offsets [0,8] hold 8"},
      {one_tensor("F32", "[]", "[0,8]"), 8, "shape [] of F32 needs 4 bytes"},
      {one_tensor("F32", "[4294967296,4294967296]", "[0,8]"), 8, "more than memory can hold",
       ErrorCode::memory},
      {one_tensor("F32", "[9223372036854775808,2,0]", "[0,0]"), 0, "more than memory can hold",
       ErrorCode::memory},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       3, "tensor \"b\": data_offsets [1,3] overlap another tensor"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
       2, "overlap another tensor"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
       3, "tensor \"b\": data_offsets [2,3] leave a hole before them"},
  };
  const ScratchDirectory scratch;
  for (const Case& one : cases) {
    CAPTURE(one.header);
    const Error error = open_error(scratch, file_bytes(one.header, one.data));
    CAPTURE(error.message);
    CHECK(error.code == one.code);
    CHECK(contains(error.message, one.message));
    CHECK_FALSE(contains(error.message, "\n"));
  }
}

TEST_CASE("a header longer than the file or the limit is refused before it is read") {
  const ScratchDirectory scratch;
  std::string bytes = file_bytes("{}", 0);
  bytes[0] = 3;
  CHECK(open_error(scratch, bytes).message == "the header has 3 bytes, but only 2 follow");
  bytes.replace(0, 8, 8, '\xff');
  CHECK(contains(open_error(scratch, bytes).message, "header length is 18446744073709551615"));
  const Error error = open_error(scratch, std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10));
  CHECK(contains(error.message, "header length is 100000001"));
  CHECK(error.code == ErrorCode::model);
}

TEST_CASE("a file cut anywhere is refused") {
  const ScratchDirectory scratch;
  const std::vector<float> f = {1, 2, 3};
  write_tensors(scratch.file("whole"), {{"dcrnn", "{}"}}, {tensor_view<float>("w", {3}, f)},
                OutputFile::Target::any);
  const std::string whole = read_text(scratch.file("whole"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(open_error(scratch, whole.substr(0, size)).code == ErrorCode::model);
  }
}

TEST_CASE("a deeply nested or endless header costs nothing") {
  const ScratchDirectory scratch;
  CHECK(contains(open_error(scratch, file_bytes("{\"w\":" + std::string(1000000, '['), 0)).message,
                 "found a list"));
  std::string ones = "[1";
  for (int i = 0; i < 1000000; ++i) ones += ",1";
  CHECK(contains(open_error(scratch, file_bytes(one_tensor("U8", ones + "]", "[0,1]"), 1)).message,
                 "tensor \"w\": more than 32 numbers"));
}

TEST_CASE("a missing file and a directory are failures to open") {
  const ScratchDirectory scratch;
  const Error missing = failure_of([&] { TensorFile file(scratch.file("m")); });
  CHECK(missing.code == ErrorCode::io);
  CHECK(missing.message == "cannot open " + scratch.file("m") + ": no such file or directory");
  CHECK(failure_of([&] { TensorFile file(scratch.path()); }).code == ErrorCode::io);
}

TEST_CASE("the golden models open") {
  const std::filesystem::path golden = std::filesystem::path(DCRNN_SOURCE_DIR) / "tests/golden";
  if (!std::filesystem::is_directory(golden)) {
    MESSAGE("skipped: no golden cases in " << golden.string());
    return;
  }
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    if (!std::filesystem::exists(entry.path() / "model.safetensors")) continue;
    CAPTURE(entry.path().string());
    const TensorFile model((entry.path() / "model.safetensors").string());
    CHECK(model.metadata().contains("dcrnn"));
    CHECK_FALSE(model.tensors().empty());
    const TensorFile expected((entry.path() / "expected.safetensors").string());
    REQUIRE(expected.find("probability") != nullptr);
    CHECK(expected.find("probability")->dtype == DType::f64);
  }
}
