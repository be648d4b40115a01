#include <cmath>
#include <cstring>

#include "data/dataset.hpp"
#include "data/encoder.hpp"
#include "data/hash.hpp"
#include "data/vocabulary.hpp"
#include "support.hpp"

namespace dcrnn::data {
namespace {

Schema every_kind() {
  Schema config;
  config.fields = {category("word", Encoding::vocab, 2),     category("hashed", Encoding::hash, 1000),
                   category("id", Encoding::id, 5),          bag("tags", Encoding::vocab),
                   bag("hashed_tags", Encoding::hash, 100),  number("plain", Transform::none),
                   number("scaled", Transform::standardize), number("logged", Transform::log1p),
                   number("bucketed", Transform::buckets, 4)};
  config.tasks = {task("click")};
  return config;
}

constexpr const char* kTraining =
    "word,hashed,id,tags,hashed_tags,plain,scaled,logged,bucketed,click\n"
    "b,x,0,red|blue,p,1,1,0,1,0\n"
    "a,y,1,,q|q,2,2,0,2,1\n"
    "b,z,2,green,,3,4,0,3,0\n"
    "a,,3,blue|blue,p,4,5,0,4,1\n"
    "rare,,4,red,p,5,,,5,0\n"
    ",,4,red,p,5,,,,0\n";

Encoders train(const TempDirectory& dir, const Schema& config) {
  return build_training_data(config, {dir.file("train.csv", kTraining)}, dir / "cache", {}).encoders;
}

/// Ids or values that the cells give one after another, or the error.
struct Encoded {
  BatchColumn column;
  std::string error;
};
Encoded encode(const Encoders& encoders, std::size_t field, const std::vector<std::string>& cells) {
  Encoded result;
  result.column.offsets = {0};
  for (const std::string& cell : cells) {
    result.error = encoders.encode(field, cell, result.column);
    if (!result.error.empty()) break;
  }
  return result;
}

using Ids = std::vector<std::uint32_t>;

void check_every_kind(const Encoders& encoders) {
  // Rows: 1 + {b, a}; "rare" occurs once. Tags: red, blue, green.
  CHECK(encoders.table_rows() == std::vector<std::size_t>{3, 1000, 5, 4, 100, 0, 0, 0, 5});
  CHECK(encode(encoders, 0, {"b", "a", "rare", "", "c", "B"}).column.ids == Ids{1, 2, 0, 0, 0, 0});
  // XXH64 of "", "a" and "abc" with seed 0, as its specification lists them.
  CHECK(encode(encoders, 1, {"", "a", "abc"}).column.ids ==
        Ids{static_cast<std::uint32_t>(0xEF46DB3751D8E999 % 1000),
            static_cast<std::uint32_t>(0xD24EC4F1A98C6E5B % 1000),
            static_cast<std::uint32_t>(0x44BC2CF5AD770999 % 1000)});
  CHECK(encode(encoders, 2, {"0", "4"}).column.ids == Ids{0, 4});
  CHECK(contains(encode(encoders, 2, {"5"}).error, "\"5\" is not smaller than"));
  CHECK(contains(encode(encoders, 2, {""}).error, "empty"));
  const Encoded tags = encode(encoders, 3, {"blue|red|blue", "", "green", "new"});
  CHECK(tags.column.ids == Ids{2, 1, 2, 3, 0});
  CHECK(tags.column.offsets == Ids{0, 3, 3, 4, 5});
  for (const char* cell : {"|", "red|", "|red", "red||blue"}) {
    const Encoded bad = encode(encoders, 3, {"red", cell});
    CHECK_MESSAGE(contains(bad.error, "item of the bag is empty"), cell);
    CHECK(bad.column.ids == Ids{1});  // as before the bad cell
    CHECK(bad.column.offsets == Ids{0, 1});
  }
  CHECK(encode(encoders, 5, {"2.5", "-1e3"}).column.values == std::vector<double>{2.5, -1000});
  CHECK(contains(encode(encoders, 5, {""}).error, "empty"));
  CHECK(contains(encode(encoders, 5, {"1.2.3"}).error, "\"1.2.3\" is not a number"));
  // scaled: 1, 2, 4, 5 have mean 3 and variance (4 + 1 + 1 + 4) / 4.
  const std::vector<double> scaled = encode(encoders, 6, {"3", "5", ""}).column.values;
  CHECK(scaled[0] == 0);
  CHECK(scaled[1] == doctest::Approx(2 / std::sqrt(2.5)).epsilon(1e-15));
  CHECK(scaled[2] == 0);
  // logged is constant: divided by 1.
  const std::vector<double> logged = encode(encoders, 7, {"0", "1.5", ""}).column.values;
  CHECK(logged[0] == 0);
  CHECK(logged[1] == std::log1p(1.5));
  CHECK(logged[2] == 0);
  for (const char* cell : {"-1", "-2"}) CHECK(contains(encode(encoders, 7, {cell}).error, "has no log1p"));
  // bucketed: 1..5 in four bins: quantiles at ranks ceil(5 i / 4) = 2, 3, 4.
  CHECK(encode(encoders, 8, {"", "-9", "2", "2.5", "3", "3.1", "4", "4.1", "99"}).column.ids ==
        Ids{0, 1, 1, 2, 2, 3, 3, 4, 4});
}

TEST_CASE("encoder: every kind of field, from training and again from its tensors") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const Encoders trained = train(dir, config);
  check_every_kind(trained);
  check_every_kind(Encoders::from_tensors(config, trained.tensors(), "m.safetensors"));
}

TEST_CASE("encoder: tensors have the documented names, types and content") {
  const TempDirectory dir;
  const Encoders trained = train(dir, every_kind());
  const std::vector<TensorView> tensors = trained.tensors();
  std::vector<std::string> names;
  for (const TensorView& tensor : tensors) names.push_back(tensor.name);
  CHECK(names == std::vector<std::string>{
                     "encoder.word.vocab.bytes", "encoder.word.vocab.ends", "encoder.word.counts",
                     "encoder.hashed.seen", "encoder.hashed.counts", "encoder.id.seen", "encoder.id.counts",
                     "encoder.tags.vocab.bytes", "encoder.tags.vocab.ends", "encoder.tags.counts",
                     "encoder.hashed_tags.seen", "encoder.hashed_tags.counts", "encoder.plain.counts",
                     "encoder.scaled.statistics", "encoder.scaled.counts", "encoder.logged.statistics",
                     "encoder.logged.counts", "encoder.bucketed.edges", "encoder.bucketed.counts"});
  CHECK(tensors[7].dtype == DType::u8);
  CHECK(std::string(reinterpret_cast<const char*>(tensors[7].data.data()), tensors[7].data.size()) ==
        "redbluegreen");
  std::uint64_t ends[3];
  REQUIRE(tensors[8].data.size() == sizeof ends);
  std::memcpy(ends, tensors[8].data.data(), sizeof ends);
  CHECK(ends[0] == 3);
  CHECK(ends[1] == 7);
  CHECK(ends[2] == 12);
  CHECK(tensors[17].shape == std::vector<std::size_t>{3});
  CHECK(tensors[5].data.size() == 1);
  CHECK(tensors[5].data[0] == std::byte{0b11111});
  std::uint64_t counts[4];
  REQUIRE(tensors[9].data.size() == sizeof counts);
  std::memcpy(counts, tensors[9].data.data(), sizeof counts);
  CHECK(std::vector(counts, counts + 4) == std::vector<std::uint64_t>{6, 1, 7, 1});
}

TEST_CASE("encoder: cells are counted, in training and in what is encoded later") {
  const TempDirectory dir;
  const Schema config = every_kind();
  const Encoders trained = train(dir, config);
  const auto check = [](const CellCounts& found, const std::vector<std::uint64_t>& want) {
    CHECK(std::vector{found.cells, found.empty, found.values, found.unknown} == want);
  };
  check(trained.training_counts(0), {6, 1, 5, 5});  // of words that occur twice, without one of them
  check(trained.training_counts(1), {6, 3, 3, 3});
  check(trained.training_counts(2), {6, 0, 6, 4});
  check(trained.training_counts(3), {6, 1, 7, 1});
  check(trained.training_counts(4), {6, 1, 6, 0});
  check(trained.training_counts(5), {6, 0, 0, 0});
  check(trained.training_counts(6), {6, 2, 0, 0});
  check(trained.training_counts(8), {6, 1, 0, 0});
  const Encoders loaded = Encoders::from_tensors(config, trained.tensors(), "m");
  check(loaded.training_counts(3), {6, 1, 7, 1});
  for (const Encoders* encoders : {&trained, &loaded}) {
    check(encode(*encoders, 0, {"b", "rare", "", "c"}).column.counts, {4, 1, 3, 2});
    check(encode(*encoders, 1, {"x", "", "never seen", "y"}).column.counts, {4, 1, 3, 1});
    check(encode(*encoders, 3, {"red|new|new", "", "blue"}).column.counts, {3, 1, 4, 2});
    check(encode(*encoders, 6, {"", "1", ""}).column.counts, {3, 2, 0, 0});
  }
}

TEST_CASE("encoder: counts and seen rows may be left out, but not be wrong") {
  Schema config;
  config.fields = {category("h", Encoding::hash, 11)};
  const auto error_of = [&](const std::vector<std::uint64_t>& counts,
                            const std::vector<unsigned char>& seen) {
    const std::vector<TensorView> tensors = {
        tensor_view("encoder.h.counts", {counts.size()}, std::span<const std::uint64_t>(counts)),
        tensor_view("encoder.h.seen", {seen.size()}, std::span<const unsigned char>(seen))};
    return failure_of([&] { (void)Encoders::from_tensors(config, tensors, "m"); }).message;
  };
  CHECK(error_of({5, 1, 4, 4}, {255, 7}) == "(no failure)");
  CHECK(contains(error_of({5, 6, 4, 4}, {255, 7}), "encoder.h.counts"));
  CHECK(contains(error_of({5, 1, 4, 5}, {255, 7}), "encoder.h.counts"));
  CHECK(contains(error_of({5, 1, 4}, {255, 7}), "encoder.h.counts"));
  CHECK(contains(error_of({5, 1, 4, 4}, {255, 8}), "encoder.h.seen"));
  CHECK(contains(error_of({5, 1, 4, 4}, {255}), "encoder.h.seen"));
  const std::vector<std::uint64_t> alone = {5, 1, 4, 4};
  const std::vector<TensorView> without_seen = {
      tensor_view("encoder.h.counts", {4}, std::span<const std::uint64_t>(alone))};
  CHECK(contains(failure_of([&] { (void)Encoders::from_tensors(config, without_seen, "m"); }).message,
                 "encoder.h.seen"));
  CHECK(contains(error_of({1ULL << 60, 1, 4, 4}, {255, 7}), "encoder.h.counts"));
  const Encoders none = Encoders::from_tensors(config, {}, "m");
  CHECK(none.training_counts(0).cells == 0);
  CHECK(encode(none, 0, {"a", "b"}).column.counts.unknown == 0);
}

TEST_CASE("encoder: bad tensors are Failure(model) and name the tensor") {
  const auto view = [](const std::string& name, const auto& values) {
    using T = std::remove_cvref_t<decltype(values[0])>;
    return tensor_view(name, {values.size()}, std::span<const T>(values));
  };
  using Bytes = std::vector<unsigned char>;
  using Ends = std::vector<std::uint64_t>;
  using Doubles = std::vector<double>;
  Schema config;
  config.fields = {category("w", Encoding::vocab), number("n", Transform::standardize),
                   number("b", Transform::buckets, 3)};
  struct Content {
    Bytes bytes = {'a', 'b', 'c'};
    Ends ends = {1, 3};
    Doubles statistics = {0, 1}, edges = {1, 2};
  };
  const auto error_of = [&](const Content& content, const std::string& left_out = "",
                            const std::string& extra = "") {
    std::vector<TensorView> tensors;
    const auto add = [&](const TensorView& tensor) {
      if (tensor.name != left_out) tensors.push_back(tensor);
    };
    add(view("encoder.w.vocab.bytes", content.bytes));
    add(view("encoder.w.vocab.ends", content.ends));
    add(view("encoder.n.statistics", content.statistics));
    add(view("encoder.b.edges", content.edges));
    add(view("head.click.bias", Doubles{1}));  // not ours
    if (!extra.empty()) add(view(extra, content.edges));
    return failure_of([&] { (void)Encoders::from_tensors(config, tensors, "m.safetensors"); });
  };
  CHECK(error_of({}).message == "(no failure)");
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<Error, std::string>> cases = {
      {error_of({.bytes = {'a', 'b'}}), "encoder.w.vocab.ends"},
      {error_of({.ends = {3, 1}}), "encoder.w.vocab.ends"},
      {error_of({.ends = {1, 1, 3}}), "encoder.w.vocab.ends"},
      {error_of({.ends = {1, 9, 3}}), "encoder.w.vocab.ends"},
      {error_of({.ends = {}}), "encoder.w.vocab.ends"},
      {error_of({.bytes = {'a', 'a'}, .ends = {1, 2}}), "encoder.w.vocab.bytes"},
      {error_of({.bytes = {'a', 0xFF, 'c'}}), "encoder.w.vocab.bytes"},
      {error_of({.statistics = {0}}), "encoder.n.statistics"},
      {error_of({.statistics = {0, 0}}), "encoder.n.statistics"},
      {error_of({.statistics = {0, -1}}), "encoder.n.statistics"},
      {error_of({.statistics = {infinity, 1}}), "encoder.n.statistics"},
      {error_of({.edges = {1, 1}}), "encoder.b.edges"},
      {error_of({.edges = {2, 1}}), "encoder.b.edges"},
      {error_of({.edges = {1, infinity}}), "encoder.b.edges"},
      {error_of({.edges = {1, 2, 3}}), "encoder.b.edges"},
      {error_of({}, "encoder.b.edges"), "encoder.b.edges"},
      {error_of({}, "encoder.w.vocab.ends"), "encoder.w.vocab.ends"},
      {error_of({}, "", "encoder.w.edges"), "encoder.w.edges"},
      {error_of({}, "", "encoder.other.edges"), "encoder.other.edges"},
  };
  for (const auto& one : cases) {
    const Error& error = one.first;
    const std::string& tensor = one.second;
    INFO(tensor, " -> ", error.message);
    CHECK(error.code == ErrorCode::model);
    CHECK(contains(error.message, "m.safetensors: tensor \"" + tensor + "\""));
  }
  const std::vector<TensorView> wrong_type = {view("encoder.w.vocab.bytes", Doubles{1})};
  CHECK(contains(failure_of([&] { (void)Encoders::from_tensors(config, wrong_type, "m"); }).message, "type"));
}

TEST_CASE("encoder: without data only what needs none") {
  Schema config;
  config.fields = {category("c", Encoding::id, 3), category("h", Encoding::hash, 7),
                   bag("t", Encoding::id, 4), number("n", Transform::none)};
  CHECK(Encoders(config).table_rows() == std::vector<std::size_t>{3, 7, 4, 0});
  CHECK(Encoders(config).tensors().empty());
  for (const Field& field : {category("v", Encoding::vocab), number("s", Transform::standardize),
                             number("l", Transform::log1p), number("b", Transform::buckets, 3)}) {
    config.fields = {field};
    const Error error = failure_of([&] { (void)Encoders(config); });
    CHECK(error.code == ErrorCode::usage);
    CHECK(contains(error.message, "\"" + field.name + "\""));
  }
}

TEST_CASE("vocabulary: many words, numbered as they come") {
  Vocabulary vocabulary;
  CHECK(vocabulary.find("w0") == Vocabulary::kNone);
  for (std::uint32_t i = 0; i < 50000; ++i) REQUIRE(vocabulary.add("w" + std::to_string(i)) == i);
  for (std::uint32_t i = 0; i < 50000; ++i) {
    REQUIRE(vocabulary.add("w" + std::to_string(i)) == i);
    REQUIRE(vocabulary.find("w" + std::to_string(i)) == i);
    REQUIRE(vocabulary.word(i) == "w" + std::to_string(i));
    REQUIRE(vocabulary.find("x" + std::to_string(i)) == Vocabulary::kNone);
  }
  CHECK(vocabulary.size() == 50000);
}

}  // namespace
}  // namespace dcrnn::data
