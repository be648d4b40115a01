#include "bench/made_up_log.hpp"

#include <cmath>
#include <cstddef>
#include <fstream>

#include "core/random.hpp"
#include "train/config.hpp"

namespace dcrnn::bench {

namespace {

/// A field, how many words it has, and the number of the first one, which gives them their length.
struct Words {
  const char* field;
  std::size_t count, first, dim;
};
constexpr Words kWords[] = {
    {"user_id", 24'000, 1'000, 16},
    {"video_id", 6'000, 1'000, 16},
    {"tab", 15, 0, 4},
    {"hour", 24, 0, 4},
    {"weekday", 7, 0, 4},
    {"duration_ms", 4'800, 100'000, 8},
    {"user_active_degree", 9, 10'000'000'000, 4},
    {"is_live_streamer", 2, 100, 4},
    {"is_video_author", 2, 0, 4},
    {"follow_user_num_range", 8, 1'000'000, 4},
    {"fans_user_num_range", 9, 1'000'000, 4},
    {"friend_user_num_range", 7, 100'000, 4},
    {"register_days_range", 8, 10'000, 4},
    {"onehot_feat0", 2, 0, 4},
    {"onehot_feat1", 7, 0, 4},
    {"onehot_feat2", 49, 0, 4},
    {"onehot_feat3", 1'400, 0, 4},
    {"onehot_feat4", 16, 100, 4},
    {"onehot_feat5", 33, 0, 4},
    {"onehot_feat6", 3, 0, 4},
    {"onehot_feat7", 110, 0, 4},
    {"onehot_feat8", 440, 0, 4},
    {"onehot_feat9", 7, 0, 4},
    {"onehot_feat10", 5, 0, 4},
    {"onehot_feat11", 5, 0, 4},
    {"author_id", 5'400, 1'000'000, 8},
    {"upload_type", 12, 100'000'000, 4},
    {"music_id", 5'800, 9'000'000'000, 8},
    {"tag", 107, 1'000, 8},
};
constexpr const char* kBucketed = "duration_ms";

}  // namespace

Log write_made_up_log(const std::string& csv, std::size_t rows) {
  Config config;
  std::ofstream file(csv);
  for (const Words& words : kWords) {
    Field field;
    field.name = field.column = words.field;
    field.dim = words.dim;
    if (field.name == kBucketed) {
      field.type = FieldType::number;
      field.transform = Transform::buckets;
    }
    config.model.fields.push_back(field);
    file << words.field << ',';
  }
  config.model.tasks = {Task{"click", "click"}, Task{"long_view", "long_view", 0}};
  file << "click,long_view\n";
  for (std::size_t row = 0; row < rows; ++row) {
    const auto unit = [row](std::uint32_t stream) {
      return to_unit(philox(1, RandomUse::check, stream, row)[0]);
    };
    std::uint32_t stream = 0;
    for (const Words& words : kWords) {
      file << words.first +
                  static_cast<std::size_t>(std::pow(unit(stream++), 2) * static_cast<double>(words.count))
           << ',';
    }
    const bool click = unit(stream) < 0.4;
    file << click << ',' << (click && unit(stream + 1) < 0.7) << '\n';
  }
  return {to_json(config), csv};
}

}  // namespace dcrnn::bench
