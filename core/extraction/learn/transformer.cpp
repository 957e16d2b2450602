#include "core/extraction/learn/transformer.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"
#include "core/extraction/learn/single_head.h"

namespace attnlab::extraction {
namespace {

constexpr double kLow = 0.02, kHigh = 0.98;
constexpr int kCandidates = 256;
constexpr int kMostTries = 60;
constexpr double kWantedLogit = 0.25;
constexpr double kNoGradient = 1e-12;  // of the steepest gradient: rounding
constexpr double kNarrow = 1.0 / 8;    // share of the usual product of both lengths

/// A unit direction b, the best of 256: the token `length` b is far from all hyperplanes, and b is
/// far from the span of the directions chosen before.
std::vector<double> wide_direction(const AbsAffine& network, const Matrix<double>& chosen_basis,
                                   std::size_t chosen, double length, RandomStream& stream) {
  const std::size_t dim = network.slope.size();
  std::vector<double> candidate(dim), token(dim), rest(dim), best_direction(dim);
  double best = -1;
  for (int k = 0; k < kCandidates; ++k) {
    stream.fill_sphere(candidate);
    token = rest = candidate;
    for (double& entry : token) entry *= length;
    for (std::size_t i = 0; i < chosen; ++i) {
      add_scaled(-dot(chosen_basis.row(i), rest), chosen_basis.row(i), rest);
    }
    const double score =
        std::min(network.margin(token), length) * norm(network.gradient(token)) * dot(rest, rest);
    if (score <= best) continue;
    best = score;
    best_direction = candidate;
  }
  return best_direction;
}

/// One query token and its probes.
struct Region {
  double length = 1;
  std::vector<double> token;     // b = length * direction
  std::vector<double> gradient;  // of the network at b
  Matrix<double> probes;         // balanced against the gradient, unit length
  double reach = 0;              // probes of this length stay in the region
  double value = kUnknown;       // g(b), once it was asked
};

Region region_at(const AbsAffine& network, std::span<const double> direction, double length,
                 double share) {
  Region region;
  region.length = length;
  region.token.assign(direction.begin(), direction.end());
  for (double& entry : region.token) entry *= length;
  region.gradient = network.gradient(region.token);
  if (norm(region.gradient) > 0) region.probes = BalancedProbes(region.gradient).rows();
  region.reach = share * std::min(0.9 * network.margin(region.token), 32.0);
  return region;
}

/// Alphas of some probes of a region. The first call also asks the query token alone: its answer is
/// g(b) to rounding, while the found network is less accurate. Short probes in a region of small
/// gradient need all the digits.
Inquiry<std::vector<double>> ask_alphas(Region& region, std::span<const std::size_t> probes) {
  const std::size_t dim = region.token.size();
  QueryBatch batch(dim);
  const std::uint32_t query = batch.token(region.token);
  std::vector<double> key(dim);
  for (const std::size_t i : probes) {
    key = region.token;
    add_scaled(region.reach, region.probes.row(i), key);
    batch.query({batch.token(key), query});
  }
  const bool first = std::isnan(region.value);
  if (first) batch.query({query});
  std::vector<double> alphas = co_await ask(batch);
  if (first) {
    region.value = alphas.back();
    alphas.pop_back();
  }
  for (std::size_t k = 0; k < probes.size(); ++k) {
    alphas[k] = (alphas[k] - region.value) /
                (region.reach * dot(region.probes.row(probes[k]), region.gradient));
  }
  co_return alphas;
}

/// Directions measured so far, and the lengths of query tokens and probes that suit W.
struct Directions {
  Matrix<double> chosen, basis, images;  // rows: b_j, orthonormal ones, W b_j
  double length = 1;                     // of query tokens
  double flat = 0;                       // query tokens of this length met no gradient
  double share = 1;                      // of a region's reach that probes use
  double usual = 0;                      // largest product of both lengths that was of use
  bool calibrated = false;

