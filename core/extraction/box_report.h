// The knowledge about a black box, as bytes between job and tables, and as tables.
#pragma once

#include <string>

#include "core/extraction/learn/black_box.h"
#include "core/extraction/report.h"

namespace attnlab::extraction {

struct BoxReport {
  JobReport common;           ///< the row (missing while the job runs) and at most 64 x 64 of W
  std::vector<double> value;  ///< v; empty while unknown, or behind a network
  Matrix<double> weight;      ///< W whole; empty while unknown
  FeedForward network;        ///< empty output: not there
  std::vector<double> gaps;   ///< for each length: number of questions, largest gap
  double spread = 0;          ///< standard deviation of the answers that were compared
  double accepted = 1e-6;     ///< largest gap that rounding explains, divided by the spread
};

/// Largest gap for inputs of n + 1 tokens, divided by the spread of the answers.
double relative_gap(const BoxReport& report, std::size_t n);

/// The matrices may be left out of a report that is not the last one.
Bytes encode(const BoxReport& report);
bool decode(std::span<const std::uint8_t> bytes, BoxReport& report);

/// Tables `recovery`, `value` (index, value), `weight` (row, column, value, true), `ffn` (unit,
/// quantity, index, value) and `check` (length, questions, gap). W has at most `most` rows and
/// columns in its table. A box that does not match has no rows in `value`, `weight` and `ffn`.
std::vector<Table> box_tables(const BoxReport& report, std::size_t most);

}  // namespace attnlab::extraction
