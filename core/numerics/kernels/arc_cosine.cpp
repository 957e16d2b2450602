// Infinitely many random ReLU units as kernels: expectations of products of ReLUs of correlated
// normals, summed over pairs of keys. Plain loops over groups of columns, which the compiler turns
// into vectors of the target; the order of every sum is the same on every target.
#include "core/numerics/kernels/simd.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

using Doubles = Vector<double>;

constexpr std::size_t kWidth = kLanes<double>;
constexpr std::size_t kGroup = kKeyPadding;  // columns handled together
constexpr std::size_t kGroupVectors = kGroup / kWidth;
static_assert(kGroup % kWidth == 0);

constexpr double kInverseRootTwoPi = 0.39894228040143267794;

/// p[0] + p[1] x + ... by Horner's rule.
template <std::size_t kCount>
ATTNLAB_INLINE double polynomial(const double (&p)[kCount], double x) {
  double sum = p[kCount - 1];
#pragma GCC unroll 32
  for (std::size_t i = 1; i < kCount; ++i) sum = sum * x + p[kCount - 1 - i];
  return sum;
}

/// kappa(r) = (sqrt(1 - r^2) + r (pi - arccos r)) / (2 pi) for |r| <= 1, absolute error below
/// 4e-15.
///
/// With v = 1 - |r|, kappa = max(r, 0) / 2 + v^(3/2) S(v), and S is analytic around [0, 1] (its
/// nearest singularity is v = 2): an interpolation in 14 Chebyshev points.
ATTNLAB_INLINE double kappa(double r) {
  constexpr double kSmooth[] = {
      0.1500527193595163,      0.007502635968515872,  0.0012057807456666715,
      0.000279116805606086,    7.769678394680113e-05, 2.4300161726871598e-05,
      7.678946349796057e-06,   4.43885158947118e-06,  -2.539956428039894e-06,
      6.225141832642991e-06,   -6.24465385273606e-06, 4.6986618087062476e-06,
      -1.9869514456670945e-06, 4.2322706008598717e-07};
  const double v = 1.0 - __builtin_fabs(r);
  const double inside = v < 0.0 ? 0.0 : v;  // NaN stays NaN
  const double half = r > 0.0 ? 0.5 * r : 0.0;
  return half + inside * __builtin_sqrt(inside) * polynomial(kSmooth, inside);
}

