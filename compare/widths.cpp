#include "compare/widths.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dcrnn/files.hpp"

namespace dcrnn::compare {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostWidth = std::size_t{1} << 20;
constexpr int kHalvings = 30;
constexpr long kNear = 4;  // steps that a single width is moved

/// The configs of a row with their widths as one list; all configs of a row have the same.
class Widths {
 public:
  explicit Widths(const Row& row) : row_(row) {
    for (const std::string& text : row.configs) configs_.push_back(Json::parse(text));
    for (const std::string& place : places(configs_[0])) {
      places_.emplace_back(place);
      given_.push_back(configs_[0].at(places_.back()).get<std::size_t>());
    }
  }

  const std::vector<std::size_t>& given() const { return given_; }

  Row with(const std::vector<std::size_t>& widths) const {
    Row row = row_;
    for (std::size_t i = 0; i < row.configs.size(); ++i) {
      Json config = configs_[i];
      for (std::size_t w = 0; w < widths.size(); ++w) config.at(places_[w]) = widths[w];
      row.configs[i] = config.dump();
    }
    return row;
  }

 private:
  static std::vector<std::string> places(const Json& config) {
    std::vector<std::string> found;
    const auto add = [&](const std::string& place) {
      const Json& width = config.at(Json::json_pointer(place));
      if (width.is_number_unsigned() && width > 0) found.push_back(place);
    };
    const auto each = [&](const char* list, const auto& use) {
      if (!config.contains(list) || !config[list].is_array()) return;
      for (std::size_t i = 0; i < config[list].size(); ++i) {
        use("/" + std::string(list) + "/" + std::to_string(i));
      }
    };
    each("sharing", [&](const std::string& block) {
      for (const char* key : {"/shared", "/private", "/units"}) {
        if (config.contains(Json::json_pointer(block + key))) add(block + key);
      }
    });
    if (found.empty()) each("tower", add);
    return found;
  }

  const Row& row_;
  std::vector<Json> configs_;
  std::vector<Json::json_pointer> places_;
  std::vector<std::size_t> given_;
};

std::vector<std::size_t> scaled(const std::vector<std::size_t>& widths, double factor) {
  std::vector<std::size_t> made;
  for (const std::size_t width : widths) {
    const double wanted = std::round(static_cast<double>(width) * factor);
    made.push_back(static_cast<std::size_t>(std::clamp(wanted, 1.0, static_cast<double>(kMostWidth))));
  }
  return made;
}

/// The nearest row found so far.
class Search {
 public:
  Search(const Widths& widths, Equal equal, double target, const std::string& config_name)
      : widths_(widths), equal_(equal), target_(target), config_name_(config_name) {}

  /// Whether a row of these widths is larger than wanted. Sizes that cannot be are.
  bool is_larger(const std::vector<std::size_t>& widths) {
    const Row row = widths_.with(widths);
    const Result<double> size = size_of(row, equal_, config_name_);
    if (!size) return true;
    if (const double off = std::abs(*size - target_) / target_; off < off_) {
      off_ = off;
      best_ = widths;
    }
    return *size > target_;
  }
  double off() const { return off_; }
  const std::vector<std::size_t>& best() const { return best_; }

 private:
  const Widths& widths_;
  Equal equal_;
  double target_;
  const std::string& config_name_;
  double off_ = INFINITY;
  std::vector<std::size_t> best_;
};

}  // namespace

Result<double> size_of(const Row& row, Equal equal, const std::string& config_name) {
  double size = 0;
  for (const std::string& config : row.configs) {
    const Result<NetworkInfo> info = inspect_config(config, config_name);
    if (!info) return info.error();
    size += equal == Equal::flops ? info->forward_flops_per_row : static_cast<double>(info->parameters);
  }
  return size;
}

Result<bool> make_equal(Row& row, Equal equal, double target, const std::string& config_name) {
  // With every default written out.
  Row effective = row;
  for (std::string& config : effective.configs) {
    Result<NetworkInfo> info = inspect_config(config, config_name);
    if (!info) return info.error();
    config = std::move(info->config_json);
  }
  const Widths widths(effective);
  Search search(widths, equal, target, config_name);
  search.is_larger(widths.given());
  if (widths.given().empty()) return search.off() <= kEqualWithin;
  double low = 0, high = 1;
  while (high < kMostWidth && !search.is_larger(scaled(widths.given(), high))) high *= 2;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (search.is_larger(scaled(widths.given(), middle)) ? high : low) = middle;
  }
  const std::vector<std::size_t> near = search.best();
  for (std::size_t w = 0; w < near.size() && search.off() > 0; ++w) {
    for (long step = -kNear; step <= kNear; ++step) {
      std::vector<std::size_t> moved = search.best();
      if (step < 0 && moved[w] <= static_cast<std::size_t>(-step)) continue;
      moved[w] += static_cast<std::size_t>(step);
      search.is_larger(moved);
    }
  }
  if (search.off() > kEqualWithin) return false;
  row = widths.with(search.best());
  return true;
}

}  // namespace dcrnn::compare