  /// Logits are proportional to the product of both lengths. Shorter query tokens come first; where
  /// the network has no gradient for them, probes shrink instead.
  void shrink_logits() {
    if (length / 2 > flat) {
      length /= 2;
      usual /= 4;  // regions are narrower, too, where query tokens are shorter
    } else {
      share /= 2;
      usual /= 2;
    }
  }
  void grow_logits() {
    if (share < 1) {
      share *= 2;
    } else {
      length *= 2;
    }
  }
};

/// Bounds the gradient's length everywhere.
double steepest(const AbsAffine& network) {
  double sum = norm(network.slope);
  for (const AbsAffine::Kink& kink : network.kinks) sum += std::abs(kink.strength);
  return sum;
}

/// A region with a gradient for direction j. Neurons may be off up to some distance from the
/// origin: query tokens double in length until one of 256 meets a gradient. False when none does.
///
/// Next to a hyperplane only short probes stay inside, and their small logits drown in rounding:
/// a region far narrower than the usual one gives way to a longer query token, whose probes are as
/// long as the usual product of both lengths allows.
bool find_region(const AbsAffine& network, Directions& known, std::size_t j, RandomStream& stream,
                 std::vector<double>& direction, Region& region) {
  const double least = kNoGradient * steepest(network);
  double length = known.length;
  for (int doubling = 0; doubling < kMostTries; ++doubling, length *= 2) {
    direction = wide_direction(network, known.basis, j, length, stream);
    region = region_at(network, direction, length, known.share);
    if (norm(region.gradient) <= least) {
      known.flat = length;
      known.length = 2 * length;
      continue;
    }
    if (region.reach * length < kNarrow * known.usual) continue;
    if (length > known.length) region.reach = std::min(region.reach, known.usual / length);
    return true;
  }
  return false;
}

/// W b for one more direction b. Logits are halved when the softmax saturates and doubled while
/// they are small; a change of lengths starts again with another direction. False when that does
/// not help.
Inquiry<bool> measure_direction(const AbsAffine& network, Directions& known, std::size_t j,
                                RandomStream& stream, std::uint64_t& repeated) {
  const std::size_t dim = network.slope.size();
  const double longest = 256 * known.length;
  std::vector<double> forms(dim), direction;
  std::vector<std::size_t> probes;
  Region region;
  double largest = 0;
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    if (probes.empty()) {
      if (!find_region(network, known, j, stream, direction, region)) co_return false;
      probes = {0};  // one probe first: it finds the length
      largest = 0;
    }
    Inquiry<std::vector<double>> asking = ask_alphas(region, probes);
    const std::vector<double> alphas = co_await asking;
    bool inside = true;
    for (std::size_t k = 0; k < probes.size(); ++k) {
      inside = inside && alphas[k] >= kLow && alphas[k] <= kHigh;
      forms[probes[k]] = logit(alphas[k]) / (region.reach * region.length);
      largest = std::max(largest, std::abs(logit(alphas[k])));
    }
    const bool short_of_signal = largest < kWantedLogit && known.length < longest;
    if (inside && (dim == 1 || probes.front() != 0)) {
      std::ranges::copy(direction, known.chosen.row(j).begin());
      for (std::size_t i = 0; i < j; ++i) {
        add_scaled(-dot(known.basis.row(i), direction), known.basis.row(i), direction);
      }
      const double length = norm(direction);
      for (std::size_t i = 0; i < dim; ++i) known.basis(j, i) = direction[i] / length;
      // Probes are a basis: W b = U^T forms, and U is its own inverse.
      std::ranges::copy(product(region.probes, forms), known.images.row(j).begin());
      known.usual = std::max(known.usual, region.reach * region.length);
      if (short_of_signal) known.grow_logits();
      co_return true;
    }
    if (inside && !(short_of_signal && !known.calibrated)) {
      known.calibrated = true;
      probes.clear();
      for (std::size_t i = 1; i < dim; ++i) probes.push_back(i);
      continue;
    }
    repeated += probes.size() + (probes.size() > 1 ? 1 : 0);
    inside ? known.grow_logits() : known.shrink_logits();
    known.calibrated = known.calibrated || !inside;
    probes.clear();
  }
  co_return false;
}

/// W from dim directions: W [b_1 .. b_d] is measured, and the directions are inverted.
Inquiry<bool> learn_by_gradient(TransformerKnowledge& known, std::uint64_t seed) {
  const std::size_t dim = known.network.slope.size();
  RandomStream stream(seed, hash_name("extract/directions"), 0);
  Directions directions{Matrix<double>(dim, dim), Matrix<double>(dim, dim),
                        Matrix<double>(dim, dim)};
  for (const AbsAffine::Kink& kink : known.network.kinks) {
    directions.length = std::max(directions.length, std::min(std::abs(kink.offset), 64.0));
  }
  for (std::size_t j = 0; j < dim; ++j) {
    Inquiry<bool> measuring =
        measure_direction(known.network, directions, j, stream, known.head.repeated);
    const bool good = co_await measuring;
    if (!good) co_return false;
  }
  const LeastSquares solver(directions.chosen.clone());
  std::vector<double> shares(dim);
  for (std::size_t i = 0; i < dim; ++i) {
    for (std::size_t k = 0; k < dim; ++k) shares[k] = directions.images(k, i);
    std::ranges::copy(solver.solve(shares), known.head.weight.row(i).begin());
  }
  co_return true;
}

/// Size of the terms whose sum is the network's value near the origin.
double size_of_terms(const AbsAffine& network) {
  double sum = std::abs(network.constant) + norm(network.slope);
  for (const AbsAffine::Kink& kink : network.kinks) {
    sum += std::abs(kink.strength) * (1 + std::abs(kink.offset));
  }
  return sum;
}

/// The network takes one value everywhere.
bool is_constant(const AbsAffine& network) {
  double strongest = norm(network.slope);
  for (const AbsAffine::Kink& kink : network.kinks) {
    strongest = std::max(strongest, std::abs(kink.strength));
  }
  return strongest <= 1e-12 * std::max(1.0, std::abs(network.constant));
}

/// Drives a learner of a single head with f(X) - f(-X): two queries for each of its own.
Inquiry<Outcome> learn_by_odd_part(HeadKnowledge& head, SingleHeadOptions options) {
  Inquiry<Outcome> learner = learn_single_head(head, options);
  while (learner.advance()) {
    const QueryBatch& wanted = *learner.asked();
    QueryBatch both(wanted.dim(), wanted.purpose());
    std::vector<double> token(wanted.dim());
    for (std::uint32_t t = 0; t < wanted.token_count(); ++t) {
      const auto values = wanted.token_values(t);
      both.token(values);
      std::ranges::transform(values, token.begin(), [](double x) { return -x; });
      both.token(token);
    }
    std::vector<std::uint32_t> members;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      for (std::uint32_t sign = 0; sign < 2; ++sign) {
        members.clear();
        for (const std::uint32_t t : wanted[i]) members.push_back(2 * t + sign);
        both.query(members);
      }
    }
    const std::vector<double> answers = co_await ask(both);
    std::vector<double> odd(wanted.size());
    for (std::size_t i = 0; i < odd.size(); ++i) {
      odd[i] = answers[2 * i] - answers[2 * i + 1];
      // An even function has an odd part of 0; rounding alone is not an answer.
      if (std::abs(odd[i]) < 1e-14 * largest_magnitude(answers)) odd[i] = 0;
    }
    learner.answer(std::move(odd));
  }
  co_return learner.result();
}

}  // namespace

