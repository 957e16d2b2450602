// The worst noise: an adversary that knows the head and the learner (B4).
#pragma once

#include <cmath>

#include "core/extraction/learn/noisy_head.h"

namespace attnlab::extraction {

/// Answers learn_noisy_head with errors of exactly tau whose signs are chosen to spoil W.
///
/// Once the d values are answered, every other answer moves one form only, so that the better of
/// its two signs is the best choice. The signs of the values are found by hill climbing from the
/// ones that make v shorter. The same question always gets the same answer: repeats teach nothing.
/// |dW|_F comes to about half of noise_bound() with bounded probes.
class NoiseAdversary : public Oracle {
 public:
  /// `options` are the learner's.
  NoiseAdversary(Head head, NoisyHeadOptions options, double tau);

  /// Tries the other sign for the next value; O(d^3). False when the last d tries changed nothing,
  /// or after kMostPasses tries of each.
  bool climb();
  /// |dW|_F that the learner will end with.
  double error() const { return std::sqrt(squared_error_); }

  std::size_t dim() const override { return exact_.dim(); }

 protected:
  /// Assumes that single-token queries are e_1 .. e_d in this order, as learn_noisy_head asks them.
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override;

 private:
  double squared_error_of(std::span<const double> value) const;

  HeadsOracle exact_;
  NoisyHeadOptions options_;
  double tau_;
  std::vector<double> value_;  // v as it is answered
  double squared_error_ = 0;
  std::size_t tried_ = 0, unchanged_ = 0;
};

}  // namespace attnlab::extraction
