// Questions whose answers show in which way a box is not the assumed model.
#pragma once

#include <string>

#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/inquiry.h"
#include "core/numerics/random.h"

namespace attnlab::extraction {

struct DiagnosisOptions {
  std::size_t dim = 1;
  bool network = false;     ///< single tokens need not be answered linearly
  double tolerance = 1e-6;  ///< of the largest answer: smaller differences are rounding
  Grain grain;              ///< of the answers: differences up to two grains more are rounding
};

/// Asks some ten to thirty questions (counted as checking) that every softmax head answers in one
/// way: the same sequence twice, its keys in another order, one token written twice, the sum of two
/// tokens, a token next to a zero query token, and shares for two lengths of one query token. The
/// sentence names the first rule that the answers break, with both numbers, and what breaks it; it
/// is empty when they break no rule.
Inquiry<std::string> diagnose(DiagnosisOptions options, RandomStream stream);

}  // namespace attnlab::extraction
