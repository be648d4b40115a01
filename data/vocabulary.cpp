#include "data/vocabulary.hpp"

#include "core/failure.hpp"
#include "data/hash.hpp"

namespace dcrnn::data {

std::size_t Vocabulary::locate(std::string_view word, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  const auto low = static_cast<std::uint32_t>(hash);
  std::size_t at = (hash >> 32) & mask;
  while (slots_[at].number != kNone && (slots_[at].hash != low || this->word(slots_[at].number) != word)) {
    at = (at + 1) & mask;
  }
  return at;
}

std::uint32_t Vocabulary::find(std::string_view word) const {
  if (slots_.empty()) return kNone;
  return slots_[locate(word, XXH3_64bits(word.data(), word.size()))].number;
}

std::uint32_t Vocabulary::add(std::string_view word) {
  if (2 * (ends_.size() + 1) > slots_.size()) grow();
  const std::uint64_t hash = XXH3_64bits(word.data(), word.size());
  Slot& slot = slots_[locate(word, hash)];
  if (slot.number != kNone) return slot.number;
  // The last number would leave no room for the row of unknown words.
  if (ends_.size() >= kNone - 1) {
    fail(ErrorCode::memory, "a vocabulary has more than 4294967294 words", "use encoding \"hash\"");
  }
  slot = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(ends_.size())};
  bytes_ += word;
  ends_.push_back(bytes_.size());
  return slot.number;
}

void Vocabulary::grow() {
  std::vector<Slot> bigger(slots_.empty() ? 16 : 2 * slots_.size());
  slots_.swap(bigger);
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const std::string_view text = word(i);
    const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
    slots_[locate(text, hash)] = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(i)};
  }
}

}  // namespace dcrnn::data
