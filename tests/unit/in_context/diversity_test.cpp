// icl-diversity: closed forms, fits and posterior means against slow versions of their own.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/in_context/closed_forms.h"
#include "core/in_context/diversity_fit.h"
#include "core/in_context/diversity_study.h"
#include "core/in_context/diversity_theory.h"
#include "core/in_context/small_solve.h"
#include "core/numerics/statistics.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::in_context;
using namespace attnlab::test;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double square(double x) {
  return x * x;
}

/// A prompt drawn example by example, as the definition says.
struct LiteralPrompt {
  std::vector<std::vector<double>> x;
  std::vector<double> y, query, pooled;
  double label = 0;
};

LiteralPrompt literal_prompt(RandomStream& stream, std::span<const double> task,
                             std::size_t examples, double noise) {
  const std::size_t d = task.size();
  const double dim = static_cast<double>(d), length = static_cast<double>(examples);
  const auto point = [&] {
    std::vector<double> x(d);
    for (double& entry : x) entry = stream.normal() / std::sqrt(dim);
    return x;
  };
  LiteralPrompt prompt;
  prompt.pooled.assign(d + 1, 0);
  for (std::size_t i = 0; i < examples; ++i) {
    prompt.x.push_back(point());
    prompt.y.push_back(dot(prompt.x[i], task) + std::sqrt(noise) * stream.normal());
    for (std::size_t j = 0; j < d; ++j) {
      prompt.pooled[j] += dim / length * prompt.y[i] * prompt.x[i][j];
    }
    prompt.pooled[d] += square(prompt.y[i]) / length;
  }
  prompt.query = point();
  prompt.label = dot(prompt.query, task) + std::sqrt(noise) * stream.normal();
  return prompt;
}

double prediction(const Matrix<double>& gamma, std::span<const double> query,
                  std::span<const double> pooled) {
  double sum = 0;
  for (std::size_t i = 0; i < gamma.rows(); ++i) sum += query[i] * dot(gamma.row(i), pooled);
  return sum;
}

Matrix<double> random_matrix(RandomStream& stream, std::size_t rows, std::size_t cols) {
  Matrix<double> matrix(rows, cols);
  stream.fill_normal(matrix.values());
  return matrix;
}

