// Monte Carlo of softmax heads: a plain double-precision oracle, the exactly known risks, and the
// limit constants. A closed form is accepted within three standard errors; the seeds are fixed and
// the random numbers the same on every machine, so that a right program always passes.
#include "core/in_context/head_risk.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace attnlab;
using namespace attnlab::in_context;

namespace {

constexpr double kThreeErrors = 3;

Scenario scenario_of(Setting setting, double value, double noise, std::size_t dim,
                     std::size_t length, Variant variant = Variant::kPlain) {
  return {setting, variant, value, setting == Setting::kNoise ? value : noise, dim, length};
}

RiskSums measured(const Scenario& scenario, std::vector<std::size_t> heads, std::size_t search,
                  std::size_t prompts, std::vector<IsotropicHead> given = {}) {
  HeadRiskTask task;
  task.given = std::move(given);
  task.law = make_prompt_law(scenario);
  task.head_counts = std::move(heads);
  task.baselines = true;
  task.search_prompts = search;
  task.prompts = prompts;
  task.seed = 11;
  RiskSums sums;
  JobSteps steps = measure_heads(task, sums);
  while (steps.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(steps.state() == JobSteps::State::kDone);
  return sums;
}

/// |mean - truth| in standard errors of entry i.
double deviation(const RiskSums& sums, std::size_t i, double truth) {
  const std::size_t n = sums.means.size();
  const double error = std::sqrt(sums.comoments[i * n + i] / (sums.count - 1) / sums.count);
  return std::abs(sums.means[i] - truth) / error;
}

/// Attention-weighted mean of the examples in double.
std::vector<double> slow_mean(const PromptLaw& law, const Prompt& prompt, double scale) {
  const std::size_t d = law.scenario.dim, length = law.scenario.prompt_length;
  std::vector<double> mean(d, 0.0), scores(length, 0.0);
  double highest = -1e300, total = 0;
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t a = 0; a < d; ++a) {
      scores[i] += scale * prompt.direction[a] * double(prompt.tokens(a, i));
    }
    highest = std::max(highest, scores[i]);
  }
  for (std::size_t i = 0; i < length; ++i) {
    const double weight = std::exp(scores[i] - highest);
    total += weight;
    for (std::size_t a = 0; a < d; ++a) mean[a] += weight * prompt.tokens(a, i);
  }
  for (std::size_t a = 0; a < d; ++a) {
    mean[a] = mean[a] / total + (prompt.around_query ? prompt.query[a] : 0);
  }
  return mean;
}

}  // namespace

TEST_CASE("attention over a prompt agrees with double arithmetic for every length from 1 to 40") {
  for (std::size_t length = 1; length <= 40; ++length) {
    for (const Setting setting : {Setting::kBase, Setting::kLocal, Setting::kCorrelation}) {
      const PromptLaw law = make_prompt_law(scenario_of(setting, 0.5, 0.1, 3, length));
      Prompt prompt = make_prompt(law);
      RandomStream stream(5, hash_name("test"), static_cast<std::uint32_t>(length));
      draw_prompt(law, stream, prompt);
      const std::vector<float> scales = {-1.5f, -0.02f, 0.0f, 0.3f, 2.0f};
      HeadFeatures features = make_head_features(law, scales.size(), true);
      attend(law, prompt, scales, features);
      for (std::size_t b = 0; b < scales.size(); ++b) {
        const std::vector<double> mean = slow_mean(law, prompt, scales[b]);
        double total = 0;
        for (const float weight : features.weights.row(b)) total += weight;
        CHECK(total == doctest::Approx(1).epsilon(1e-5));
        for (std::size_t i = length; i < features.weights.cols(); ++i) {
          CHECK(features.weights(b, i) == 0);
        }
        // Single precision sums of at most 40 terms of size below 5.
        for (std::size_t a = 0; a < 3; ++a) {
          CHECK(std::abs(features.means(b, a) - mean[a]) < 2e-5);
        }
      }
    }
  }
}

