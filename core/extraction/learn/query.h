// Queries: sequences of tokens, in batches that share their tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/numerics/matrix.h"

namespace attnlab::extraction {

/// What a query is for; both kinds are counted, in columns of their own.
enum class QueryPurpose { kLearn, kCheck };

/// Vectors from which tokens of many batches are built. Our own oracles keep products with them for
/// later batches.
using SharedRows = std::shared_ptr<const Matrix<double>>;

/// A number that the box adds to its logit of a word before it answers (logit bias).
struct LogitBias {
  std::uint32_t query, word;
  double amount;
};

/// Queries over one pool of tokens of length dim. A query is a list of token numbers, at least one;
/// the last one is the query token (and a key as well).
///
/// After the tokens that are stored entry by entry, there may be tokens that are the sum of a
/// shared row and a stored token (sum_queries). They are tokens like any other (tokens() and
/// token_values() write them out on request), but our own oracles score them by their parts.
class QueryBatch {
 public:
  explicit QueryBatch(std::size_t dim, QueryPurpose purpose = QueryPurpose::kLearn,
                      SharedRows rows = {})
      : dim_(dim), purpose_(purpose), rows_(std::move(rows)) {}

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
  /// The last query so far biases this word. Only boxes that answer logits read biases.
  void bias(std::uint32_t word, double amount) {
    biases_.push_back({static_cast<std::uint32_t>(ends_.size() - 1), word, amount});
  }
  void reserve_tokens(std::size_t count) { tokens_.reserve(count * dim_); }
  /// One query [rows(row) + token; token] for each of the rows.
  void sum_queries(std::span<const std::uint32_t> rows, std::uint32_t token) {
    const std::size_t first = token_count(), members = members_.size(), queries = ends_.size();
    sums_.resize(sums_.size() + rows.size());
    members_.resize(members + 2 * rows.size());
    ends_.resize(queries + rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      sums_[sums_.size() - rows.size() + k] = {rows[k], token};
      members_[members + 2 * k] = static_cast<std::uint32_t>(first + k);
      members_[members + 2 * k + 1] = token;
      ends_[queries + k] = members + 2 * k + 2;
    }
  }

  std::size_t dim() const { return dim_; }
  QueryPurpose purpose() const { return purpose_; }
  std::size_t size() const { return ends_.size(); }  ///< number of queries
  std::size_t own_count() const { return dim_ == 0 ? 0 : tokens_.size() / dim_; }  ///< not sums
  std::size_t token_count() const { return own_count() + sums_.size(); }
  std::size_t member_count() const { return members_.size(); }  ///< tokens of all queries together
  MatrixView<const double> tokens() const {
    return {all_tokens().data(), token_count(), dim_, dim_};
  }
  std::span<const double> token_values(std::uint32_t token) const {
    const std::vector<double>& from = token < own_count() ? tokens_ : all_tokens();
    return {from.data() + token * dim_, dim_};
  }
  /// Token own_count() + k as a sum: a row of rows(), and the number of the other token.
  struct Sum {
    std::uint32_t row, other;
  };
  std::span<const Sum> sums() const { return sums_; }
  /// Every query is [rows(sum.row) + token 0; token 0], in the order of sums().
  bool only_sums() const { return own_count() == 1 && sums_.size() == ends_.size(); }
  const SharedRows& rows() const { return rows_; }
  std::span<const std::uint32_t> members() const { return members_; }  ///< of all queries in order
  std::span<const std::size_t> ends() const { return ends_; }    ///< of each query in members()
  std::span<const LogitBias> biases() const { return biases_; }  ///< in the order of queries
  std::span<const std::uint32_t> operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {members_.data() + begin, ends_[i] - begin};
  }

 private:
  std::size_t dim_;
  const std::vector<double>& all_tokens() const {
    if (sums_.empty()) return tokens_;
    for (std::size_t k = written_.size() / dim_; k < token_count(); ++k) {
      const std::size_t own = own_count();
      const double* const from = tokens_.data() + (k < own ? k : sums_[k - own].other) * dim_;
      written_.insert(written_.end(), from, from + dim_);
      if (k < own) continue;
      const auto row = rows_->row(sums_[k - own].row);
      for (std::size_t i = 0; i < dim_; ++i) written_[k * dim_ + i] = row[i] + from[i];
    }
    return written_;
  }

  QueryPurpose purpose_;
  SharedRows rows_;
  std::vector<double> tokens_;
  std::vector<Sum> sums_;
  mutable std::vector<double> written_;  // all tokens, once a sum was asked for
  std::vector<std::uint32_t> members_;
  std::vector<std::size_t> ends_;
  std::vector<LogitBias> biases_;
};

}  // namespace attnlab::extraction