/// The value of a part of a job, run to its end.
template <class T>
JobSteps keep(Steps<T> part, T& value) {
  value = co_await part;
  co_return JobResult{};
}
template <class T>
T finished(Steps<T> part) {
  T value;
  JobSteps job = keep(std::move(part), value);
  while (job.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(job.state() == JobSteps::State::kDone);
  return value;
}

FittedLayer fitted(const DiversityCase& size, const Matrix<double>& tasks,
                   const RandomStream& stream) {
  WorkMeter meter(fit_flops(size), kDiversityStep);
  return finished(fit_layer(size, tasks, stream, meter));
}

/// The published limit for tau > 1 without ridge (arXiv 2405.11751), written as published.
DiversityErrors published(double kappa, double alpha, double tau, double noise) {
  const double x = (1 + noise) / alpha, b = x + 1 - 1 / kappa;
  const double m = 2 / (b + std::sqrt(b * b + 4 * x / kappa));
  const double big = 1 / (1 - kappa * square(m / (kappa + m)));
  return {(big - 1 / (tau - 1)) * (1 + x) * square(x * m) + (3 - 2 * tau) / (tau - 1) * m * x * x +
              ((1 + noise) * m / (tau - 1) + 1) * x + noise * m / (tau - 1) + noise,
          tau * (noise + x * (1 - x * m)) / (tau - 1)};
}

/// Sum of (label - prediction) x_q h^T minus the penalty's gradient, relative to sum label x_q h^T.
double normal_equation_residual(const DiversityCase& size, const Matrix<double>& tasks,
                                const RandomStream& stream, const Matrix<double>& gamma) {
  PromptSource source(size, tasks, stream);
  const PromptFeatures prompts = source.draw(size.prompts);
  Matrix<double> residual(size.dim, size.dim + 1), right(size.dim, size.dim + 1);
  for (std::size_t i = 0; i < size.prompts; ++i) {
    const double label = prompts.labels[i];
    const double error = label - prediction(gamma, prompts.queries.row(i), prompts.pooled.row(i));
    for (std::size_t a = 0; a < size.dim; ++a) {
      for (std::size_t b = 0; b <= size.dim; ++b) {
        const double feature = prompts.queries(i, a) * prompts.pooled(i, b);
        residual(a, b) += error * feature;
        right(a, b) += label * feature;
      }
    }
  }
  const double shift =
      size.ridge * static_cast<double>(size.prompts) / static_cast<double>(size.dim);
  double squares = 0;
  for (std::size_t i = 0; i < residual.size(); ++i) {
    squares += square(residual.data()[i] - shift * gamma.data()[i]);
  }
  return std::sqrt(squares / dot(right.values(), right.values()));
}

struct Means {
  Estimate fresh, trained;
};

/// Errors of fitted layers of `trials` trials.
Means measured(DiversityCase size, int trials, std::uint64_t seed) {
  std::vector<double> fresh, trained;
  for (int trial = 0; trial < trials; ++trial) {
    const auto index = static_cast<std::uint32_t>(trial);
    const Matrix<double> tasks = draw_tasks(RandomStream(seed, 1, index), size.tasks, size.dim);
    const FittedLayer layer = fitted(size, tasks, RandomStream(seed, 2, index));
    REQUIRE(layer.gamma.size() > 0);
    const DiversityErrors errors =
        errors_of_layer(layer.gamma.view(), tasks.view(), size.examples, size.noise);
    fresh.push_back(errors.fresh);
    trained.push_back(errors.trained);
  }
  return {mean_and_error(fresh), mean_and_error(trained)};
}

DiversityLaw law_of(const DiversityCase& size) {
  const double d = static_cast<double>(size.dim);
  return {static_cast<double>(size.tasks) / d, static_cast<double>(size.examples) / d,
          static_cast<double>(size.prompts) / (d * d), size.noise, size.ridge};
}

std::string refusal(const Values& values) {
  const RunSpec spec = spec_with(named("icl-diversity"), values);
  const Expected<Plan> plan = spec.experiment->plan(spec);
  return plan ? std::string() : plan.error().sentence;
}

Result result_of(const Values& values) {
  const RunSpec spec = spec_with(named("icl-diversity"), values);
  return whole_result(spec, run_all(spec));
}

const Claim& claim_of(const Result& result, const std::string& id) {
  const auto found = std::find_if(result.claims.begin(), result.claims.end(),
                                  [&](const Claim& claim) { return claim.id == id; });
  REQUIRE(found != result.claims.end());
  return *found;
}

}  // namespace

TEST_CASE("the errors of a layer given its weights are those of prompts drawn one by one") {
  // Four means within three standard errors: another seed fails with a chance of 1.1 %.
  for (const DiversityCase& size :
       {DiversityCase{3, 2, 4, 0, 0.3, 0}, DiversityCase{6, 9, 2, 0, 0, 0}}) {
    RandomStream stream(5, 1, static_cast<std::uint32_t>(size.dim));
    const Matrix<double> tasks = draw_tasks(stream, size.tasks, size.dim);
    Matrix<double> gamma = random_matrix(stream, size.dim, size.dim + 1);
    for (double& weight : gamma.values()) weight *= 0.3;
    for (std::size_t i = 0; i < size.dim; ++i) gamma(i, i) += 0.5;
    std::vector<double> fresh, trained, task(size.dim);
    for (std::size_t i = 0; i < 400000; ++i) {
      draw_task(stream, task);
      for (const bool is_fresh : {true, false}) {
        const std::span<const double> truth =
            is_fresh ? std::span<const double>(task) : tasks.row(i % size.tasks);
        const LiteralPrompt prompt = literal_prompt(stream, truth, size.examples, size.noise);
        (is_fresh ? fresh : trained)
            .push_back(square(prompt.label - prediction(gamma, prompt.query, prompt.pooled)));
      }
    }
    const DiversityErrors exact =
        errors_of_layer(gamma.view(), tasks.view(), size.examples, size.noise);
    const Estimate a = mean_and_error(fresh), b = mean_and_error(trained);
    CHECK(std::abs(a.mean - exact.fresh) < 3 * a.std_error);
    CHECK(std::abs(b.mean - exact.trained) < 3 * b.std_error);
    CHECK(std::abs(exact.gap()) > 6 * std::hypot(a.std_error, b.std_error));
  }
}

