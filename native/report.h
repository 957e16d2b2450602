// A result as text for people: aligned tables, then the claims with their evidence, then notes.
#pragma once

#include <string>

#include "core/experiment/experiment.h"

namespace attnlab {

/// One table with its caption: labels as headings, numbers right-aligned with three significant
/// digits, an estimate and its standard error as one column ("0.161 ± 0.010").
/// Without `columns` a row is one line. With the columns of a terminal, a row that is wider has
/// long texts in paragraphs below it, and then its other cells on several lines.
std::string table_text(const Table& table, std::size_t columns = 0);

/// Heading with what was run, every table, claims as "A2 HOLDS  statement" over their evidence,
/// notes. Running text is broken at kTextColumns, or at fewer `columns`; the query stays one line,
/// to be copied.
std::string report_text(const RunSpec& spec, const Result& result, std::size_t columns = 0);

}  // namespace attnlab
