// A batch of queries and its answers as bytes, for a black box outside the job (another program, a
// function in the page). web/oracle.js reads the same layout.
#pragma once

#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/extraction/learn/query.h"

namespace attnlab::extraction {

/// Little-endian: u32 dim, tokens, queries, members; u32 end of each query in the list of members;
/// u32 token number of each member; a zero u32 if the length is not yet a multiple of 8 bytes; then
/// tokens x dim doubles.
Bytes encode_question(const QueryBatch& batch);
/// False for bytes that are not one, or whose numbers do not fit together.
bool decode_question(std::span<const std::uint8_t> bytes, QueryBatch& batch);

/// One double per query, nothing else.
Bytes encode_answers(std::span<const double> answers);
/// False when there is not one finite number for each of `count` queries.
bool decode_answers(std::span<const std::uint8_t> bytes, std::size_t count,
                    std::vector<double>& answers);

}  // namespace attnlab::extraction