TEST_CASE("prompts drawn without examples have the law of prompts drawn with them") {
  // 27 means of two samples within 5 joint standard errors: a chance below 2e-5 for another seed.
  const DiversityCase size{2, 1, 3, 0, 0.4, 0};
  RandomStream stream(6, 1, 0);
  const Matrix<double> tasks = draw_tasks(stream, 1, 2);
  PromptSource source(size, tasks, RandomStream(6, 2, 0));
  constexpr std::size_t kDraws = 60000;
  const PromptFeatures short_way = source.draw(kDraws);
  // Monomials of (h_1, h_2, h_3, x_1 label, x_2 label) of up to three factors.
  std::vector<std::vector<double>> a, b;
  const auto add = [](std::vector<std::vector<double>>& all, std::span<const double> query,
                      std::span<const double> h, double label) {
    const std::vector<double> values = {h[0], h[1], h[2], query[0] * label, query[1] * label};
    std::vector<double> monomials = values;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = i; j < 5; ++j) monomials.push_back(values[i] * values[j]);
    }
    for (const double value : values) monomials.push_back(value * value * value);
    monomials.push_back(h[0] * h[1] * h[2]);
    monomials.push_back(square(h[0] * h[2]));
    all.resize(monomials.size());
    for (std::size_t i = 0; i < monomials.size(); ++i) all[i].push_back(monomials[i]);
  };
  for (std::size_t i = 0; i < kDraws; ++i) {
    add(a, short_way.queries.row(i), short_way.pooled.row(i), short_way.labels[i]);
    const LiteralPrompt prompt = literal_prompt(stream, tasks.row(0), size.examples, size.noise);
    add(b, prompt.query, prompt.pooled, prompt.label);
  }
  REQUIRE(a.size() == 27);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Estimate one = mean_and_error(a[i]), other = mean_and_error(b[i]);
    CAPTURE(i);
    CHECK(std::abs(one.mean - other.mean) < 5 * std::hypot(one.std_error, other.std_error));
  }
}

TEST_CASE("the fitted layer solves the normal equations, from either side") {
  RandomStream stream(7, 1, 0);
  for (const DiversityCase& size :
       {DiversityCase{4, 3, 5, 300, 0.2, 0}, DiversityCase{4, 3, 5, 300, 0, 0.05},
        DiversityCase{5, 20, 4, 29, 0.2, 0.1}, DiversityCase{2, 1, 1, 6, 0.5, 0.01},
        DiversityCase{17, 40, 17, 700, 0.1, 0.001}}) {
    CAPTURE(size.dim);
    const Matrix<double> tasks = draw_tasks(stream, size.tasks, size.dim);
    const RandomStream prompts(7, 2, static_cast<std::uint32_t>(size.prompts));
    const FittedLayer layer = fitted(size, tasks, prompts);
    REQUIRE(layer.gamma.size() == size.features());
    CHECK(layer.residual < 1e-11);
    CHECK(normal_equation_residual(size, tasks, prompts, layer.gamma) < 1e-9);
    Matrix<double> moved = layer.gamma.clone();
    moved(0, 0) += 0.01;
    CHECK(normal_equation_residual(size, tasks, prompts, moved) > 1e-6);
  }
}

