// Models, drivers and a plain reference for the tests of family B.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/learner.h"
#include "core/extraction/learn/oracle.h"

namespace attnlab::test {
using namespace extraction;

inline RandomStream stream_of(std::uint32_t index) {
  return RandomStream(20240601, hash_name("test/extraction"), index);
}

/// Normal v and W with entries of standard deviation scale / dim.
inline Head random_head(std::size_t dim, std::uint32_t index, double scale = 1,
                        std::size_t rank = ~std::size_t{0}) {
  RandomStream stream = stream_of(index);
  Head head{random_weight(stream, dim, rank, scale), std::vector<double>(dim)};
  stream.fill_normal(head.value);
  return head;
}

/// f(X) of the definition, in plain loops and long double.
inline double plain_head(const Head& head, const std::vector<std::vector<double>>& tokens) {
  const auto& query = tokens.back();
  std::vector<long double> logits;
  for (const auto& key : tokens) {
    long double logit = 0;
    for (std::size_t i = 0; i < key.size(); ++i) {
      for (std::size_t j = 0; j < key.size(); ++j) {
        logit += static_cast<long double>(key[i]) * head.weight(i, j) * query[j];
      }
    }
    logits.push_back(logit);
  }
  const long double top = *std::max_element(logits.begin(), logits.end());
  long double sum = 0, total = 0;
  for (std::size_t n = 0; n < tokens.size(); ++n) {
    long double value = 0;
    for (std::size_t i = 0; i < query.size(); ++i) value += head.value[i] * tokens[n][i];
    sum += std::exp(logits[n] - top) * value;
    total += std::exp(logits[n] - top);
  }
  return static_cast<double>(sum / total);
}

/// Runs an inquiry to its end.
template <class T>
T& finish(Inquiry<T>& inquiry, Oracle& oracle) {
  const Expected<bool> ended = converse(inquiry, oracle, INFINITY);
  REQUIRE(static_cast<bool>(ended));
  REQUIRE(*ended);
  return inquiry.result();
}

}  // namespace attnlab::test
