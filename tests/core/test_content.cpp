#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/content.hpp"

namespace dcrnn {
namespace {

using namespace std::string_literals;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("content: what is no text of ours is named") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x1F\x8B\x08\x00"s, "gzip"},
      {"\x28\xB5\x2F\xFD\x04"s, "zstd"},
      {"\xFD"
       "7zXZ\0\0\x04"s,
       "xz"},
      {"BZh91AY&SY\x01\x02\x03"s, "bzip2"},
      {"PK\x03\x04\x14\x00"s, "zip"},
      {"PAR1\x15\x04\x15\x10"s, "Parquet"},
      {"ARROW1\0\0\xFF\xFF"s, "Arrow"},
      {"SQLite format 3\0\x10"s, "SQLite"},
      {"\x89HDF\r\n\x1A\n"s, "HDF5"},
      {"%PDF-1.7\n"s, "PDF"},
      {"ORC\x08\x03\x10"s, "ORC"},
      {"Obj\x01\x04"s, "Avro"},
      {"\x80\x04\x95\x10"s, "pickle"},
      {"\xFF\xFEu\0s\0e\0r\0"s, "UTF-16"},
      {"\xFE\xFF\0u\0s\0e\0r"s, "UTF-16"},
      {"u\0s\0e\0r\0,\0"s, "UTF-16"},
      {"\0u\0s\0e\0r\0,"s, "UTF-16"},
      {"u\0\0\0s\0\0\0"s, "UTF-32"},
      {"\0\0\0u\0\0\0s"s, "UTF-32"},
      {"\x1F\x9D\x90us"s, "compress"},
      {"\x5D\0\0\x80\0\xFF"s, "LZMA"},
      {"\x89PNG\r\n\x1A\n\0"s, "image"},
      {"/annex/objects/SHA256E-s5--0.csv\n"s, "git-annex"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\n"s, "Git LFS"},
      {"\x10\x01\0\0\0\0\0\0{\"__metadata__\""s, "safetensors"},
      {"<!DOCTYPE html>\n<html>"s, "HTML"},
      {"\n <HTML lang=\"en\">"s, "HTML"},
      {"<?xml version=\"1.0\"?>"s, "XML"},
      {"{\n  \"fields\": []"s, "JSON"},
      {"[{\"user\": 1}]"s, "JSON"},
      {"{\"user\": 1}\n{\"user\": 2}\n"s, "JSON"},
      {std::string(257, 'x') + "ustar  \0"s, "tar"},
  };
  for (const auto& one : cases) {
    const auto& bytes = one.first;
    const auto& name = one.second;
    const Content content = content_of(bytes);
    INFO(name, " -> ", content.name);
    CHECK(contains(std::string(content.name), name));
    CHECK_FALSE(data_help(content).empty());
    CHECK(described(bytes) == content.name);
  }
  CHECK(contains(data_help(content_of("u\0s\0e\0r\0"s)), "-f UTF-16LE"));
  CHECK(contains(data_help(content_of("\0u\0s\0e\0r"s)), "-f UTF-16BE"));
  CHECK(contains(data_help(content_of("\xFE\xFF\0u\0s\0e\0r"s)), "-f UTF-16 "));
  CHECK(contains(data_help(content_of("\x28\xB5\x2F\xFD")), "`zstd -dc FILE | dcrnn ... --data -`"));
}

TEST_CASE("content: text is text, whatever its first word") {
  for (const std::string& text :
       {"user,age\n1,2\n"s, "PAR1,b\n"s, "BZh,x\n"s, "ORC;FEA1\n"s, "{a},b\n"s, "[x],y\n"s,
        "\xEF\xBB\xBFuser,age\n"s, "<x>,y\n"s, "version,x\n"s, "\xC3\xA4,b\n"s, "a\n\xE2\x82"s}) {
    INFO(text);
    CHECK_FALSE(content_of(text));
    CHECK(is_text(text));
    CHECK(described(text) == "text (CSV?)");
  }
  CHECK(described("") == "an empty file");
  CHECK(described("\x01\x02\x03") == "unknown bytes");
  CHECK_FALSE(
      is_text("a\xFF"
              "bcdef"));
}

}  // namespace
}  // namespace dcrnn