TEST_CASE("with fewer prompts than weights and no ridge the layer fits every prompt") {
  const DiversityCase size{6, 30, 6, 30, 0.3, 0};
  const Matrix<double> tasks = draw_tasks(RandomStream(8, 1, 0), size.tasks, size.dim);
  const RandomStream stream(8, 2, 0);
  const FittedLayer layer = fitted(size, tasks, stream);
  PromptSource source(size, tasks, stream);
  const PromptFeatures prompts = source.draw(size.prompts);
  double least = kInfinity;
  for (std::size_t i = 0; i < size.prompts; ++i) {
    const double predicted = prediction(layer.gamma, prompts.queries.row(i), prompts.pooled.row(i));
    CHECK(predicted == doctest::Approx(prompts.labels[i]).epsilon(1e-8));
    least = std::min(least, std::abs(predicted));
  }
  CHECK(least > 0);
  // Of all that fit, the shortest: it lies in the span of the prompts' features, so that a ridge
  // parameter of nearly 0 gives nearly the same.
  DiversityCase nearly = size;
  nearly.ridge = 1e-9;
  const FittedLayer limit = fitted(nearly, tasks, stream);
  for (std::size_t i = 0; i < limit.gamma.size(); ++i) {
    CHECK(limit.gamma.data()[i] == doctest::Approx(layer.gamma.data()[i]).epsilon(1e-4));
  }
}

TEST_CASE("a singular system gives the shortest layer, from either side") {
  // Of one task w without noise w.sum y x = sum y^2: d of the d (d + 1) weights have no effect.
  for (const std::size_t prompts : {std::size_t{11}, std::size_t{200}}) {
    const DiversityCase size{3, 1, 6, prompts, 0, 0};
    CHECK(size.dual() == (prompts == 11));
    const Matrix<double> tasks = draw_tasks(RandomStream(9, 1, 0), 1, 3);
    const FittedLayer layer = fitted(size, tasks, RandomStream(9, 2, 0));
    REQUIRE(layer.gamma.size() == size.features());
    for (std::size_t i = 0; i < 3; ++i) {
      // Orthogonal to the direction without effect, (w / d, -1).
      const std::span<const double> row = layer.gamma.row(i);
      CHECK(std::abs(dot(row.first(3), tasks.row(0)) / 3 - row[3]) < 1e-3);
      CHECK(std::sqrt(dot(row, row)) < 10);
    }
  }
}

TEST_CASE("the limit of large dimensions is the published one where that applies") {
  for (const double kappa : {0.1, 0.5, 0.999, 1.0, 3.0, 1e6}) {
    for (const double alpha : {0.2, 1.0, 30.0}) {
      for (const double tau : {1.01, 1.5, 4.0, 1e5}) {
        for (const double noise : {0.0, 0.1, 2.0}) {
          const DiversityErrors ours = large_dimension_errors({kappa, alpha, tau, noise, 0});
          const DiversityErrors theirs = published(kappa, alpha, tau, noise);
          CHECK(ours.fresh == doctest::Approx(theirs.fresh).epsilon(1e-8));
          CHECK(ours.trained == doctest::Approx(theirs.trained).epsilon(1e-8));
        }
      }
    }
  }
}

