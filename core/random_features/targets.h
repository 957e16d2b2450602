// The target functions that a layer learns, with the exact error of the best affine function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/attention/tokens.h"

namespace attnlab::random_features {

/// Fixed random parameters of one trial's target.
struct TargetDraw {
  std::vector<double> beta;    ///< uniform on the sphere S^{d-1}
  std::vector<double> matrix;  ///< d x d, row-major: entries N(0, 1/d)
  /// Two more directions, drawn like beta and independent of it: b2 and b3 of a formula.
  std::vector<double> beta_2 = {}, beta_3 = {};
};
TargetDraw draw_target(std::uint64_t seed, std::uint32_t trial, std::size_t dim);

/// What the number of a target means.
enum class TargetNumber {
  kDegree,     ///< an integer power
  kFrequency,  ///< a real frequency
  kNone,
};

/// Orders of B(f) for |beta| = 1, and the variance to compare them with. Norms of RFA and BRFA are
/// the paper's as we know them; RFMLP's and the variance are derived in
/// docs/derivations-random-features.md. A bound on a risk relative to the variance asks for samples
/// in the order of B / Var.
struct TargetNorms {
  double (*rfa)(std::size_t dim, double number);
  std::string_view rfa_formula;
  double (*brfa)(std::size_t dim, double number);  ///< nullptr when it is not known
  std::string_view brfa_formula;
  double (*rfmlp_over_rfa)(std::size_t keys, double number);
  std::string_view rfmlp_over_rfa_formula;
  double (*variance)(std::size_t keys, std::size_t dim, double number);  ///< Var f, exact
};

/// One family of target functions f_*(x_0; x_1..x_N) with a degree p or frequency g.
/// mean-power and correlation-value are the examples of Fu, Guo, Bai, Mei, arXiv 2307.11353,
/// f_{1,p} and f_{2,q}, as we know them; the others vary them.
struct Target {
  std::string_view id;       ///< "mean-power"
  std::string_view label;    ///< "mean of a power"
  std::string_view formula;  ///< "(1/N) Σ ⟨β,xᵢ⟩ᵖ"
  TargetNumber number;
  double default_number;   ///< degree or frequency where no parameter gives one
  bool reads_correlation;  ///< built from <x_0, x_i>: where a non-zero mean of W should help (A4)
  bool mean_over_keys = false;  ///< (1/N) sum_i g(x_0, x_i); g is then its value for one key
  /// Value for one sample (query first, then the keys; see TokenBatch); nullptr for a formula.
  double (*value)(const TargetDraw& draw, const float* sample, std::size_t keys, std::size_t dim,
                  double number);
  /// Fraction of the variance that the best affine function of all tokens leaves; nullptr when
  /// there is no closed form.
  double (*affine_level)(std::size_t keys, std::size_t dim, double number);
  /// The norms B(f) in the bound on the excess risk, of the order sqrt(B / n), up to constants.
  const TargetNorms* norms;  ///< nullptr when they are not known
  /// Whether the function is constant on tokens of dimension 1, which are +1 and -1.
  bool (*constant_at_dim_one)(double number);
};

/// The built-in targets.
std::span<const Target> targets();
/// `own`: a formula of the user (own_target.h). It is not one of `targets`.
const Target& own_target();
/// One of `targets`, `own`, or nullptr.
const Target* find_target(std::string_view id);

/// Values of the samples of a batch.
std::vector<double> target_values(const Target& target, const TargetDraw& draw,
                                  const TokenBatch& batch, double number);

/// E <u, x>^k for x uniform on S^{d-1} and a unit vector u: (k-1)!! / (d (d+2) ... (d+k-2)) for
/// even k, 0 for odd k.
double sphere_moment(int k, std::size_t dim);

}  // namespace attnlab::random_features
