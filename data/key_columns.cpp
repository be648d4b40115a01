#include "data/key_columns.hpp"

#include <map>
#include <tuple>

#include "data/cell.hpp"

namespace dcrnn::data {

KeyColumns::KeyColumns(const Schema& config) {
  std::map<std::tuple<std::string, bool, std::size_t, std::vector<std::string>>, std::size_t> known;
  for (const Field& field : config.fields) {
    std::vector<std::size_t>& own = of.emplace_back();
    for (const KeyColumn& column : field.of) {
      const std::size_t bins = column.numbers ? column.bins : 0;
      const auto [at, fresh] =
          known.try_emplace({column.column, column.numbers, bins, field.missing_words}, columns.size());
      if (fresh) {
        columns.push_back(key_field(field, column));
        first.push_back({of.size() - 1, own.size()});
      }
      own.push_back(at->second);
    }
  }
}

}  // namespace dcrnn::data
