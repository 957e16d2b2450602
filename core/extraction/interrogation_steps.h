// The questions of the single-head learner one after the other: what each asks, its answer, and
// what is known after it. For small heads, recomputed from the parameters.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/extraction/learn/single_head.h"

namespace attnlab::extraction {

/// One question. About v: the single token e_row. About W: [a + q e_column; q e_column], whose
/// answer gives the form a^T W e_column of a probe a.
struct AskedQuestion {
  std::size_t row = 0;                     ///< of v, or the number of the probe
  std::optional<std::size_t> column = {};  ///< of W; empty: a question about v
  double query = 0;                        ///< q, the length of the query token
  double answer = 0;
  double share = kUnknown;  ///< of the first token, from the answer and v
  double gives = kUnknown;  ///< v_row, or the form divided by the length of a; NaN: saturated
  bool repeated = false;    ///< asked before, with a longer query token
};

/// A head and everything that the learner asks it.
struct AskedHead {
  Head head;
  Matrix<double> probes;  ///< d x d, a row of length 1 per probe
  double probe_norm = 1;  ///< length of the probes as they were asked (of the first one)
  std::vector<AskedQuestion> questions;
  Matrix<double> recovered;  ///< W as the learner found it
};

/// Asks the head as extract-single does.
AskedHead ask_every_question(Head head, const SingleHeadOptions& options);

/// What the first `count` answers give.
struct KnownSoFar {
  std::vector<double> value;  ///< v; NaN: not asked yet
  Matrix<double> forms;       ///< probe x column; NaN: not asked yet
  Matrix<double> weight;      ///< W; NaN where the answers do not determine the entry yet
};
KnownSoFar known_after(const AskedHead& asked, std::size_t count);

}  // namespace attnlab::extraction
