// A result as text for people: aligned tables, then the claims with their evidence, then notes.
#pragma once

#include <string>

#include "core/experiment/experiment.h"

namespace attnlab {

/// One table with its caption: labels as headings, numbers right-aligned with three significant
/// digits, an estimate and its standard error as one column ("0.161 ± 0.010").
std::string table_text(const Table& table);

/// Heading with what was run, every table, claims as "A2 HOLDS  statement" over their evidence,
/// notes. Running text is broken at 100 columns.
std::string report_text(const RunSpec& spec, const Result& result);

}  // namespace attnlab