TEST_CASE("the exact linear-attention risks agree with Monte Carlo in every setting") {
  for (const std::size_t dim : {std::size_t{2}, std::size_t{5}}) {
    for (const Scenario& scenario :
         {scenario_of(Setting::kBase, 0, 0, dim, 12), scenario_of(Setting::kNoise, 0.7, 0, dim, 30),
          scenario_of(Setting::kLocal, 0.6, 0.2, dim, 20),
          scenario_of(Setting::kPrior, 1.5, 0.1, dim, 25),
          scenario_of(Setting::kCorrelation, 0.7, 0.3, dim, 20),
          scenario_of(Setting::kCorrelation, 0.7, 0.3, dim, 20, Variant::kInverse),
          scenario_of(Setting::kCorrelation, 0.7, 0.3, dim, 20, Variant::kFinite)}) {
      const RiskSums sums = measured(scenario, {1}, 100, 20000);
      const std::vector<double> controls = control_means(make_prompt_law(scenario));
      for (std::size_t c = 0; c < kControls; ++c) {
        CHECK(deviation(sums, 6 + c, controls[c]) < kThreeErrors);
      }
    }
  }
}

TEST_CASE("the exact least-squares risk agrees with Monte Carlo at two dimensions") {
  for (const std::size_t dim : {std::size_t{2}, std::size_t{5}}) {
    const Scenario scenario = scenario_of(Setting::kNoise, 0.8, 0, dim, dim + 20);
    const RiskSums sums = measured(scenario, {1}, 100, 20000);
    CHECK(deviation(sums, 1, least_squares_risk(scenario.task(), double(dim + 20))) < kThreeErrors);
  }
}

TEST_CASE("Bayes is below every other predictor and equals the prior risk with huge noise") {
  const RiskSums sums = measured(scenario_of(Setting::kNoise, 0.5, 0, 5, 40), {1, 2}, 500, 4000);
  const RiskEstimates estimates = corrected_risks(
      sums, control_means(make_prompt_law(scenario_of(Setting::kNoise, 0.5, 0, 5, 40))));
  for (std::size_t i = 0; i < 3; ++i) CHECK(estimates.risks[3] < estimates.risks[i]);
  const RiskSums noisy = measured(scenario_of(Setting::kNoise, 100, 0, 5, 2), {1}, 500, 4000);
  CHECK(noisy.means[2] == doctest::Approx(1).epsilon(0.1));
}

TEST_CASE("leading-order constants agree with Monte Carlo of fixed heads as D grows") {
  // Heads at the theory's own scales, D = 3000: the next order is below 1 %.
  for (const std::size_t dim : {std::size_t{2}, std::size_t{5}}) {
    for (const double noise : {0.0, 0.5}) {
      const Scenario scenario = scenario_of(Setting::kBase, 0, noise, dim, 3000);
      const PromptLaw law = make_prompt_law(scenario);
      const RegressionTask task = scenario.task();
      const double b = 0.7 * one_head_best_scale(task);
      const std::vector<float> scales = {float(b), float(-b)};
      HeadFeatures features = make_head_features(law, 2, true);
      Prompt prompt = make_prompt(law);
      RandomStream stream(9, hash_name("test"), static_cast<std::uint32_t>(dim));
      constexpr int kPrompts = 3000;
      double one = 0, one2 = 0, two = 0, two2 = 0;
      const auto risk = [&](double first, double second) {
        double error2 = 0, weight2 = 0;
        for (std::size_t a = 0; a < dim; ++a) {
          const double error =
              prompt.query[a] - first * features.means(0, a) - second * features.means(1, a);
          error2 += error * error;
        }
        for (std::size_t i = 0; i < 3000; ++i) {
          const double w = first * features.weights(0, i) + second * features.weights(1, i);
          weight2 += w * w;
        }
        return error2 / double(dim) + noise * weight2;
      };
      for (int k = 0; k < kPrompts; ++k) {
        draw_prompt(law, stream, prompt);
        attend(law, prompt, scales, features);
        const double r1 = 3000 * risk(1 / b, 0), r2 = 3000 * risk(0.5 / b, -0.5 / b);
        one += r1 / kPrompts;
        one2 += r1 * r1 / kPrompts;
        two += r2 / kPrompts;
        two2 += r2 * r2 / kPrompts;
      }
      const double c1 = one_head_constant(task, b), c2 = two_head_constant(task, b);
      const double e1 = std::sqrt((one2 - one * one) / kPrompts);
      const double e2 = std::sqrt((two2 - two * two) / kPrompts);
      CHECK(std::abs(one - c1) < 3 * e1 + 0.01 * c1);
      CHECK(std::abs(two - c2) < 3 * e2 + 0.01 * c2);
    }
  }
}

