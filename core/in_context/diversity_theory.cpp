// The formulas of diversity_theory.h.
#include "core/in_context/diversity_theory.h"

#include <cmath>
#include <vector>

#include "core/numerics/row_products.h"

namespace attnlab::in_context {
namespace {

double square(double x) {
  return x * x;
}

/// Traces of a Wishart matrix R = (1/k) sum w w^T of aspect kappa = k/d, d -> infinity.
struct Resolvent {
  double first;   ///< (1/d) tr (R + shift)^-1
  double second;  ///< (1/d) tr (R + shift)^-2
};

Resolvent resolvent(double kappa, double shift) {
  const double b = shift + 1 - 1 / kappa;
  const double root = std::sqrt(b * b + 4 * shift / kappa);
  // Of the two forms of the root the one without cancellation.
  const double first = b > 0 ? 2 / (b + root) : kappa * (root - b) / (2 * shift);
  return {first, square(first) / (1 - kappa * square(first / (kappa + first)))};
}

/// The zeta >= 0 with zeta (tau - 1 + zeta first(x + zeta)) = ridge tau: the penalty that the
/// population's solution needs to be what the fit is on average.
double effective_ridge(const DiversityLaw& law, double x) {
  const auto excess = [&](double zeta) {
    return zeta * (law.tau - 1 + zeta * resolvent(law.kappa, x + zeta).first) - law.ridge * law.tau;
  };
  if (law.ridge == 0 && law.tau >= 1) return 0;
  double high = 1;
  while (!(excess(high) > 0)) high *= 2;
  double low = 0;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = 0.5 * (low + high);
    (excess(middle) > 0 ? high : low) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

DiversityErrors errors_of_layer(MatrixView<const double> gamma, MatrixView<const double> tasks,
                                std::size_t examples, double noise) {
  const std::size_t d = gamma.rows;
  const double dim = static_cast<double>(d), length = static_cast<double>(examples);
  const double level = 1 + noise;  // E y^2
  const MatrixView<const double> main = gamma.block(0, 0, d, d);
  double squares = 0, trace = 0, last_squares = 0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) squares += square(main(i, j));
    trace += main(i, i);
    last_squares += square(gamma(i, d));
  }
  // Sums over the trained tasks of |G w|^2, w.G w and g.G w, g.w for Gamma = [G g].
  double images = 0, aligned = 0, mixed = 0, last = 0;
  std::vector<double> image(d);
  for (std::size_t t = 0; t < tasks.rows; ++t) {
    row_products(main, tasks.row(t), image);
    for (std::size_t i = 0; i < d; ++i) {
      images += square(image[i]);
      aligned += image[i] * tasks(t, i);
      mixed += image[i] * gamma(i, d);
      last += gamma(i, d) * tasks(t, i);
    }
  }
  const double count = static_cast<double>(tasks.rows);
  // E h h^T and E h w^T of one task w (docs/derivations.md).
  const double common =
      level * squares * dim / length + square(level) * (1 + 2 / length) * last_squares;
  const double fresh_square = common + (1 + 1 / length) * squares;
  const double trained_square =
      common + (1 + 1 / length) * images / count + 2 * level * (1 + 2 / length) * mixed / count;
  const double trained_cross = aligned / count + level * last / count;
  return {level + fresh_square / dim - 2 * trace / dim,
          level + trained_square / dim - 2 * trained_cross / dim};
}

DiversityErrors large_dimension_errors(const DiversityLaw& law) {
  const double x = (1 + law.noise) / law.alpha;
  const double zeta = effective_ridge(law, x), z = x + zeta;
  const auto [first, second] = resolvent(law.kappa, z);
  const double once = 1 - z * first;                                  // tr R (R + z)^-1
  const double twice = 1 - 2 * z * first + z * z * second;            // tr R^2 (R + z)^-2
  const double projected = 1 - z + z * z * first;                     // tr R^2 (R + z)^-1
  const double freedom = first - zeta * second;                       // tr F (R + z)^-2
  const double filled = 1 - 2 * zeta * first + zeta * zeta * second;  // tr F^2 (R + z)^-2
  const double mean_trained = 1 + law.noise +
                              (1 - z - zeta + z * (2 * zeta + z) * first - z * z * zeta * second) -
                              2 * projected;
  const double trained = mean_trained / (1 - filled / law.tau);
  const double fresh =
      1 + law.noise + (1 + x) * twice - 2 * once + (1 + x) * freedom * trained / law.tau;
  return {fresh, trained};
}

}  // namespace attnlab::in_context
