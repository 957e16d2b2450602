// Theory of family A, as tables and as lines in figures: exact levels, derived here, and orders of
// upper bounds, which say how fast a quantity grows and not how large it is.
#pragma once

#include <string>
#include <vector>

#include "core/findings/figure.h"
#include "core/random_features/sweep.h"

namespace attnlab::random_features {

/// Whether the paper's bounds and norms, and what we derive from them, are about these tokens: on
/// the unit sphere, without positions. Elsewhere tables and figures leave them out.
bool within_theory(const Sweep& sweep);

/// target, degree, quantity, value, formula, source: exact affine levels, orders of the norms in
/// the bound on the excess risk, and the exponents of the bound.
Table theory_table(const Sweep& sweep);

/// Dotted exact levels of the cases across [first, last], where the level is neither 0 nor unknown.
std::vector<Series> affine_series(const Sweep& sweep, double first, double last);

/// Dashed: slope -1/2 in the number of samples or of heads, over the right half of the range.
Series samples_guide(double first, double last);
Series heads_guide(double first, double last);

/// Dashed: growth of B / Var with the degree of one target, in steps from the smallest degree at
/// `anchor`. Empty where the norm is not known.
Series degree_guide(const Sweep& sweep, const Target& target, double anchor);

/// Dashed, for rf-length: growth of B / Var with the number of keys, RFA's and RFMLP's, each from
/// the fewest keys at `anchor`. Empty where the norms are not known.
std::vector<Series> length_guides(const Sweep& sweep, double anchor);

}  // namespace attnlab::random_features
