// The parts of extract-noise that its jobs, claims and figures share.
#pragma once

#include <string>
#include <vector>

#include "core/extraction/recovery.h"

namespace attnlab::extraction {

/// Extra columns of extract-noise's rows, in order.
enum NoiseColumn : std::size_t {
  kNoiseTau,
  kNoiseWeight,    ///< |W|_F = Wb
  kNoiseSmallest,  ///< mu
  kNoiseRepeats,
  kNoiseError,  ///< |dW|_F
  kNoiseBound,  ///< 25 d Wb^2 tau / (mu - tau); empty where it does not apply
  kNoiseColumns,
};

struct NoiseSetup {
  std::size_t dim = 16, trials = 1;
  std::vector<double> taus, scales, smallest;
  std::vector<std::int64_t> repeats;
  std::string kind;
  double probe_norm = 32;
};
NoiseSetup read_noise_setup(const ParameterSet& parameters);

std::vector<Claim> noise_claims(const NoiseSetup& setup, const std::vector<RecoveryRow>& finished);
std::vector<Figure> noise_figures(const NoiseSetup& setup, const Recovered& recovered);

}  // namespace attnlab::extraction
