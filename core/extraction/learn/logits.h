// Hidden size and output matrix from vectors of logits (Carlini et al., arXiv 2403.06634; Finlayson
// et al., arXiv 2403.09539), with what the answers' grain allows.
//
// Every vector of logits is U norm(z) with a hidden state z of length d, so n > d of them have the
// rank d of a matrix with L columns. docs/derivations-extraction.md has the law of the noise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

struct LogitOptions {
  std::size_t token = 64;    ///< length of a token
  std::size_t logits = 64;   ///< L
  std::size_t vectors = 48;  ///< n, the vectors of logits to collect
  std::size_t top = 0;       ///< 0: an answer is all logits; else it is a list of the top words
  bool words = true;         ///< tokens are words (unit vectors); else standard normal vectors
  /// A box that answers in float32 may also compute in it.
  bool computes = false;
};

/// The vectors of logits that the answers tell; those of a top-k box up to a constant each, so that
/// their means are 0.
struct LogitVectors {
  Matrix<double> rows;       ///< n x L
  Matrix<double> deviation;  ///< standard deviation of every entry's error, by the law of rounding
  std::size_t shared = 1;    ///< entries of a row that may have an error in common
  Grain grain;
  std::uint64_t repeated = 0;  ///< questions asked again with a larger bias
};

/// Asks n different prompts of 2 to 8 tokens. A top-k box gets each prompt once as it is, which
/// gives the reference (the likeliest word), and then with the same bias for the reference and
/// k - 1 more words, so that these are the top k: 1 + ceil((L - k) / (k - 1)) questions a prompt.
/// Where other words come out, the bias doubles and the question is repeated. kRecovered when all
/// vectors are complete; kNotAMatch, with a sentence, for answers that are no such lists.
Inquiry<Outcome> ask_logits(LogitVectors& known, LogitOptions options, RandomStream stream);

/// 1 + ceil((L - k) / (k - 1)), or 1 for full answers (top = 0).
std::size_t questions_per_vector(std::size_t logits, std::size_t top);

enum class RankStatus {
  kFound,
  kNoiseHides,  ///< no gap above the noise that the answers allow
  kTooFew,      ///< every singular value is above the noise: more vectors are needed
};
/// "recovered", "noise-hides-it", "too-few-answers".
std::string_view status_text(RankStatus status);

struct LogitSpectrum {
  std::vector<double> values;  ///< singular values of the vectors, decreasing
  double noise = 0;            ///< singular values below it may be rounding alone
  std::size_t rank = 0;        ///< singular values above the noise
  double gap = 0;              ///< the smallest of them over the noise; 0 where there is none
  double needed = 0;           ///< the gap that a verdict takes
  RankStatus status = RankStatus::kNoiseHides;
  Matrix<double> space;  ///< L x rank: orthonormal basis of the column space of U
  double accuracy = 1;   ///< bound of the sine of its largest angle with the true one
  std::string evidence;  ///< one sentence with the numbers
};

/// The bound of the largest singular value of independent errors with these deviations: 1.1 times
/// the largest length of a row plus sqrt(shared) times the largest length of a column.
double noise_edge(const LogitVectors& known);

/// The matrix whose singular values read_spectrum takes: the vectors, or their transpose, so that
/// there are at least as many rows as columns.
Matrix<double> tall_matrix(const LogitVectors& known);
LogitSpectrum read_spectrum(const LogitVectors& known, const SingularValues& singular);

}  // namespace attnlab::extraction
