// Caches whose checksums are right and whose content is not: each is built anew. And caches that others
// change while they are in use.
#include <functional>
#include <limits>

#include "data/cache.hpp"
#include "data/cache_format.hpp"
#include "data/dataset.hpp"
#include "data/field_state.hpp"
#include "tests/data/every_kind.hpp"
#include "tests/data/forgery.hpp"

using namespace dcrnn;
using namespace dcrnn::data;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class T>
void set(std::byte* at, T value) {
  store(at, value);
}

using Kind = RecordLayout::Kind;
using Change = std::function<void(Forgery&)>;

/// Gives a tensor other bytes, which live as long as the test.
template <class T>
void replace(std::vector<TensorView>& tensors, std::string_view ending, const std::vector<T>& values) {
  static std::vector<std::vector<T>> kept;
  kept.push_back(values);
  for (TensorView& tensor : tensors) {
    if (!tensor.name.ends_with(ending)) continue;
    tensor.shape = {values.size()};
    tensor.data = std::as_bytes(std::span<const T>(kept.back()));
    return;
  }
  throw std::runtime_error("no such tensor");
}

const std::vector<std::pair<const char*, Change>> kForgeries = {
    {"a row of a table that is not there",
     [](Forgery& f) { set(f.slot(Kind::row), std::uint32_t{1000000}); }},
    {"the largest id", [](Forgery& f) { set(f.slot(Kind::row), ~std::uint32_t{0}); }},
    {"a row of the second table", [](Forgery& f) { set(f.slot(Kind::row, 1), std::uint32_t{1000000}); }},
    {"an item that is no row", [](Forgery& f) { f.items[f.items.size() / 2] = 1000000; }},
    {"the last item", [](Forgery& f) { f.items.back() = ~std::uint32_t{0}; }},
    {"NaN", [](Forgery& f) { set(f.slot(Kind::value), kNaN); }},
    {"infinity", [](Forgery& f) { set(f.slot(Kind::value), -kInfinity); }},
    {"more than a float holds", [](Forgery& f) { set(f.slot(Kind::value), 1e300); }},
    {"label 2", [](Forgery& f) { set(f.at(0, f.layout.labels), std::int8_t{2}); }},
    {"label -2", [](Forgery& f) { set(f.at(5, f.layout.labels), std::int8_t{-2}); }},
    {"label 127", [](Forgery& f) { set(f.at(5, f.layout.labels), std::int8_t{127}); }},
    {"a negative weight", [](Forgery& f) { set(f.at(5, f.layout.weight), -1.0); }},
    {"a weight that is NaN", [](Forgery& f) { set(f.at(5, f.layout.weight), kNaN); }},
    {"an infinite weight", [](Forgery& f) { set(f.at(5, f.layout.weight), kInfinity); }},
    {"a bag that begins too late", [](Forgery& f) { f.change_bag(1, 0); }},
    {"a bag that begins too early", [](Forgery& f) { f.change_bag(~std::uint64_t{0}, 0); }},
    {"a bag that begins past the end", [](Forgery& f) { f.change_bag(std::uint64_t{1} << 40, 0); }},
    {"a bag with an item more", [](Forgery& f) { f.change_bag(0, 1); }},
    {"a bag with an item less", [](Forgery& f) { f.change_bag(0, ~std::uint64_t{0}); }},
    {"a bag whose size overflows", [](Forgery& f) { f.change_bag(0, std::uint64_t{1} << 62); }},
    {"a row more in the trailer", [](Forgery& f) { ++f.trailer.rows; }},
    {"a row less in the trailer", [](Forgery& f) { --f.trailer.rows; }},
    {"rows that overflow", [](Forgery& f) { f.trailer.rows += std::uint64_t{1} << 61; }},
    {"no rows", [](Forgery& f) { f.trailer.rows = 0; }},
    {"no rows at all",
     [](Forgery& f) {
       f.records.clear();
       f.items.clear();
       f.trailer.rows = f.trailer.items = 0;
     }},
    {"items that overflow", [](Forgery& f) { f.trailer.items += std::uint64_t{1} << 62; }},
    {"an item that no bag holds",
     [](Forgery& f) {
       f.items.push_back(0);
       ++f.trailer.items;
     }},
    {"records of another size", [](Forgery& f) { f.trailer.record_size += 8; }},
    {"encoders of another size", [](Forgery& f) { f.trailer.encoders_size -= 8; }},
    {"encoders that overflow", [](Forgery& f) { f.trailer.encoders_size = ~std::uint64_t{0}; }},
    {"another key", [](Forgery& f) { ++f.trailer.key; }},
    {"no encoders",
     [](Forgery& f) {
       f.encoders.clear();
       f.trailer.encoders_size = 0;
     }},
    {"edges that fall",
     [](Forgery& f) {
       f.change_encoders([](auto& tensors) { replace<double>(tensors, ".edges", {3, 2}); });
       f.trailer.encoders_size = f.encoders.size();
     }},
    {"edges that are NaN",
     [](Forgery& f) {
       f.change_encoders([](auto& tensors) { replace<double>(tensors, ".edges", {1, kNaN}); });
       f.trailer.encoders_size = f.encoders.size();
     }},
    {"a divisor of 0",
     [](Forgery& f) {
       f.change_encoders([](auto& tensors) { replace<double>(tensors, ".statistics", {1, 0}); });
       f.trailer.encoders_size = f.encoders.size();
     }},
    {"a smaller vocabulary than the rows know",
     [](Forgery& f) {
       f.change_encoders([](auto& tensors) {
         replace<unsigned char>(tensors, ".vocab.bytes", {'a'});
         replace<std::uint64_t>(tensors, ".vocab.ends", {1});
       });
       f.trailer.encoders_size = f.encoders.size();
     }},
    {"a vocabulary that ends elsewhere",
     [](Forgery& f) {
       f.change_encoders([](auto& tensors) { replace<std::uint64_t>(tensors, ".vocab.ends", {1}); });
       f.trailer.encoders_size = f.encoders.size();
     }},
    {"a tensor with a shape that overflows",
     [](Forgery& f) {
       f.change_encoders([](auto& tensors) { tensors[0].shape = {std::uint64_t{1} << 63}; });
       f.trailer.encoders_size = f.encoders.size();
     }},
};

}  // namespace

