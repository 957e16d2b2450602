#include "core/extraction/learn/question.h"

#include <cmath>

namespace attnlab::extraction {
namespace {

/// Number of u32 words before the doubles, without padding.
std::size_t head_words(std::size_t queries, std::size_t members) {
  return 4 + queries + members;
}

}  // namespace

Bytes encode_question(const QueryBatch& batch) {
  ByteWriter writer;
  const auto count = [&](std::size_t value) { writer.u32(static_cast<std::uint32_t>(value)); };
  count(batch.dim());
  count(batch.token_count());
  count(batch.size());
  count(batch.member_count());
  std::size_t end = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) count(end += batch[i].size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    for (const std::uint32_t token : batch[i]) writer.u32(token);
  }
  if (head_words(batch.size(), batch.member_count()) % 2 == 1) writer.u32(0);
  for (std::uint32_t t = 0; t < batch.token_count(); ++t) {
    for (const double entry : batch.token_values(t)) writer.real(entry);
  }
  return writer.take();
}

bool decode_question(std::span<const std::uint8_t> bytes, QueryBatch& batch) {
  ByteReader reader(bytes);
  const std::size_t dim = reader.u32(), tokens = reader.u32(), queries = reader.u32(),
                    members = reader.u32();
  const std::size_t words = head_words(queries, members);
  if (!reader.ok() || dim == 0 || bytes.size() / 4 < words) return false;
  batch = QueryBatch(dim);
  std::vector<std::size_t> ends(queries);
  for (std::size_t& end : ends) end = reader.u32();
  std::vector<std::uint32_t> member(members);
  for (std::uint32_t& token : member) {
    token = reader.u32();
    if (token >= tokens) return false;
  }
  if (words % 2 == 1) reader.u32();
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (end <= begin || end > members) return false;
    batch.query(std::span(member).subspan(begin, end - begin));
    begin = end;
  }
  if (begin != members || bytes.size() != 4 * (words + words % 2) + 8 * tokens * dim) return false;
  std::vector<double> values(dim);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (double& entry : values) entry = reader.real();
    batch.token(values);
  }
  return reader.at_end();
}

Bytes encode_answers(std::span<const double> answers) {
  ByteWriter writer;
  for (const double answer : answers) writer.real(answer);
  return writer.take();
}

bool decode_answers(std::span<const std::uint8_t> bytes, std::size_t count,
                    std::vector<double>& answers) {
  answers.clear();
  ByteReader reader(bytes);
  for (std::size_t i = 0; i < count; ++i) {
    answers.push_back(reader.real());
    if (!reader.ok() || !std::isfinite(answers.back())) return false;
  }
  return reader.at_end();
}

}  // namespace attnlab::extraction
