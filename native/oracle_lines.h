// The lines exchanged with a black box (docs/oracle-protocol.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/extraction/learn/query.h"

namespace attnlab {

/// "[[1,0.5],[0,2]]": the tokens of query i of a batch, digits that read back exactly.
std::string tokens_json(const extraction::QueryBatch& batch, std::size_t i);

/// The number in {"y": number}, or the list in {"y": [...]} where an answer has a width above 1;
/// nullopt for any other text, for a list of another length, and for numbers beyond a double.
std::optional<std::vector<double>> read_answer(std::string_view line, std::size_t width = 1);

/// "0.5", or "[0.5,1]" for an answer of several numbers.
std::string answer_json(std::span<const double> answer);

}  // namespace attnlab
