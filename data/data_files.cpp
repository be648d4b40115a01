#include "data/data_files.hpp"

#include "core/failure.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

}  // namespace

void require_paths(const std::vector<std::string>& paths) {
  if (paths.empty()) fail(ErrorCode::usage, "no data file was named", "name at least one CSV file");
}

std::uint64_t size_of_all(const std::vector<std::string>& paths) {
  std::uint64_t total = 0;
  for (const std::string& path : paths) {
    const InputFile file(path);
    if (path == "-" || !file.is_regular()) {
      fail(ErrorCode::usage,
           (path == "-" ? std::string("standard input") : printable(path)) +
               ": training reads its files twice, this is no regular file",
           "write the data to a file first");
    }
    total += file.size();
  }
  return total;
}

std::uint64_t digest_of_file(const std::string& path, const std::function<void()>& after_piece) {
  InputFile file(path);
  FileDigest digest;
  std::vector<char> piece(kPiece);
  for (std::size_t got; (got = file.read(piece.data(), piece.size())) > 0;) {
    digest.add({piece.data(), got});
    after_piece();
  }
  return digest.value();
}

void fail_no_rows(const std::vector<std::string>& paths) {
  fail(ErrorCode::data,
       printable(paths[0]) + ": there is no row in " +
           (paths.size() == 1 ? "it" : "it and the " + std::to_string(paths.size() - 1) + " files after it"),
       "give a file with at least one row of data");
}

}  // namespace dcrnn::data