TEST_CASE("the limit is continuous in the ridge parameter and infinite at the peak without it") {
  for (const double tau : {0.3, 0.8, 1.3, 5.0}) {
    const DiversityErrors zero = large_dimension_errors({0.7, 1.5, tau, 0.2, 0});
    const DiversityErrors small = large_dimension_errors({0.7, 1.5, tau, 0.2, 1e-9});
    CHECK(small.fresh == doctest::Approx(zero.fresh).epsilon(1e-6));
    CHECK(small.trained == doctest::Approx(zero.trained).epsilon(1e-6));
  }
  CHECK(large_dimension_errors({0.7, 1.5, 1, 0.2, 0}).fresh == kInfinity);
  // A layer that is shrunk to nothing predicts 0.
  const DiversityErrors nothing = large_dimension_errors({0.7, 1.5, 2, 0.2, 1e7});
  CHECK(nothing.fresh == doctest::Approx(1.2).epsilon(1e-5));
  CHECK(nothing.trained == doctest::Approx(1.2).epsilon(1e-5));
}

TEST_CASE("large-d theory fits measured errors at d = 32, better than at d = 8") {
  // Corrections are of order 1/d, and largest near the peak: 12 % at d = 32.
  struct Row {
    double kappa, alpha, tau, noise, ridge;
  };
  for (const Row& row : {Row{1, 1, 2.5, 0.1, 0}, Row{2, 2, 1.5, 0.5, 0.1}, Row{1, 1, 0.5, 0.1, 0},
                         Row{4, 0.5, 0.5, 0.1, 0.3}}) {
    double deviation[2] = {0, 0};
    for (const int large : {0, 1}) {
      const double d = large != 0 ? 32 : 8;
      const DiversityCase size{static_cast<std::size_t>(d),
                               static_cast<std::size_t>(row.kappa * d),
                               static_cast<std::size_t>(row.alpha * d),
                               static_cast<std::size_t>(row.tau * d * d),
                               row.noise,
                               row.ridge};
      const Means means = measured(size, large != 0 ? 3 : 60, 11);
      const DiversityErrors theory = large_dimension_errors(law_of(size));
      deviation[large] = std::max(std::abs(means.fresh.mean / theory.fresh - 1),
                                  std::abs(means.trained.mean / theory.trained - 1));
    }
    CAPTURE(row.tau);
    CAPTURE(deviation[0]);
    CHECK(deviation[1] < 0.12);
    CHECK(deviation[1] < 0.6 * deviation[0]);
  }
}

TEST_CASE("with a task for every prompt and many prompts the layer meets linear attention") {
  // The best layer for new tasks is a multiple of the identity: one gradient step.
  for (const double noise : {0.0, 0.5}) {
    const std::size_t d = 5, examples = 7;
    const Matrix<double> tasks = draw_tasks(RandomStream(12, 1, 0), 3, d);
    const double line = noise + linear_attention_risk({static_cast<double>(d), 1, noise}, examples);
    double best = kInfinity;
    for (double step = 0; step < 1; step += 1e-3) {
      Matrix<double> gamma(d, d + 1);
      for (std::size_t i = 0; i < d; ++i) gamma(i, i) = step;
      best = std::min(best, errors_of_layer(gamma.view(), tasks.view(), examples, noise).fresh);
    }
    CHECK(best == doctest::Approx(line).epsilon(1e-5));
    CHECK(best >= line * (1 - 1e-12));
  }
  // The limit of the limit: large d, then kappa and tau to infinity.
  for (const double alpha : {0.5, 1.0, 8.0}) {
    const double d = 1e9;
    const double line = 0.3 + linear_attention_risk({d, 1, 0.3}, alpha * d);
    CHECK(large_dimension_errors({1e9, alpha, 1e9, 0.3, 0}).fresh ==
          doctest::Approx(line).epsilon(1e-7));
    CHECK(large_dimension_errors({1e9, alpha, 1e9, 0.3, 0}).trained ==
          doctest::Approx(line).epsilon(1e-7));
  }
  // Measured: 20 weights, fitted to 40,000 prompts of 40,000 tasks. The excess is about
  // weights / prompts of the error, 5e-4; it cannot be below 0.
  const DiversityCase size{4, 40000, 6, 40000, 0.2, 0};
  const Matrix<double> tasks = draw_tasks(RandomStream(12, 2, 0), size.tasks, size.dim);
  const FittedLayer layer = fitted(size, tasks, RandomStream(12, 3, 0));
  const DiversityErrors errors =
      errors_of_layer(layer.gamma.view(), tasks.view(), size.examples, size.noise);
  const double line = size.noise + linear_attention_risk({4, 1, size.noise}, 6);
  CHECK(errors.fresh >= line);
  CHECK(errors.fresh < line * 1.003);
  CHECK(std::abs(errors.gap()) < 0.01);
}