/// e^x for x <= 0, relative error below 1e-15; below -700 e^-700.
ATTNLAB_INLINE double exp_of_negative(double x) {
  constexpr double kRound = 0x1.8p52;  // adding it rounds to an integer, in the low bits
  constexpr double kTaylor[] = {1.0,
                                1.0,
                                1.0 / 2,
                                1.0 / 6,
                                1.0 / 24,
                                1.0 / 120,
                                1.0 / 720,
                                1.0 / 5040,
                                1.0 / 40320,
                                1.0 / 362880,
                                1.0 / 3628800,
                                1.0 / 39916800,
                                1.0 / 479001600};
  const double bounded = x > -700.0 ? x : -700.0;
  const double shifted = bounded * 1.4426950408889634 + kRound;
  const double k = shifted - kRound;
  const double r = (bounded - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
  const std::uint64_t bits = (__builtin_bit_cast(std::uint64_t, shifted) + 1023) << 52;
  return polynomial(kTaylor, r) * __builtin_bit_cast(double, bits);
}

/// P(g > x) for x >= 0, g standard normal, absolute error below 1e-15, where `density` =
/// e^(-x^2/2). The smooth factor (1 + x) P(g > x) / density is interpolated in t = (x - 5) / (x +
/// 5).
ATTNLAB_INLINE double normal_tail(double x, double density) {
  constexpr double kMills[] = {
      0.46151582985003764,    -0.09155228183400914,    0.031030368425996862,
      0.010002352385268561,   -0.026401042967630357,   0.024536963242002205,
      -0.01517041538194447,   0.006522000694585162,    -0.0016760725087475205,
      7.791380510422396e-06,  0.00018233490984533469,  -5.3606562714923135e-05,
      -9.898318575913656e-06, 9.056851908150505e-06,   -6.620403698987988e-08,
      -1.301884245997781e-06, 1.229141439739449e-07,   1.8959363906611324e-07,
      -2.259203483500774e-08, -2.5968687674955503e-08, 2.073662750040497e-09,
      2.3024606783118014e-09};
  return density * polynomial(kMills, (x - 5.0) / (x + 5.0)) / (1.0 + x);
}

ATTNLAB_NOINLINE void arc_cosine_group(const KeySums& task, std::size_t first) {
  double sums[kGroup] = {};
  for (std::size_t i = 0; i < task.keys; ++i) {
    const double* products = task.products + i * task.stride + first;
    const double* scales = task.scales + first;
    for (std::size_t j = 0; j < kGroup; ++j) {
      sums[j] += kappa(scales[j] * products[j]) * products[j];
    }
  }
  for (std::size_t j = 0; j < kGroup; ++j) task.sums[first + j] = sums[j];
}

// ---- E[relu(a + g) relu(b + g')] for g, g' of correlation rho, by Mehler's series ----

/// Correlations up to here go through the series, those beyond through the closed form.
constexpr double kSeriesLimit = 0.75;
constexpr double kSeriesError = 1e-13;
constexpr std::size_t kLengths = 48;  // of the table below, kSeriesLimit the last

/// Terms (an even number) after which the rest of the series is below kSeriesError: by Cramer's
/// inequality term k is at most 1.09^2 / (2 pi) rho^k / (k (k - 1)) for any a and b.
struct SeriesLengths {
  std::size_t of[kLengths + 1] = {};
  constexpr SeriesLengths() {
    for (std::size_t i = 0; i <= kLengths; ++i) {
      const double rho = kSeriesLimit * static_cast<double>(i) / kLengths;
      double power = rho * rho;
      std::size_t k = 2;
      while (0.19 * power / (static_cast<double>(k * (k - 1)) * (1 - rho)) > kSeriesError) {
        power *= rho;
        ++k;
      }
      of[i] = k + k % 2;
    }
  }
};
constexpr SeriesLengths kSeriesLengths;
static_assert(kSeriesLengths.of[kLengths] <= kReluTerms);

/// Pairs of keys whose correlation is too close to 1 (or -1) for the series.
constexpr std::size_t kPairs = 64;
struct FarPairs {
  double a[kPairs] = {}, b[kPairs] = {}, rho[kPairs] = {}, weight[kPairs] = {};
  std::size_t column[kPairs] = {};
  std::size_t count = 0;
};

/// T[j] = Owen's T(h, z / h) = 1/(2 pi) int_0^(z/h) exp(-h^2 (1 + t^2) / 2) / (1 + t^2) dt.
///
/// With m <= M the smaller and larger of |h|, |z|: for |z| <= |h| that is T(M, m / M), and
/// otherwise T(|h|, |z / h|) = (Q(h) + Q(z)) / 2 - Q(h) Q(z) - T(M, m / M), Q the normal tails.
/// The integrand of T(M, x <= 1), scaled to [0, 1], is bounded in a strip that does not depend on
/// M, so ten Gauss-Legendre points give an absolute error below 2e-14 for every M.
ATTNLAB_NOINLINE void owen_t(const double* h, const double* z, const double* tail_h,
                             const double* tail_z, double* result) {
  constexpr double kSquares[] = {0.974076745830678,     0.8696153404413124,   0.7051041245235788,
                                 0.513655588977735,     0.32997806169262,     0.1811037227109888,
                                 0.08026019484848779,   0.025694556224554473, 0.004551973752327864,
                                 0.00017021731350629318};
  constexpr double kWeights[] = {0.005305537004654711, 0.011892960484533817, 0.017434338779220737,
                                 0.02142756469416191, 0.02351707058337649};  // symmetric
  double sum[kPairs] = {}, minor[kPairs], ratio[kPairs], scale[kPairs];
  for (std::size_t j = 0; j < kPairs; ++j) {
    const double u = __builtin_fabs(h[j]), w = __builtin_fabs(z[j]);
    const double smaller = u < w ? u : w, larger = u < w ? w : u;
    const double x = smaller / larger;
    minor[j] = -0.5 * smaller * smaller;
    ratio[j] = x * x;
    scale[j] = x * exp_of_negative(-0.5 * larger * larger);
  }
  for (std::size_t node = 0; node < 10; ++node) {
    const double square = kSquares[node], weight = kWeights[node < 5 ? node : 9 - node];
    for (std::size_t j = 0; j < kPairs; ++j) {
      sum[j] += weight * exp_of_negative(minor[j] * square) / (1.0 + ratio[j] * square);
    }
  }
  for (std::size_t j = 0; j < kPairs; ++j) {
    const double direct = scale[j] * sum[j];
    const double p = tail_h[j], q = tail_z[j];
    const double size =
        __builtin_fabs(z[j]) > __builtin_fabs(h[j]) ? 0.5 * (p + q) - p * q - direct : direct;
    result[j] = (h[j] < 0.0) != (z[j] < 0.0) ? -size : size;
  }
}

/// A normal variable's density / (1 / sqrt(2 pi)) and upper tail, at |x|.
ATTNLAB_NOINLINE void densities_and_tails(const double* x, double* density, double* tail) {
  for (std::size_t j = 0; j < kPairs; ++j) {
    const double size = __builtin_fabs(x[j]);
    density[j] = exp_of_negative(-0.5 * size * size);
    tail[j] = normal_tail(size, density[j]);
  }
}

ATTNLAB_INLINE double distribution(double x, double tail) {
  return x < 0.0 ? tail : 1.0 - tail;
}

/// E[relu(a + g) relu(b + g')] = (ab + rho) P + b phi(a) Phi(u) + a phi(b) Phi(v) + s phi(a) phi(u)
/// with s = sqrt(1 - rho^2), u = (b - rho a) / s, v = (a - rho b) / s and P = P(g < a, g' < b) by
/// Owen's T (Owen 1956): P = (Phi(a) + Phi(b)) / 2 - T(a, u / a) - T(b, v / b) - [ab < 0] / 2.
/// Absolute error below 1e-13 (1 + |ab|), for any rho in [-1, 1]. Adds weight times it to
/// sums[column], and empties the list.
ATTNLAB_NOINLINE void add_far_pairs(FarPairs& pairs, double* sums) {
  constexpr double kTiny = 1e-100;  // in place of zero, where u / a has no limit
  double s[kPairs], u[kPairs], v[kPairs];
  for (std::size_t j = 0; j < kPairs; ++j) {
    const double rho = pairs.rho[j], sign = rho < 0.0 ? -1.0 : 1.0;
    const double gap = 1.0 - __builtin_fabs(rho);
    const double a = __builtin_fabs(pairs.a[j]) > kTiny ? pairs.a[j] : kTiny;
    const double b = __builtin_fabs(pairs.b[j]) > kTiny ? pairs.b[j] : kTiny;
    const double root = __builtin_sqrt(gap * (2.0 - gap));
    s[j] = root > 1e-30 ? root : 1e-30;
    // b - rho a without cancellation where rho is near +-1.
    u[j] = ((b - sign * a) + sign * gap * a) / s[j];
    v[j] = ((a - sign * b) + sign * gap * b) / s[j];
    pairs.a[j] = a;
    pairs.b[j] = b;
  }
  double density_a[kPairs], density_b[kPairs], density_u[kPairs], density_v[kPairs];
  double tail_a[kPairs], tail_b[kPairs], tail_u[kPairs], tail_v[kPairs];
  densities_and_tails(pairs.a, density_a, tail_a);
  densities_and_tails(pairs.b, density_b, tail_b);
  densities_and_tails(u, density_u, tail_u);
  densities_and_tails(v, density_v, tail_v);
  double owen_a[kPairs], owen_b[kPairs], value[kPairs];
  owen_t(pairs.a, u, tail_a, tail_u, owen_a);
  owen_t(pairs.b, v, tail_b, tail_v, owen_b);
  for (std::size_t j = 0; j < kPairs; ++j) {
    const double a = pairs.a[j], b = pairs.b[j];
    const double both = 0.5 * (distribution(a, tail_a[j]) + distribution(b, tail_b[j])) -
                        owen_a[j] - owen_b[j] - ((a < 0.0) != (b < 0.0) ? 0.5 : 0.0);
    const double phi_a = kInverseRootTwoPi * density_a[j], phi_b = kInverseRootTwoPi * density_b[j];
    value[j] = pairs.weight[j] *
               ((a * b + pairs.rho[j]) * both + b * phi_a * distribution(u[j], tail_u[j]) +
                a * phi_b * distribution(v[j], tail_v[j]) +
                s[j] * phi_a * kInverseRootTwoPi * density_u[j]);
  }
  for (std::size_t j = 0; j < pairs.count; ++j) sums[pairs.column[j]] += value[j];
  pairs.count = 0;
}

/// The series of one key i against a group of columns.
struct SeriesGroup {
  double rho[kGroup], weight[kGroup];  ///< zeros where the pair is far
  std::size_t length;
  bool far;  ///< there are far pairs
};

ATTNLAB_NOINLINE void prepare_series(const KeySums& task, std::size_t i, std::size_t first,
                                     SeriesGroup& group) {
  const double* products = task.products + i * task.stride + first;
  const double* scales = task.scales + first;
  Doubles longest{}, largest{};
  for (std::size_t v = 0; v < kGroup; v += kWidth) {
    const Doubles product = load(products + v);
    const Doubles rho = load(scales + v) * product;
    const Doubles size = rho < 0.0 ? -rho : rho;
    const Doubles near = size > kSeriesLimit ? Doubles{} : size;
    longest = near > longest ? near : longest;
    largest = size > largest ? size : largest;
    store(group.rho + v, size > kSeriesLimit ? Doubles{} : rho);
    store(group.weight + v, size > kSeriesLimit ? Doubles{} : product);
  }
  double rho = 0, top = 0;
  for (std::size_t lane = 0; lane < kWidth; ++lane) {
    rho = longest[lane] > rho ? longest[lane] : rho;
    top = largest[lane] > top ? largest[lane] : top;
  }
  const auto step = static_cast<std::size_t>(rho * (kLengths / kSeriesLimit)) + 1;
  group.length = kSeriesLengths.of[step < kLengths ? step : kLengths];
  group.far = top > kSeriesLimit;
}

/// sums[j] += weight[j] * sum_k rho[j]^k row[k] columns[k, j] for kVectors vectors of columns.
/// Horner's rule in rho^2 for even and odd k apart: twice as many sums hide the latency.
template <std::size_t kVectors>
ATTNLAB_INLINE void add_series_part(const SeriesGroup& group, const double* row,
                                    std::size_t row_stride, const double* columns,
                                    std::size_t offset, double* sums) {
  Doubles even[kVectors] = {}, odd[kVectors] = {}, square[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    const Doubles rho = load(group.rho + offset + v * kWidth);
    square[v] = rho * rho;
  }
  for (std::size_t k = group.length; k > 0; k -= 2) {
    const double even_factor = row[(k - 2) * row_stride], odd_factor = row[(k - 1) * row_stride];
    const double* even_terms = columns + (k - 2) * kGroup + offset;
    const double* odd_terms = even_terms + kGroup;
    for (std::size_t v = 0; v < kVectors; ++v) {
      even[v] = even_factor * load(even_terms + v * kWidth) + even[v] * square[v];
      odd[v] = odd_factor * load(odd_terms + v * kWidth) + odd[v] * square[v];
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    double* to = sums + offset + v * kWidth;
    const Doubles value = even[v] + load(group.rho + offset + v * kWidth) * odd[v];
    store(to, load(to) + value * load(group.weight + offset + v * kWidth));
  }
}

ATTNLAB_NOINLINE void add_series(const SeriesGroup& group, const double* row,
                                 std::size_t row_stride, const double* columns, double* sums) {
  constexpr std::size_t kPart = kGroupVectors < 4 ? kGroupVectors : 4;
  for (std::size_t v = 0; v < kGroupVectors; v += kPart) {
    add_series_part<kPart>(group, row, row_stride, columns, v * kWidth, sums);
  }
}

ATTNLAB_NOINLINE void collect_far(const BiasedKeySums& task, std::size_t i, std::size_t first,
                                  FarPairs& far) {
  const KeySums& keys = task.keys;
  const double* means = task.column_terms + first * (1 + kReluTerms);
  for (std::size_t c = first; c < first + kGroup; ++c) {
    const double product = keys.products[i * keys.stride + c];
    const double rho = keys.scales[c] * product;
    if (!(__builtin_fabs(rho) > kSeriesLimit)) continue;
    far.a[far.count] = task.row_terms[i];
    far.b[far.count] = means[c - first];
    far.rho[far.count] = rho > 1.0 ? 1.0 : rho < -1.0 ? -1.0 : rho;
    far.weight[far.count] = product;
    far.column[far.count] = c;
    if (++far.count == kPairs) add_far_pairs(far, keys.sums);
  }
}

}  // namespace

void arc_cosine_values(std::size_t count, double* values) {
  for (std::size_t j = 0; j < count; ++j) values[j] = kappa(values[j]);
}

void arc_cosine_sums(const KeySums& task) {
  for (std::size_t c = 0; c < task.columns; c += kGroup) arc_cosine_group(task, c);
}

void relu_terms(std::size_t count, double* terms, std::size_t stride) {
  for (std::size_t j = 0; j < count; ++j) {
    const double a = terms[j], size = __builtin_fabs(a);
    const double density = exp_of_negative(-0.5 * size * size);
    const double below = distribution(a, normal_tail(size, density));
    const double phi = kInverseRootTwoPi * density;
    terms[stride + j] = a * below + phi;
    terms[2 * stride + j] = below;
    terms[3 * stride + j] = phi;      // He_0(a) phi(a)
    terms[4 * stride + j] = a * phi;  // He_1(a) phi(a)
  }
  // psi_n = He_n phi / sqrt(n!): sqrt(n + 1) psi_(n+1) = a psi_n - sqrt(n) psi_(n-1).
  for (std::size_t n = 1; n + 3 < kReluTerms; ++n) {
    const double back = __builtin_sqrt(static_cast<double>(n));
    const double scale = 1.0 / __builtin_sqrt(static_cast<double>(n + 1));
    const double* before = terms + (n + 2) * stride;
    const double* last = before + stride;
    double* next = terms + (n + 4) * stride;
    for (std::size_t j = 0; j < count; ++j) {
      next[j] = (terms[j] * last[j] - back * before[j]) * scale;
    }
  }
  for (std::size_t k = 2; k < kReluTerms; ++k) {
    const double scale = 1.0 / __builtin_sqrt(static_cast<double>(k * (k - 1)));
    double* row = terms + (k + 1) * stride;
    for (std::size_t j = 0; j < count; ++j) row[j] *= scale;
  }
}

void biased_relu_sums(const BiasedKeySums& task) {
  const KeySums& keys = task.keys;
  for (std::size_t c = 0; c < keys.columns; ++c) keys.sums[c] = 0.0;
  FarPairs far;
  SeriesGroup group;
  for (std::size_t c = 0; c < keys.columns; c += kGroup) {
    const double* column_terms = task.column_terms + c * (1 + kReluTerms) + kGroup;
    for (std::size_t i = 0; i < keys.keys; ++i) {
      prepare_series(keys, i, c, group);
      add_series(group, task.row_terms + task.row_stride + i, task.row_stride, column_terms,
                 keys.sums + c);
      if (group.far) collect_far(task, i, c, far);
    }
  }
  if (far.count > 0) add_far_pairs(far, keys.sums);
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