TEST_CASE("D x risk of the best heads at D = 4000 is within 3 % of the limit constants, d = 5") {
  const Scenario scenario = scenario_of(Setting::kBase, 0, 0, 5, 4000);
  const RiskSums sums = measured(scenario, {1, 2}, 6000, 8000);
  const RiskEstimates risks = corrected_risks(sums, control_means(make_prompt_law(scenario)));
  CHECK(4000 * risks.risks[0] == doctest::Approx(19.156).epsilon(0.03));
  CHECK(4000 * risks.risks[1] == doctest::Approx(6).epsilon(0.03));
  CHECK(4000 * risks.std_error(0) < 0.4);
  CHECK(4000 * risks.std_error(1) < 0.03);
}

TEST_CASE("the exact risk of debiased linear attention agrees with Monte Carlo at two dimensions") {
  // Without noise the risk of a step g given the prompt is |x_q - step C x_q|^2 / d, with C the
  // covariance of the examples; averaged over the query |I - step C|^2 / d.
  for (const std::size_t dim : {std::size_t{2}, std::size_t{5}}) {
    const std::size_t length = 12;
    RandomStream stream(3, hash_name("test"), static_cast<std::uint32_t>(dim));
    constexpr int kPrompts = 20000;
    double cross = 0, square = 0;
    std::vector<double> crosses, squares;
    for (int k = 0; k < kPrompts; ++k) {
      std::vector<double> x(dim * length), mean(dim, 0), covariance(dim * dim, 0);
      stream.fill_normal(x);
      for (std::size_t i = 0; i < dim * length; ++i) mean[i % dim] += x[i] / double(length);
      for (std::size_t i = 0; i < dim * length; ++i) x[i] -= mean[i % dim];
      for (std::size_t i = 0; i < length; ++i)
        for (std::size_t a = 0; a < dim; ++a)
          for (std::size_t b = 0; b < dim; ++b)
            covariance[a * dim + b] += x[i * dim + a] * x[i * dim + b] / double(length);
      double trace = 0, norm = 0;
      for (std::size_t a = 0; a < dim; ++a) trace += covariance[a * dim + a] / double(dim);
      for (const double entry : covariance) norm += entry * entry / double(dim);
      crosses.push_back(trace);
      squares.push_back(norm);
      cross += trace / kPrompts;
      square += norm / kPrompts;
    }
    const double step = cross / square;
    double mean = 0, variance = 0;
    for (int k = 0; k < kPrompts; ++k) {
      const auto i = static_cast<std::size_t>(k);
      const double value = 1 - 2 * step * crosses[i] + step * step * squares[i];
      mean += value / kPrompts;
      variance += value * value / kPrompts;
    }
    const double error = std::sqrt((variance - mean * mean) / kPrompts);
    CHECK(std::abs(mean - debiased_linear_risk({double(dim), 1, 0}, double(length))) < 3 * error);
  }
}