TEST_CASE("posterior means and ridge err as a slow simulation of their own says") {
  // Six means within 4 joint standard errors: a chance of 4e-4 for another seed.
  struct Row {
    std::size_t dim, tasks, examples;
    double noise;
  };
  for (const Row& row : {Row{3, 4, 2, 0.3}, Row{4, 3, 6, 2}}) {
    const Matrix<double> tasks = draw_tasks(RandomStream(13, 1, 0), row.tasks, row.dim);
    // Ours gives means only: their errors from 40 repetitions.
    std::vector<double> fresh, trained, ridge;
    for (std::uint32_t i = 0; i < 40; ++i) {
      WorkMeter meter(1e12, kDiversityStep);
      const PosteriorErrors errors = finished(posterior_errors(
          row.examples, row.noise, {1, row.tasks}, tasks, 300, RandomStream(13, 2, i), meter));
      fresh.push_back(errors.fresh[1]);
      trained.push_back(errors.trained[1]);
      ridge.push_back(errors.ridge);
      CHECK(errors.trained[0] == doctest::Approx(row.noise));  // one task: nothing to find out
      CHECK(errors.fresh[0] > row.noise + 1);
    }
    RandomStream stream(13, 3, 0);
    std::vector<double> slow_fresh, slow_trained, slow_ridge, task(row.dim);
    for (std::size_t i = 0; i < 12000; ++i) {
      draw_task(stream, task);
      for (const bool is_fresh : {true, false}) {
        const std::span<const double> truth =
            is_fresh ? std::span<const double>(task) : tasks.row(i % row.tasks);
        const LiteralPrompt prompt = literal_prompt(stream, truth, row.examples, row.noise);
        std::vector<double> mean(row.dim);
        double total = 0;
        for (std::size_t t = 0; t < row.tasks; ++t) {
          double likelihood = 1;
          for (std::size_t e = 0; e < row.examples; ++e) {
            likelihood *=
                std::exp(-square(prompt.y[e] - dot(prompt.x[e], tasks.row(t))) / (2 * row.noise));
          }
          total += likelihood;
          for (std::size_t j = 0; j < row.dim; ++j) mean[j] += likelihood * tasks(t, j);
        }
        for (double& entry : mean) entry /= total;
        (is_fresh ? slow_fresh : slow_trained)
            .push_back(square(prompt.label - dot(prompt.query, mean)));
        if (!is_fresh) continue;
        // (X^T X + noise I)^-1 X^T y
        std::vector<double> system(row.dim * row.dim), right(row.dim);
        for (std::size_t a = 0; a < row.dim; ++a) {
          system[a * row.dim + a] = row.noise;
          for (std::size_t e = 0; e < row.examples; ++e) {
            right[a] += prompt.x[e][a] * prompt.y[e];
            for (std::size_t b = 0; b < row.dim; ++b) {
              system[a * row.dim + b] += prompt.x[e][a] * prompt.x[e][b];
            }
          }
        }
        const std::vector<double> inverse = inverse_small(row.dim, system);
        double predicted = 0;
        for (std::size_t a = 0; a < row.dim; ++a) {
          predicted += prompt.query[a] * dot({inverse.data() + a * row.dim, row.dim}, right);
        }
        slow_ridge.push_back(square(prompt.label - predicted));
      }
    }
    const auto agree = [](const std::vector<double>& a, const std::vector<double>& b) {
      const Estimate one = mean_and_error(a), other = mean_and_error(b);
      return std::abs(one.mean - other.mean) < 4 * std::hypot(one.std_error, other.std_error);
    };
    CHECK(agree(fresh, slow_fresh));
    CHECK(agree(trained, slow_trained));
    CHECK(agree(ridge, slow_ridge));
    CHECK(!agree(fresh, slow_trained));
  }
}

