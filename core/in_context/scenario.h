// One setting of in-context regression made concrete: how prompts are drawn, which query-key matrix
// all heads share, and how a prediction's risk follows with theta and the label noise integrated
// out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.h"
#include "core/in_context/closed_forms.h"
#include "core/numerics/matrix.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {

enum class Setting { kBase, kNoise, kCorrelation, kLocal, kPrior };

/// "base", "noise", ...: the names of the `setting` parameter, in the order of the enum.
inline constexpr std::array<std::string_view, 5> kSettingNames = {"base", "noise", "correlation",
                                                                  "local", "prior"};

/// What the heads get in addition to the plain form f = sum_h a_h S(b_h) with KQ = b_h I.
enum class Variant {
  kPlain,
  kInverse,  ///< correlation: KQ = b Sigma^-1
  kFinite,   ///< correlation: KQ = b Gamma^-1, the best preconditioner of a linear step at this D
  kReadOut,  ///< prior: plus a linear read-out of x_q
  kCentred,  ///< prior: values y - theta_0^T x, plus theta_0^T x_q
};

/// Variants of a setting; the first is always the plain one.
std::span<const Variant> variants_of(Setting setting);
/// "" for settings with one variant, else "identity", "inverse", "finite", "labels-only", ...
std::string_view variant_name(Setting setting, Variant variant);
std::string_view variant_label(Setting setting, Variant variant);

struct Scenario {
  Setting setting = Setting::kBase;
  Variant variant = Variant::kPlain;
  double value = 0;  ///< sigma^2, rho, radius or |theta_0|; unused for base
  double noise = 0;  ///< sigma^2 (equal to value in the noise setting)
  std::size_t dim = 5, prompt_length = 40;
  bool attend_query = false;  ///< the query (x_q, label 0) is a key too; not with local examples

  std::size_t keys() const { return prompt_length + (attend_query ? 1 : 0); }
  /// The isotropic problem with the same leading-order constants.
  RegressionTask task() const;
  double theta_variance() const { return 1 / static_cast<double>(dim); }  ///< tau^2
  /// Mean square of theta's entries, with the prior mean's (of unknown direction).
  double label_variance() const;
  /// |theta_0|^2 / d where a read-out of x_q can answer it, else 0.
  double read_out_variance() const;
  /// E (theta^T x_q)^2 per coordinate of x_q: tau^2, plus the prior mean's part where the heads
  /// have to learn it.
  double signal_variance() const;
};

/// Constants of the leading order for one and for the best many heads; NaN where no leading order
/// exists.
double one_head_theory(const Scenario& scenario);
double many_head_theory(const Scenario& scenario);
/// Risk that stays as D grows: KQ = b I under correlation, 0 otherwise.
double risk_floor(const Scenario& scenario);
/// The scale to build a search grid around: positive.
double typical_scale(const Scenario& scenario);

/// The quantities that every prompt of a scenario needs, computed once.
struct PromptLaw {
  Scenario scenario;
  std::vector<double> key_query;  ///< d x d, symmetric, the shared direction of all heads' KQ
  StepRisk linear;                ///< exact risk of step x_q^T key_query (1/D) sum x_i y_i
  double debiased = 0;  ///< exact risk of the debiased step, NaN for D = 1 (docs/derivations.md)
};
PromptLaw make_prompt_law(const Scenario& scenario);

/// One prompt in the layout of the attention kernel. `white_square` is |x_q|^2 before correlation,
/// chi-squared with d degrees of freedom.
struct Prompt {
  Matrix<float> tokens;          ///< d x keys padded with zeros; local examples as x_i - x_q
  bool around_query = false;     ///< the tokens are x_i - x_q
  std::vector<float> direction;  ///< key_query x_q
  std::vector<double> query;     ///< x_q
  double white_square = 0;
};
Prompt make_prompt(const PromptLaw& law);
/// Fills the prompt with fresh numbers.
void draw_prompt(const PromptLaw& law, RandomStream& stream, Prompt& prompt);

/// sum_i x_i x_i^T (d x d).
std::vector<double> example_gram(const PromptLaw& law, const Prompt& prompt);

/// Columns of the padded token matrix.
std::size_t padded_length(std::size_t prompt_length);

}  // namespace attnlab::in_context