TEST_CASE("local constants agree with the best heads found, with free weights, at two dimensions") {
  for (const std::size_t dim : {std::size_t{2}, std::size_t{5}}) {
    const Scenario scenario = scenario_of(Setting::kLocal, 1.0, 0.3, dim, 2000);
    const RiskSums sums = measured(scenario, {1, 2}, 500, 4000);
    const RiskEstimates risks = corrected_risks(sums, control_means(make_prompt_law(scenario)));
    // 1 % for the next order in 1/D, and three standard errors.
    CHECK(std::abs(2000 * risks.risks[0] - one_head_theory(scenario)) <
          0.01 * one_head_theory(scenario) + 3 * 2000 * risks.std_error(0));
    CHECK(std::abs(2000 * risks.risks[1] - many_head_theory(scenario)) <
          0.01 * many_head_theory(scenario) + 3 * 2000 * risks.std_error(1));
  }
}

TEST_CASE("under correlation KQ = bI keeps the risk floor, KQ = b Sigma^-1 the base constants") {
  for (const std::size_t dim : {std::size_t{2}, std::size_t{3}}) {
    const Scenario identity = scenario_of(Setting::kCorrelation, 0.8, 0, dim, 4000);
    const RiskSums floor = measured(identity, {2}, 500, 2000);
    const RiskEstimates risks = corrected_risks(floor, control_means(make_prompt_law(identity)));
    // The floor is the limit; at D = 4000 at most 4 % more is left of the part that falls.
    CHECK(risks.risks[0] > risk_floor(identity) - 3 * risks.std_error(0));
    CHECK(risks.risks[0] < 1.04 * risk_floor(identity) + 3 * risks.std_error(0));
    const Scenario inverse =
        scenario_of(Setting::kCorrelation, 0.8, 0, dim, 4000, Variant::kInverse);
    const RiskSums sums = measured(inverse, {1, 2}, 500, 4000);
    const RiskEstimates good = corrected_risks(sums, control_means(make_prompt_law(inverse)));
    const double limits[] = {one_head_limit({double(dim), 1, 0}), double(dim) + 1};
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(std::abs(4000 * good.risks[i] - limits[i]) <
            0.02 * limits[i] + 3 * 4000 * good.std_error(i));
    }
  }
}

TEST_CASE("a read-out of the query does not remove the prior mean, centred values do") {
  // Leading order: labels-only and read-out share the constant (d + 1) T with T = 1 + |theta_0|^2.
  for (const std::size_t dim : {std::size_t{2}, std::size_t{3}}) {
    const auto check = [&](Variant variant, double constant) {
      const Scenario scenario = scenario_of(Setting::kPrior, 2, 0, dim, 2000, variant);
      const RiskSums sums = measured(scenario, {2}, 500, 4000);
      const RiskEstimates risks = corrected_risks(sums, control_means(make_prompt_law(scenario)));
      // 2 % for the next order in 1/D, and three standard errors.
      CHECK(std::abs(2000 * risks.risks[0] - constant) <
            0.02 * constant + 3 * 2000 * risks.std_error(0));
    };
    check(Variant::kPlain, 5 * (double(dim) + 1));
    check(Variant::kReadOut, 5 * (double(dim) + 1));
    check(Variant::kCentred, double(dim) + 1);
  }
}

TEST_CASE("sums without any prompt give no risks") {
  const std::vector<double> controls = {1, 2, 3};
  const RiskEstimates none = corrected_risks({}, controls);
  CHECK(none.risks.empty());
  CHECK(none.covariance.empty());
}

TEST_CASE("a loss of the search counts beyond two standard errors, as 10/3 of its square") {
  // One head set, its loss and three controls; risks of mean 1 and standard deviation 0.1.
  const auto variance = [](double loss, double scatter) {
    RandomStream stream(5, hash_name("test"), 0);
    RiskSums sums;
    sums.heads = {{{0.5, 1}}};
    for (int prompt = 0; prompt < 1000; ++prompt) {
      std::vector<double> values(5);
      stream.fill_normal(values);
      values[0] = 1 + 0.1 * values[0];
      values[1] = loss + scatter * values[1];
      sums.add(values);
    }
    const std::vector<double> controls = {0, 0, 0};
    return std::pow(corrected_risks(sums, controls).std_error(0), 2);
  };
  const double prompts = variance(0, 0);
  CHECK(prompts == doctest::Approx(1e-5).epsilon(0.1));
  // The cap adds back 2 (L / R)^2 of the loss, 0.08 % here.
  CHECK(variance(0.02, 0) - prompts == doctest::Approx(10.0 / 3 * 4e-4).epsilon(0.002));
  CHECK(variance(0.002, 0.1) == doctest::Approx(prompts).epsilon(0.01));  // 0.6 standard errors
}

