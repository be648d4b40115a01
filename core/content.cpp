#include "core/content.hpp"

#include <algorithm>
#include <cstdint>

#include "core/text.hpp"

namespace dcrnn {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kExport = "export it as CSV in UTF-8";
constexpr std::string_view kCompressed = "decompress it first";
constexpr std::string_view kUtf8 = "convert it with `iconv -f UTF-16 -t UTF-8`";

/// A file that begins with `start`.
struct Signature {
  std::string_view start;
  Content content;
  bool then_binary = false;  ///< `start` is letters only: some byte that is no text must follow
};

constexpr Signature kSignatures[] = {
    {kGzipStart, {"gzip-compressed data", kCompressed, "gzip -dc", true}},
    {kZstdStart, {"Zstandard-compressed data (zstd)", kCompressed, "zstd -dc", true}},
    {"\xFD"
     "7zXZ\0"sv,
     {"xz-compressed data", kCompressed, "xz -dc", true}},
    {"BZh", {"bzip2-compressed data", kCompressed, "bzip2 -dc", true}, true},
    {"\x1F\x9D", {"data compressed by `compress` (.Z)", kCompressed, "gzip -dc", true}},
    {"\x5D\x00\x00\x80\x00"sv, {"LZMA-compressed data", kCompressed, "xz --format=lzma -dc", true}},
    {"\x04\x22\x4D\x18", {"LZ4-compressed data", kCompressed, "lz4 -dc", true}},
    {"\xFF\x06\x00\x00sNaPpY"sv, {"Snappy-compressed data", "decompress it first"}},
    {"PK\x03\x04",
     {"a zip archive (or a spreadsheet, .xlsx or .ods)", "unpack it, or export it as CSV in UTF-8"}},
    {"PK\x05\x06", {"an empty zip archive", "look for the file that holds the rows"}},
    {"7z\xBC\xAF\x27\x1C", {"a 7z archive", "unpack it"}},
    {"Rar!\x1A\x07", {"a RAR archive", "unpack it"}},
    {"PAR1", {"a Parquet file", kExport}, true},
    {"ARROW1\0\0"sv, {"an Arrow file (Feather)", kExport}},
    {"\xFF\xFF\xFF\xFF", {"an Arrow stream", kExport}},
    {"FEA1", {"a Feather file", kExport}, true},
    {"ORC", {"an ORC file", kExport}, true},
    {"Obj\x01", {"an Avro file", kExport}},
    {"SQLite format 3\0"sv, {"an SQLite database", kExport}},
    {"\x89HDF\r\n\x1A\n", {"an HDF5 file", kExport}},
    {"\x93NUMPY", {"a NumPy array", kExport}},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", {"an old Office document (.xls)", kExport}},
    {"%PDF-", {"a PDF document", kExport}},
    {"version https://git-lfs.github.com/spec/",
     {"a pointer of Git LFS, not the file itself", "fetch the file with `git lfs pull`", {}, true}},
    {"/annex/objects/",
     {"a pointer of git-annex, not the file itself", "fetch the file with `git annex get`", {}, true}},
    {"\x89PNG\r\n\x1A\n", {"an image (PNG)", "look for the file that holds the rows"}},
    {"\xFF\xFE\x00\x00"sv, {"text in UTF-32", "convert it with `iconv -f UTF-32 -t UTF-8`"}},
    {"\xFF\xFE", {"text in UTF-16", kUtf8}},
    {"\xFE\xFF", {"text in UTF-16", kUtf8}},
};

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 && c != '\n' && c != '\r' && c != '\t';
}

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
  return text;
}

/// True if the ASCII letters of `text` begin like `start` (in lower case).
bool starts_like(std::string_view text, std::string_view start) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  };
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(), [&](char b, char a) { return same(a, b); });
}

/// Characters of ASCII in eight bytes, each of `width` bytes with the one that counts at `place`.
bool is_wide_ascii(std::string_view head, std::size_t width, std::size_t place) {
  if (head.size() < 8) return false;
  for (std::size_t i = 0; i < 8; ++i) {
    if ((head[i] != '\0') != (i % width == place)) return false;
  }
  return true;
}

/// Without the mark that tells the order of the bytes, which iconv must be told then.
Content wide_text_without_mark(std::string_view head) {
  if (is_wide_ascii(head, 4, 0)) return {"text in UTF-32", "convert it with `iconv -f UTF-32LE -t UTF-8`"};
  if (is_wide_ascii(head, 4, 3)) return {"text in UTF-32", "convert it with `iconv -f UTF-32BE -t UTF-8`"};
  if (is_wide_ascii(head, 2, 0)) return {"text in UTF-16", "convert it with `iconv -f UTF-16LE -t UTF-8`"};
  if (is_wide_ascii(head, 2, 1)) return {"text in UTF-16", "convert it with `iconv -f UTF-16BE -t UTF-8`"};
  return {};
}

/// A length of at most 100 MB in 8 bytes, then the header's brace.
bool is_safetensors(std::string_view head) {
  return head.size() > 9 && head[8] == '{' && head[5] == '\0' && head[6] == '\0' && head[7] == '\0';
}

bool is_tar(std::string_view head) {
  constexpr std::size_t kMagic = 257;
  return head.size() > kMagic + 5 && head.substr(kMagic, 5) == "ustar";
}

/// JSON of objects or lists; a list of plain values could be the header of a table.
bool is_json(std::string_view text) {
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  const std::string_view inner = without_blanks(text.substr(1));
  if (inner.empty()) return false;
  if (text[0] == '{') return inner[0] == '"' || inner[0] == '}' || inner.starts_with("//");
  return inner[0] == '{' || inner[0] == '[' || inner[0] == '"';
}

}  // namespace

Content content_of(std::string_view head) {
  for (const Signature& one : kSignatures) {
    if (!head.starts_with(one.start)) continue;
    if (one.then_binary && is_text(head)) continue;
    return one.content;
  }
  if (const Content wide = wide_text_without_mark(head)) return wide;
  if (is_safetensors(head)) return {"a safetensors file (a model?)", "name the file of rows"};
  if (is_tar(head)) return {"a tar archive", "unpack it"};
  if (head.starts_with("\x80") && head.size() > 1 && head[1] >= 2 && head[1] <= 5) {
    return {"a Python pickle", kExport};
  }
  std::string_view text = head;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = without_blanks(text);
  if (starts_like(text, "<!doctype html") || starts_like(text, "<html")) {
    return {"an HTML page", "look at it in a browser: it may say why the file was not given"};
  }
  if (starts_like(text, "<?xml")) return {"XML", kExport};
  if (is_json(text))
    return {"JSON (a config?)", "name the file of rows; rows written as JSON: export them as CSV"};
  return {};
}

std::string data_help(const Content& content) {
  if (content.unpack.empty()) return std::string(content.remedy);
  const std::string command = "`" + std::string(content.unpack) + " FILE";
  return std::string(content.remedy) + ": " + command +
         " > FILE.csv`; eval, predict and trace read it from a pipe too: " + command +
         " | dcrnn ... --data -`";
}

bool is_text(std::string_view head) {
  if (head.empty() || std::any_of(head.begin(), head.end(), is_control)) return false;
  constexpr std::size_t kLongestCharacter = 4;  // one may be cut off
  const std::size_t bad = find_invalid_utf8(head);
  return bad == std::string_view::npos || head.size() - bad < kLongestCharacter;
}

std::string described(std::string_view head) {
  if (head.empty()) return "an empty file";
  if (const Content content = content_of(head)) return std::string(content.name);
  return is_text(head) ? "text (CSV?)" : "unknown bytes";
}

}  // namespace dcrnn
