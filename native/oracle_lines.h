// The lines exchanged with a black box (docs/oracle-protocol.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/extraction/learn/query.h"

namespace attnlab {

/// "[[1,0.5],[0,2]]": the tokens of query i of a batch, digits that read back exactly.
std::string tokens_json(const extraction::QueryBatch& batch, std::size_t i);

/// The number in {"y": number}; nullopt for any other text, and for numbers beyond a double.
std::optional<double> read_answer(std::string_view line);

}  // namespace attnlab