TEST_CASE("sums of parts are the sums of the whole") {
  RiskSums a, b, all;
  const Scenario scenario = scenario_of(Setting::kNoise, 0.5, 0, 2, 5);
  HeadRiskTask task;
  task.law = make_prompt_law(scenario);
  task.head_counts = {1, 2};
  task.baselines = true;
  task.search_prompts = 50;
  task.prompts = 40;
  for (std::uint32_t part = 0; part < 2; ++part) {
    task.part = part;
    RiskSums sums;
    JobSteps steps = measure_heads(task, sums);
    while (steps.step() == JobSteps::State::kRunning) {
    }
    (part == 0 ? a : b) = sums;
  }
  all = a;
  all.merge(b);
  CHECK(all.count == 80);
  for (std::size_t i = 0; i < all.means.size(); ++i) {
    CHECK(all.means[i] == doctest::Approx((a.means[i] + b.means[i]) / 2));
  }
  CHECK(a.heads[1][0].scale == b.heads[1][0].scale);
}

TEST_CASE("heads by hand that are the best set have its risk in every setting") {
  for (const Scenario& scenario :
       {scenario_of(Setting::kBase, 0, 0, 3, 12), scenario_of(Setting::kNoise, 0.5, 0, 5, 20),
        scenario_of(Setting::kCorrelation, 0.7, 0.1, 3, 15, Variant::kPlain),
        scenario_of(Setting::kCorrelation, 0.7, 0, 3, 15, Variant::kInverse),
        scenario_of(Setting::kCorrelation, 0.7, 0, 3, 15, Variant::kFinite),
        scenario_of(Setting::kLocal, 0.5, 0.1, 3, 15),
        scenario_of(Setting::kPrior, 1, 0, 3, 15, Variant::kPlain),
        scenario_of(Setting::kPrior, 1, 0.2, 3, 15, Variant::kReadOut),
        scenario_of(Setting::kPrior, 1, 0, 3, 15, Variant::kCentred)}) {
    const std::vector<std::size_t> counts = {1, 2};
    const RiskSums found = measured(scenario, counts, 1000, 400);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const RiskSums sums = measured(scenario, counts, 1000, 400, found.heads[i]);
      const std::size_t given = counts.size() + kBaselines;
      // A single head's scale lies between grid points, where its read-out is interpolated.
      const double tolerance = scenario.variant == Variant::kReadOut ? 1e-3 : 1e-9;
      const double best = sums.means[i] + sums.means[given + 1 + i];  // with the search's loss back
      CAPTURE(int(scenario.setting));
      CHECK(sums.means[given] == doctest::Approx(best).epsilon(tolerance));
      // Other heads have another risk, and the best sets do not notice heads by hand.
      CHECK(sums.means[i] == found.means[i]);
      std::vector<IsotropicHead> other = found.heads[i];
      other[0].weight *= 1.5;
      const RiskSums worse = measured(scenario, counts, 1000, 400, other);
      CHECK(worse.means[given] > best * 1.02);
    }
  }
}

TEST_CASE("one head by hand of scale 0 has the exact risk of a mean label at two sizes") {
  // f = a mean(y), mean 0 given x_q: T + a^2 (T + sigma^2) / D.
  for (const auto& [dim, length] : {std::pair{2, 5}, std::pair{6, 30}}) {
    const Scenario scenario =
        scenario_of(Setting::kNoise, 0.5, 0, std::size_t(dim), std::size_t(length));
    const RiskSums sums = measured(scenario, {1}, 1000, 4000, {{0, 2}});
    CHECK(deviation(sums, 1 + kBaselines, 1 + 4 * 1.5 / length) < kThreeErrors);
  }
}

