// The text of a log of real shape, for who has none at hand.
#pragma once

#include <cstddef>
#include <string>

#include "bench/log.hpp"

namespace dcrnn::bench {

/// Writes `rows` rows to the file `csv`: 29 columns with as many words, of about the same lengths, as those
/// of KuaiRand-Pure (docs/kuairand.md); D = 156. What is in a row is a function of its number; a word is the
/// more frequent the smaller its number.
Log write_made_up_log(const std::string& csv, std::size_t rows);

}  // namespace dcrnn::bench
