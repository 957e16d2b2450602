// Queries: sequences of tokens, in batches that share their tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "core/numerics/matrix.h"

namespace attnlab {

/// What a query is for; both kinds are counted, in columns of their own.
enum class QueryPurpose { kLearn, kCheck };

/// Queries over one pool of tokens of length dim. A query is a list of token numbers, at least one;
/// the last one is the query token (and a key as well).
class QueryBatch {
 public:
  explicit QueryBatch(std::size_t dim, QueryPurpose purpose = QueryPurpose::kLearn)
      : dim_(dim), purpose_(purpose) {}

  /// Adds a token (dim numbers) and gives its number.
  std::uint32_t token(std::span<const double> values) {
    tokens_.insert(tokens_.end(), values.begin(), values.end());
    return static_cast<std::uint32_t>(token_count() - 1);
  }
  /// Adds a token of zeros for the caller to fill, before the next token is added.
  std::span<double> new_token() {
    tokens_.resize(tokens_.size() + dim_);
    return {tokens_.data() + tokens_.size() - dim_, dim_};
  }
  void query(std::span<const std::uint32_t> tokens) {
    members_.insert(members_.end(), tokens.begin(), tokens.end());
    ends_.push_back(members_.size());
  }
  void query(std::initializer_list<std::uint32_t> tokens) {
    query(std::span<const std::uint32_t>(tokens.begin(), tokens.size()));
  }
  void reserve_tokens(std::size_t count) { tokens_.reserve(count * dim_); }

  std::size_t dim() const { return dim_; }
  QueryPurpose purpose() const { return purpose_; }
  std::size_t size() const { return ends_.size(); }  ///< number of queries
  std::size_t token_count() const { return dim_ == 0 ? 0 : tokens_.size() / dim_; }
  std::size_t member_count() const { return members_.size(); }  ///< tokens of all queries together
  MatrixView<const double> tokens() const { return {tokens_.data(), token_count(), dim_, dim_}; }
  std::span<const double> token_values(std::uint32_t token) const {
    return {tokens_.data() + token * dim_, dim_};
  }
  std::span<const std::uint32_t> operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {members_.data() + begin, ends_[i] - begin};
  }

 private:
  std::size_t dim_;
  QueryPurpose purpose_;
  std::vector<double> tokens_;
  std::vector<std::uint32_t> members_;
  std::vector<std::size_t> ends_;
};

}  // namespace attnlab
