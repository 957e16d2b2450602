// Extracts a network with one hidden ReLU layer from single-token queries (B2).
#pragma once

#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

/// F(x) = sum_j (strength_j / 2) |normal_j . x + offset_j| + slope . x + constant: a ReLU network
/// without the signs that no answer reveals. Neurons on one hyperplane are one term.
struct AbsAffine {
  struct Kink {
    std::vector<double> normal;  ///< length 1
    double offset = 0;
    double strength = 0;  ///< jump of the slope along the normal
    double side(std::span<const double> x) const;
  };
  std::vector<Kink> kinks;
  std::vector<double> slope;
  double constant = 0;

  double operator()(std::span<const double> x) const;
  std::vector<double> gradient(std::span<const double> x) const;
  /// Distance from x to the nearest kink; infinite without kinks.
  double margin(std::span<const double> x) const;
  /// The same function with kinks.size() + 2 ReLU units.
  FeedForward as_network() const;
};

struct NetworkOptions {
  std::size_t most_kinks = 256;
  std::uint64_t budget = ~std::uint64_t{0};
  std::uint64_t seed = 1;
};

/// Counts of the search, for the report.
struct NetworkSearch {
  std::uint64_t line_queries = 0, normal_queries = 0, test_queries = 0, polish_queries = 0;
  std::size_t lines = 0, rejected = 0;
  std::uint64_t total() const {
    return line_queries + normal_queries + test_queries + polish_queries;
  }
};

/// Finds all kinks of g(x) = f([x]) from single-token queries (after Carlini, Jagielski, Mironov
/// 2020; Rolnick, Koerding 2020): critical points on random lines by intersecting the slopes at
/// both ends; the normal from gradients on both sides; a test at three other points of the
/// hyperplane. The remainder of g is searched until two lines in a row, of at least six, find it
/// affine. Then one linear least-squares fit at fixed signs gives all numbers at once, to about
/// 1e-14 of the largest value, or shows that a hyperplane is missing. kRecovered here means that
/// the search is complete; the caller checks predictions.
Inquiry<Outcome> learn_network(AbsAffine& found, NetworkSearch& search, NetworkOptions options);

}  // namespace attnlab::extraction
