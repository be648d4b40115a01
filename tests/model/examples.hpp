// Models that bring every registered kind of layer, by its examples, through the tests of all kinds.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/random.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"

namespace dcrnn::test {

/// T = 1, T = 2 and a forest of five.
inline constexpr std::string_view kTaskLists[] = {
    R"([{"name": "a"}])", R"([{"name": "a"}, {"name": "b", "after": "a", "weight": 0.3}])",
    R"([{"name": "a"}, {"name": "b", "after": "a"}, {"name": "c", "after": "b"}, {"name": "d", "after": "a"},
        {"name": "e"}])"};

/// The keys of a config that choose kinds, and the tasks.
struct Choice {
  std::string cross, sharing, transfer = "gru";
  std::string_view tasks = kTaskLists[1];
  std::string more = "";  ///< further keys, each with a comma before it

  /// The whole config; `train` is the inside of the "train" object.
  std::string json(const std::string& train = "") const {
    return R"({"fields": [
      {"name": "user", "type": "category", "encoding": "id", "size": 7, "dim": 3},
      {"name": "tags", "type": "bag", "encoding": "id", "size": 7, "dim": 2, "pool": "mean"},
      {"name": "age", "type": "number", "transform": "none"}],
    "weight": "w", "tasks": )" +
           std::string(tasks) + ", \"cross\": " + cross + ", \"sharing\": [" + sharing +
           "], \"tower\": [4], \"transfer\": \"" + transfer + "\"" + more + ", \"train\": {" + train + "}}";
  }
};

inline constexpr const char* kPlainCross = R"({"layers": 1})";
inline constexpr const char* kPlainSharing = R"({"shared": 4, "private": 2})";

/// Every example of every kind of `Kinds`: a kind without examples does not compile.
template <class Kinds>
std::vector<std::string> examples_of() {
  std::vector<std::string> all;
  Kinds::each([&]<class Kind>() {
    static_assert(std::size(Kind::kExamples) > 0, "a kind of layer names examples of its config");
    all.insert(all.end(), std::begin(Kind::kExamples), std::end(Kind::kExamples));
  });
  return all;
}

/// Whether block `second` may stand behind `first`.
inline bool may_follow(const std::string& first, const std::string& second) {
  const auto config = parse_config(Choice{kPlainCross, first}.json(), "config");
  const auto next = parse_config(Choice{kPlainCross, second}.json(), "config");
  const auto reads = [](const model::Sharings::Config& block) {
    return std::visit([](const auto& own) { return std::decay_t<decltype(own)>::Kind::reads_shared(own); },
                      block);
  };
  return reads(config.model.sharing[0]) || !reads(next.model.sharing[0]);
}

