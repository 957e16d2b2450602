// Closed forms for one layer of linear attention that has seen finitely many tasks: its error given
// its weights, and the limit of large dimensions. Derivations: docs/derivations.md.
//
// A task is a vector w with |w|^2 = d. A prompt has l examples x ~ N(0, I/d), y = w.x + N(0,
// noise), and a query x_q from the same law. With h = [(d/l) sum y_i x_i ; (1/l) sum y_i^2] the
// layer predicts x_q^T Gamma h. Errors are E (prediction - y_q)^2, y_q = w.x_q + N(0, noise): they
// contain the noise of the query's label. Source: Lu, Letey, Zavatone-Veth, Maiti, Pehlevan, arXiv
// 2405.11751.
#pragma once

#include <cstddef>
#include <limits>

#include "core/numerics/matrix.h"

namespace attnlab::in_context {

/// Errors on tasks that no prompt of the fit came from, and on the tasks of the fit.
struct DiversityErrors {
  double fresh = std::numeric_limits<double>::quiet_NaN();
  double trained = std::numeric_limits<double>::quiet_NaN();
  double gap() const { return fresh - trained; }
};

/// Exact errors of a layer `gamma` (d x (d + 1)), for fresh tasks uniform on the sphere |w|^2 = d
/// and for the rows of `tasks` (k x d), each as likely.
DiversityErrors errors_of_layer(MatrixView<const double> gamma, MatrixView<const double> tasks,
                                std::size_t examples, double noise);

/// Sizes relative to the dimension, which tends to infinity.
struct DiversityLaw {
  double kappa = 1;  ///< tasks / d
  double alpha = 1;  ///< examples / d
  double tau = 1;    ///< prompts / d^2
  double noise = 0;  ///< variance of the label noise
  double ridge = 0;  ///< lambda of the penalty (n/d) lambda |Gamma|^2
};

/// Errors of the fitted layer for d -> infinity. The published formula is the case ridge = 0,
/// tau > 1; ours takes any ridge and tau. Infinite where both ridge = 0 and tau = 1.
DiversityErrors large_dimension_errors(const DiversityLaw& law);

}  // namespace attnlab::in_context