TransformerKnowledge::TransformerKnowledge(std::size_t dim) : head(dim) {
  network.slope.assign(dim, 0.0);
}

Inquiry<Outcome> learn_transformer(TransformerKnowledge& known, TransformerOptions options) {
  Inquiry<Outcome> looking = learn_network(known.network, known.search, options.network);
  const Outcome network = co_await looking;
  if (network.status != ExtractionStatus::kRecovered) co_return network;
  if (options.route == WeightRoute::kOddPart) {
    SingleHeadOptions single;
    single.seed = options.network.seed;
    Inquiry<Outcome> learning = learn_by_odd_part(known.head, single);
    Outcome odd = co_await learning;
    if (odd.status == ExtractionStatus::kNotIdentifiable) {
      odd.evidence =
          "The network is even: f(X) − f(−X) is 0 for single tokens, and the odd part "
          "says nothing about W. The gradient route does.";
    }
    if (odd.status != ExtractionStatus::kRecovered) co_return odd;
  } else if (is_constant(known.network)) {
    co_return Outcome{ExtractionStatus::kNotIdentifiable,
                      "The network is constant, so that W leaves no trace in any answer."};
  } else {
    Inquiry<bool> learning = learn_by_gradient(known, options.network.seed);
    const bool good = co_await learning;
    if (!good) {
      co_return Outcome{ExtractionStatus::kNotAMatch,
                        "Two-token answers do not lie between the network's values at two mixtures "
                        "of the tokens, however short the tokens are."};
    }
  }
  TransformerOracle recovered(known.head.weight.clone(), known.network.as_network());
  Inquiry<CheckResult> checking =
      check_prediction(recovered, RandomStream(options.network.seed, hash_name("extract/check"), 1),
                       options.tolerance, size_of_terms(known.network));
  const CheckResult check = co_await checking;
  co_return Outcome{check.matches ? ExtractionStatus::kRecovered : ExtractionStatus::kNotAMatch,
                    network.evidence + " " + check.sentence()};
}

}  // namespace attnlab::extraction