TEST_CASE("without noise the posterior knows a trained task from its examples") {
  const Matrix<double> tasks = draw_tasks(RandomStream(14, 1, 0), 50, 6);
  WorkMeter meter(1e12, kDiversityStep);
  const PosteriorErrors errors =
      finished(posterior_errors(6, 0, {5, 50}, tasks, 100, RandomStream(14, 2, 0), meter));
  CHECK(errors.trained[0] == 0);
  CHECK(errors.trained[1] == 0);
  CHECK(errors.fresh[1] > 0.1);
  CHECK(errors.ridge < 1e-6);  // as many examples as dimensions
}

TEST_CASE("sizes below one task, example or prompt are refused with a sentence") {
  CHECK(refusal({{"dim", "10"}, {"kappa", "0.05,1"}}) ==
        "kappa must be at least 0.1 with dim 10, not 0.05: fewer than one task");
  CHECK(refusal({{"dim", "10"}, {"alpha", "0.05"}}) ==
        "alpha must be at least 0.1 with dim 10, not 0.05: fewer than one example");
  CHECK(refusal({{"dim", "10"}, {"tau", "0.005"}}) ==
        "tau must be at least 0.01 with dim 10, not 0.005: fewer than one prompt");
  CHECK(refusal({{"dim", "10"}, {"kappa", "0.1"}, {"alpha", "0.1"}, {"tau", "0.01"}}).empty());
  const Experiment& experiment = named("icl-diversity");
  const RunSpec spec = spec_with(experiment, {{"kappa", "0.01"}});
  CHECK(experiment.find(spec, {}).result.claims.empty());
  JobSteps job = experiment.start(spec_with(experiment, {}), 1000000);
  CHECK(job.step() == JobSteps::State::kFailed);
  CHECK(job.error().sentence == "this run has no job 1000000");
}

TEST_CASE("the largest sizes plan no more memory than their system takes") {
  const Experiment& experiment = named("icl-diversity");
  for (const char* tau : {"1", "100"}) {
    const RunSpec spec =
        spec_with(experiment, {{"dim", "64"}, {"kappa", "100"}, {"alpha", "100"}, {"tau", tau}});
    const Expected<Plan> plan = experiment.plan(spec);
    REQUIRE(plan);
    CHECK(plan->memory_parameter == "dim");
    CHECK(plan->job_bytes > 2 * 8.0 * 4096 * 4096);
    CHECK(plan->job_bytes < 4e8);
  }
}

TEST_CASE("one prompt of one task with one example runs, and so does noise that drowns labels") {
  const Result least = result_of({{"dim", "2"},
                                  {"kappa", "0.5"},
                                  {"alpha", "0.5"},
                                  {"tau", "0.25"},
                                  {"trials", "2"},
                                  {"test-prompts", "10"}});
  REQUIRE(least.tables[0].rows.size() == 1);
  CHECK(least.tables[0].columns[0].name == "dim");
  const Result large = result_of({{"dim", "2"},
                                  {"noise", "100"},
                                  {"ridge", "1000"},
                                  {"kappa", "1"},
                                  {"trials", "2"},
                                  {"test-prompts", "10"}});
  for (const double error : numbers_in(large.tables[0], "error_new")) CHECK(error > 100);
}