/// Every kind in each of its examples for every list of tasks, and what may stand beside them; then every two
/// kinds of blocks one behind the other, with the kinds of cross and of transfer in turn.
inline std::vector<Choice> every_choice() {
  std::vector<Choice> all;
  const std::vector<std::string> crosses = examples_of<model::Crosses>();
  const std::vector<std::string> blocks = examples_of<model::Sharings>();
  std::vector<std::string> transfers;
  model::Transfers::each([&]<class Kind>() { transfers.emplace_back(Kind::kWord); });
  for (const std::string_view tasks : kTaskLists) {
    for (const std::string& cross : crosses) all.push_back({cross, kPlainSharing, "gru", tasks});
    for (const std::string& block : blocks) all.push_back({kPlainCross, block, "gru", tasks});
    for (const std::string& transfer : transfers) all.push_back({kPlainCross, "", transfer, tasks});
    all.push_back({kPlainCross, kPlainSharing, "gru", tasks, R"(, "wide": true)"});
    all.push_back({kPlainCross, kPlainSharing, "gru", tasks,
                   R"(, "wide": true, "rate_pairs": [{"columns": ["p", "q", "r"]}])"});
    all.push_back({kPlainCross, kPlainSharing, "gru", tasks,
                   R"(, "rate_pairs": [{"columns": ["p", "q"]}, {"columns": ["r", "s"], "count": false}],
                      "project": 3)"});
  }
  for (const std::string& block : blocks) {
    all.push_back({kPlainCross, block, "ait", kTaskLists[1], R"(, "activation": "silu")"});
  }
  std::size_t turn = 0;
  model::Sharings::each([&]<class First>() {
    model::Sharings::each([&]<class Second>() {
      const std::string first(First::kExamples[0]), second(Second::kExamples[0]);
      if (!may_follow(first, second)) return;
      all.push_back({crosses[turn % crosses.size()], first + ", " + second,
                     transfers[turn % transfers.size()], kTaskLists[1 + turn % 2]});
      ++turn;
    });
  });
  return all;
}

/// Reproducible numbers, one stream per purpose.
class Numbers {
 public:
  explicit Numbers(std::uint32_t stream) : stream_(stream) {}
  double unit() { return to_unit(philox(11, RandomUse::check, stream_, next_++)[0]); }
  double symmetric() { return 2 * unit() - 1; }
  std::uint32_t below(std::size_t n) { return static_cast<std::uint32_t>(unit() * static_cast<double>(n)); }

 private:
  std::uint32_t stream_;
  std::uint64_t next_ = 0;
};

/// A model of a choice with random parameters, neither small nor saturated.
struct Subject {
  explicit Subject(const Choice& choice, const std::string& train = "")
      : json(choice.json(train)),
        config(parse_config(json, "config")),
        table(config.model, table_rows(config.model)),
        parameters(table.total()) {
    Numbers draw(0);
    for (const model::Parameter& parameter : table.all()) {
      const bool matrix = parameter.shape.size() == 2 && parameter.init != model::Init::embedding;
      const double bound = matrix ? 1.5 / std::sqrt(static_cast<double>(parameter.shape[1])) : 0.7;
      for (std::size_t i = 0; i < parameter.size; ++i) {
        parameters[parameter.offset + i] = static_cast<float>(bound * draw.symmetric());
      }
    }
  }
  static std::vector<std::size_t> table_rows(const Schema& schema) {
    std::vector<std::size_t> rows;
    for (const Field& field : schema.fields) rows.push_back(field.has_table() ? 7 : 0);
    return rows;
  }
  std::vector<double> wide() const { return {parameters.begin(), parameters.end()}; }

  std::string json;
  Config config;
  model::ParameterTable table;
  std::vector<float> parameters;
};

/// Random rows for a subject, some labels missing.
inline Batch rows_for(const Subject& subject, std::size_t rows, std::uint32_t stream = 1) {
  Numbers draw(stream);
  Batch batch;
  batch.rows = rows;
  const std::vector<Field>& fields = subject.config.model.fields;
  batch.columns.resize(fields.size());
  batch.columns[1].offsets.push_back(0);
  batch.labels.resize(subject.config.model.tasks.size());
  for (std::size_t b = 0; b < rows; ++b) {
    batch.columns[0].ids.push_back(draw.below(7));
    for (std::uint32_t i = draw.below(4); i > 0; --i) batch.columns[1].ids.push_back(draw.below(7));
    batch.columns[1].offsets.push_back(static_cast<std::uint32_t>(batch.columns[1].ids.size()));
    // As a float holds it, so that both precisions see the same number.
    batch.columns[2].values.push_back(static_cast<float>(2 * draw.symmetric()));
    for (std::size_t f = 3; f < fields.size(); ++f) {
      for (std::size_t i = 0; i < fields[f].width(); ++i)
        batch.columns[f].values.push_back(static_cast<float>(2 * draw.symmetric()));
    }
    for (std::vector<std::int8_t>& labels : batch.labels) {
      const bool missing = b > 0 && draw.unit() < 0.2;
      labels.push_back(missing ? kMissingLabel : static_cast<std::int8_t>(draw.below(2)));
    }
    batch.weights.push_back(0.5 + draw.unit());
  }
  return batch;
}

}  // namespace dcrnn::test