TEST_CASE("one example, one dimension, no noise, huge noise and radius 0 give finite risks") {
  for (const Scenario& scenario :
       {scenario_of(Setting::kBase, 0, 0, 1, 1), scenario_of(Setting::kBase, 0, 0, 5, 1),
        scenario_of(Setting::kNoise, 100, 0, 1, 3), scenario_of(Setting::kLocal, 0, 0, 3, 5),
        scenario_of(Setting::kLocal, 0, 0.5, 1, 1), scenario_of(Setting::kLocal, 10, 0.5, 2, 2),
        scenario_of(Setting::kCorrelation, 0.99, 0, 6, 4, Variant::kInverse),
        scenario_of(Setting::kCorrelation, 0.99, 0, 1, 4),
        scenario_of(Setting::kPrior, 0, 0, 2, 2, Variant::kReadOut)}) {
    const RiskSums sums = measured(scenario, {1, 2, 8}, 1000, 500);
    const RiskEstimates risks = corrected_risks(sums, control_means(make_prompt_law(scenario)));
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(std::isfinite(risks.risks[i]));
      CHECK(std::isfinite(risks.std_error(i)));
      CHECK(risks.risks[i] < 3 + scenario.value * scenario.value);
    }
  }
}

TEST_CASE("ridge is Bayes except with a prior mean") {
  const auto estimates = [](const Scenario& scenario) {
    return corrected_risks(measured(scenario, {1}, 200, 2000),
                           control_means(make_prompt_law(scenario)));
  };
  const RiskEstimates noisy = estimates(scenario_of(Setting::kNoise, 0.5, 0, 3, 15));
  CHECK(noisy.risks[1 + kRidge] == noisy.risks[1 + kBayes]);
  const RiskEstimates prior = estimates(scenario_of(Setting::kPrior, 2, 0.5, 3, 15));
  CHECK(prior.risks[1 + kRidge] > prior.risks[1 + kBayes] + 3 * prior.std_error(1 + kRidge));
}

TEST_CASE("kernel smoothing agrees with its definition in double") {
  constexpr std::size_t kLength = 10;
  constexpr double kNoise = 0.2;
  constexpr int kPrompts = 20000;
  const Scenario scenario = scenario_of(Setting::kNoise, kNoise, 0, 1, kLength);
  const RiskEstimates estimates = corrected_risks(measured(scenario, {1}, 200, 20000),
                                                  control_means(make_prompt_law(scenario)));
  RandomStream stream(8, hash_name("test"), 0);
  double best = 1e9, best_error = 0;
  for (double h = 0.1; h < 20; h *= 1.25) {
    double mean = 0, square = 0;
    for (int k = 0; k < kPrompts; ++k) {
      double x[kLength + 1], total = 0, first = 0, weights2 = 0;
      stream.fill_normal(x);
      for (std::size_t i = 1; i <= kLength; ++i) {
        const double weight = std::exp(-(x[i] - x[0]) * (x[i] - x[0]) / (2 * h * h));
        total += weight;
        first += weight * x[i];
        weights2 += weight * weight;
      }
      const double error = x[0] - first / total;
      const double risk = error * error + kNoise * weights2 / (total * total);
      if (!std::isfinite(risk)) continue;
      mean += risk / kPrompts;
      square += risk * risk / kPrompts;
    }
    if (mean >= best) continue;
    best = mean;
    best_error = std::sqrt((square - mean * mean) / kPrompts);
  }
  // Five standard errors of both, and 1 % for a bandwidth chosen on 500 prompts.
  CHECK(std::abs(estimates.risks[1 + kKernel] - best) <
        5 * std::hypot(best_error, estimates.std_error(1 + kKernel)) + 0.01 * best);
}