TEST_CASE("the gap table has the columns of the contract, in any order of outputs") {
  const RunSpec spec = spec_with(named("icl-diversity"), {{"dim", "5"},
                                                          {"kappa", "0.4,1,4"},
                                                          {"alpha", "1,2"},
                                                          {"tau", "0.5,2"},
                                                          {"trials", "3"},
                                                          {"test-prompts", "20"}});
  std::vector<JobOutput> outputs = run_all(spec);
  REQUIRE(outputs.size() == 3 * (4 + 2));
  const Findings findings = findings_of(spec, outputs);
  const Table& gap = findings.result.tables.at(0);
  CHECK(gap.name == "gap");
  const std::vector<std::string> contract = {"dim",       "kappa",     "alpha",         "tau",
                                             "noise",     "error_new", "error_trained", "gap",
                                             "std_error", "theory"};
  for (std::size_t i = 0; i < contract.size(); ++i) CHECK(gap.columns[i].name == contract[i]);
  CHECK(gap.rows.size() == 12);
  const Result whole = whole_result(spec, outputs);
  CHECK(whole.table("trials")->rows.size() == 36);
  for (const double residual : numbers_in(*whole.table("trials"), "residual")) {
    CHECK(residual < 1e-9);
  }
  CHECK(findings.figures.size() == 4);
  CHECK(findings.figures[0].id == "gap");
  std::reverse(outputs.begin(), outputs.end());
  CHECK(encode_findings(findings_of(spec, outputs)) == encode_findings(findings));
  outputs.push_back({0, Bytes{1, 2, 3}, true});
  outputs.push_back({5, Bytes{1, 2, 3}, true});
  CHECK(findings_of(spec, outputs).result.notes.size() == findings.result.notes.size() + 2);
  for (const Figure& figure : findings.figures) {
    for (const Series& series : figure.lines().series) {
      for (std::size_t i = 1; i < series.points.size(); ++i) {
        CHECK(series.points[i].x > series.points[i - 1].x);
      }
    }
  }
  CHECK(!findings_of(spec).figures.empty());
}

TEST_CASE("values that round to the same number are one cell") {
  const RunSpec spec = spec_with(named("icl-diversity"),
                                 {{"dim", "4"}, {"kappa", "0.25,0.26,0.3,1"}, {"trials", "2"}});
  const Expected<DiversityStudy> study = read_diversity_study(spec.parameters);
  REQUIRE(study);
  CHECK(study->tasks == std::vector<std::size_t>{1, 4});
}

TEST_CASE("claims on memorising, learning and double descent hold, and can fail") {
  const Values small = {{"dim", "8"}, {"alpha", "2"}, {"trials", "6"}, {"test-prompts", "100"}};
  const auto with = [&](Values more) {
    Values all = small;
    for (auto& value : more) all.push_back(std::move(value));
    return result_of(all);
  };
  const Result tasks = with({{"kappa", "0.25,4"}});
  CHECK(claim_of(tasks, "C8").status == ClaimStatus::kHolds);
  CHECK(claim_of(tasks, "C9").status == ClaimStatus::kHolds);
  CHECK(claim_of(with({{"kappa", "1,2"}, {"alpha", "5"}}), "C11").status == ClaimStatus::kHolds);
  CHECK(claim_of(tasks, "C10").status == ClaimStatus::kUndecided);
  const Values prompts = {{"kappa", "2"}, {"tau", "0.4,1.12,3"}};
  CHECK(claim_of(with(prompts), "C10").status == ClaimStatus::kHolds);
  // A strong penalty removes the peak, and with few prompts the layer is worse than a posterior
  // mean over many tasks.
  Values penalised = prompts;
  penalised.push_back({"ridge", "1"});
  CHECK(claim_of(with(penalised), "C10").status == ClaimStatus::kFails);
  CHECK(claim_of(with({{"kappa", "50"}, {"tau", "1.2"}}), "C11").status == ClaimStatus::kFails);
  // Near the peak it is the noise of the fit that decides, on new and on trained tasks.
  CHECK(claim_of(with({{"kappa", "0.5,4"}, {"tau", "1.12"}}), "C9").status != ClaimStatus::kHolds);
}