TEST_CASE("a forged cache is built anew") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string path = dir.file("a.csv", every_kind_csv(200, 9));
  const auto build = [&] { return build_training_data(config, {path}, dir / "cache", {}); };
  const std::uint64_t fingerprint = build().dataset.fingerprint;
  const std::string cache = std::filesystem::directory_iterator(dir / "cache")->path();
  const std::string good = read_file(cache);
  const Forgery taken_apart(config, good);
  const std::uint64_t schema = schema_hash(config);

  // The forger knows the trade: unchanged, the cache is taken.
  Forgery honest = taken_apart;
  honest.schema = schema;
  CHECK(honest.sealed() == good);

  CHECK(kForgeries.size() >= 30);
  for (const auto& forgery : kForgeries) {
    CAPTURE(forgery.first);
    Forgery forged = taken_apart;
    forged.schema = schema;
    forgery.second(forged);
    const std::string bytes = forged.sealed();
    REQUIRE(bytes != good);
    test::write_text(cache, bytes);
    const TrainingData data = build();
    CHECK_FALSE(data.dataset.from_cache);
    CHECK(data.dataset.fingerprint == fingerprint);
    REQUIRE(read_file(cache) == good);
  }
}

TEST_CASE("a cache that others change while it is in use ends the run and gives no other rows") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const std::string path = dir.file("a.csv", every_kind_csv(3000, 9));
  TrainingData data = build_training_data(config, {path}, dir / "cache", {});
  const std::string cache = std::filesystem::directory_iterator(dir / "cache")->path();
  const std::string good = read_file(cache);
  Batch batch;
  const auto read_all = [&] {
    std::vector<std::size_t> index(100);
    for (std::size_t first = 0; first < 3000; first += index.size()) {
      // Forwards and backwards, so that rows are read together and one by one.
      for (std::size_t i = 0; i < index.size(); ++i) {
        index[i] = first / 100 % 2 == 0 ? first + i : first + index.size() - 1 - i;
      }
      data.dataset.rows->read(index.data(), index.size(), batch);
    }
  };
  const auto overwrite = [&](std::size_t at, std::string_view bytes) {
    std::fstream(cache, std::ios::binary | std::ios::in | std::ios::out)
        .seekp(static_cast<std::streamoff>(at))
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  };
  read_all();
  const auto check = [&] {
    const Error error = failure_of(read_all);
    CHECK(error.code == ErrorCode::io);
    CHECK(contains(error.message, cache + ": it was changed while it was in use"));
    test::write_text(cache, good);
    data = build_training_data(config, {path}, dir / "cache", {});
    REQUIRE(data.dataset.from_cache);
    read_all();
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{64}, good.size() / 3, good.size() / 2}) {
    CAPTURE(size);
    std::filesystem::resize_file(cache, size);
    check();
  }
  const RecordLayout layout(config, RecordLayout::Stage::encoded);
  const std::size_t records_end = sizeof(CacheHeader) + 3000 * layout.size;
  // A byte of a record, of its check, of the items; another row in the place of one; another cache.
  for (const std::size_t at :
       {sizeof(CacheHeader), sizeof(CacheHeader) + 1001 * layout.size - 1, records_end}) {
    CAPTURE(at);
    overwrite(at, std::string(1, static_cast<char>(good[at] ^ 1)));
    check();
  }
  overwrite(sizeof(CacheHeader) + 7 * layout.size,
            good.substr(sizeof(CacheHeader) + 8 * layout.size, layout.size));
  check();
  const std::string other = dir.file("b.csv", every_kind_csv(3000, 10));
  build_training_data(config, {other}, dir / "other", {});
  overwrite(0, read_file(std::filesystem::directory_iterator(dir / "other")->path()));
  check();
  // Removed, or replaced as a whole, it goes on: the file that is open is still there.
  std::filesystem::remove(cache);
  read_all();
}
