// Family A against a second program, written from the definitions in plain C++: its own random
// numbers, features, centring, ridge parameter and solver. Only the names of models and targets are
// shared. The results are compared by means and standard errors, as between two laboratories.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/random_features/experiments.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab::test;

namespace second {

using Vector = std::vector<double>;
using Rows = std::vector<Vector>;

struct Setting {
  std::string_view model, target;
  int degree = 2, dim = 6, keys = 6, heads = 40, samples = 100, tests = 200, trials = 40;
  double mean_of_w = 4;
};

/// Normals by Box and Muller: the standard library's own differ between platforms.
class Normals {
 public:
  explicit Normals(std::uint64_t seed) : engine_(seed) {}
  double operator()() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  double uniform() { return (static_cast<double>(engine_() >> 12) + 0.5) / 4503599627370496.0; }
  std::mt19937_64 engine_;
};

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Vector on_sphere(Normals& normal, int dim) {
  Vector point(dim);
  for (double& value : point) value = normal();
  const double length = std::sqrt(dot(point, point));
  for (double& value : point) value /= length;
  return point;
}

using Sample = Rows;  // the query, then the keys

std::vector<Sample> draw_samples(Normals& normal, const Setting& setting, int count) {
  std::vector<Sample> samples(count);
  for (Sample& sample : samples) {
    for (int token = 0; token <= setting.keys; ++token) {
      sample.push_back(on_sphere(normal, setting.dim));
    }
  }
  return samples;
}

double target_of(const Setting& setting, const Vector& beta, const Sample& sample) {
  double sum = 0;
  for (int i = 1; i <= setting.keys; ++i) {
    const double along = dot(beta, sample[i]), similarity = dot(sample[0], sample[i]);
    if (setting.target == "mean-power") sum += std::pow(along, setting.degree);
    if (setting.target == "correlation-power") sum += std::pow(similarity, setting.degree);
    if (setting.target == "correlation-value") sum += std::pow(similarity, setting.degree) * along;
  }
  return sum / setting.keys;
}

Vector with_one(Vector token) {
  token.push_back(1);
  return token;
}

/// Frozen weights: matrices as rows of (d+1)^2 numbers, or neurons.
Rows draw_weights(Normals& normal, const Setting& setting) {
  const int width = setting.dim + 1;
  const bool attention = setting.model == "rfa" || setting.model == "brfa";
  const int tokens = setting.model == "rf-invariant" ? 2 : setting.keys + 1;
  const int count = attention ? setting.heads : setting.heads * width;
  const int inputs = attention ? width * width : tokens * setting.dim + 1;
  const double deviation = attention ? 0.5 : 1 / std::sqrt(tokens + 1.0);
  Rows weights(count, Vector(inputs));
  for (Vector& row : weights) {
    for (double& value : row) value = deviation * normal();
    for (int a = 0; setting.model == "brfa" && a < setting.dim; ++a) {
      row[a * width + a] += setting.mean_of_w;
    }
  }
  return weights;
}

Vector features_of(const Setting& setting, const Rows& weights, const Sample& sample) {
  Vector features;
  const int width = setting.dim + 1;
  if (setting.model == "rfmlp") {
    Vector input;
    for (const Vector& token : sample) input.insert(input.end(), token.begin(), token.end());
    input.push_back(1);
    for (const Vector& w : weights) features.push_back(std::max(0.0, dot(w, input)));
    return features;
  }
  if (setting.model == "rf-invariant") {
    features.assign(weights.size(), 0);
    for (int i = 1; i <= setting.keys; ++i) {
      Vector input = sample[0];
      input.insert(input.end(), sample[i].begin(), sample[i].end());
      input.push_back(1);
      for (std::size_t m = 0; m < weights.size(); ++m) {
        features[m] += std::max(0.0, dot(weights[m], input)) / setting.keys;
      }
    }
    return features;
  }
  const Vector query = with_one(sample[0]);
  for (const Vector& w : weights) {
    Vector image(width), pooled(width);
    for (int a = 0; a < width; ++a) {
      for (int b = 0; b < width; ++b) image[b] += query[a] * w[a * width + b];
    }
    for (int i = 1; i <= setting.keys; ++i) {
      const Vector key = with_one(sample[i]);
      const double weight = std::max(0.0, dot(image, key)) / setting.keys;
      for (int a = 0; a < width; ++a) pooled[a] += weight * key[a];
    }
    features.insert(features.end(), pooled.begin(), pooled.end());
  }
  return features;
}

/// Solves (K + shift I) x = y for the leading n rows by Gaussian elimination without pivoting;
/// empty where a pivot is not positive.
Vector solve(const Rows& kernel, std::size_t n, double shift, const Vector& y) {
  Rows a(n);
  Vector x(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t i = 0; i < n; ++i) {
    a[i].assign(kernel[i].begin(), kernel[i].begin() + static_cast<std::ptrdiff_t>(n));
    a[i][i] += shift;
  }
  for (std::size_t k = 0; k < n; ++k) {
    if (!(a[k][k] > 0)) return {};
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      x[i] -= factor * x[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) x[k] -= a[k][j] * x[j];
    x[k] /= a[k][k];
  }
  return x;
}

/// Predictions for rows of kernel values of a centred fit to the first n labels.
Vector predict(const Rows& kernel, std::size_t n, double shift, const Vector& labels,
               const Rows& rows) {
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += labels[i] / static_cast<double>(n);
  Vector centred = labels;
  for (double& label : centred) label -= mean;
  const Vector x = solve(kernel, n, shift, centred);
  if (x.empty()) return {};
  Vector predictions;
  for (const Vector& row : rows) {
    double sum = mean;
    for (std::size_t i = 0; i < n; ++i) sum += row[i] * x[i];
    predictions.push_back(sum);
  }
  return predictions;
}

double squared_distance(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

Rows products(const Rows& a, const Rows& b) {
  Rows all;
  for (const Vector& row : a) {
    Vector& values = all.emplace_back();
    for (const Vector& other : b) values.push_back(dot(row, other));
  }
  return all;
}

/// Test error of one trial: ridge parameter chosen on the last fifth, refitted on all.
double trial_error(const Setting& setting, std::uint64_t seed) {
  Normals normal(seed);
  const Vector beta = on_sphere(normal, setting.dim);
  const Rows weights = draw_weights(normal, setting);
  const auto train = draw_samples(normal, setting, setting.samples);
  const auto test = draw_samples(normal, setting, setting.tests);
  Rows features, test_features;
  Vector labels, truth;
  for (const Sample& sample : train) {
    features.push_back(features_of(setting, weights, sample));
    labels.push_back(target_of(setting, beta, sample));
  }
  for (const Sample& sample : test) {
    test_features.push_back(features_of(setting, weights, sample));
    truth.push_back(target_of(setting, beta, sample));
  }
  const Rows kernel = products(features, features);
  const std::size_t n = train.size(), fitted = n - n / 5;
  double scale = 0;
  for (std::size_t i = 0; i < n; ++i) scale += kernel[i][i] / static_cast<double>(n);
  const Rows held_rows(kernel.begin() + static_cast<std::ptrdiff_t>(fitted), kernel.end());
  const Vector held_labels(labels.begin() + static_cast<std::ptrdiff_t>(fitted), labels.end());
  double least = std::numeric_limits<double>::infinity(), best = 0;
  for (int power = -8; power <= 2; ++power) {
    const double shift = std::pow(10.0, power) * scale;
    const Vector held = predict(kernel, fitted, shift, labels, held_rows);
    if (held.empty() || squared_distance(held, held_labels) > least) continue;
    least = squared_distance(held, held_labels);
    best = shift;
  }
  const Vector predictions = predict(kernel, n, best, labels, products(test_features, features));
  double mean = 0;
  for (const double value : truth) mean += value / static_cast<double>(truth.size());
  return squared_distance(predictions, truth) / squared_distance(Vector(truth.size(), mean), truth);
}

struct MeanAndError {
  double mean = 0, error = 0;
};

MeanAndError measure(const Setting& setting) {
  Vector errors;
  for (int trial = 0; trial < setting.trials; ++trial) {
    errors.push_back(trial_error(setting, 1000 + static_cast<std::uint64_t>(trial)));
  }
  const double count = setting.trials;
  double mean = 0;
  for (const double error : errors) mean += error / count;
  const double spread = squared_distance(errors, Vector(errors.size(), mean));
  return {mean, std::sqrt(spread / (count - 1) / count)};
}

}  // namespace second

namespace {

second::MeanAndError laboratory(const second::Setting& setting) {
  const auto text = [](int value) { return std::to_string(value); };
  const auto spec = spec_with(named("rf-learning-curve"), {{"models", std::string(setting.model)},
                                                           {"target", std::string(setting.target)},
                                                           {"degree", text(setting.degree)},
                                                           {"dim", text(setting.dim)},
                                                           {"keys", text(setting.keys)},
                                                           {"heads", text(setting.heads)},
                                                           {"samples", text(setting.samples)},
                                                           {"test-samples", text(setting.tests)},
                                                           {"trials", text(setting.trials)}});
  const attnlab::Result result = named("rf-learning-curve").find(spec, run_all(spec)).result;
  const attnlab::Table& table = *result.table("test_error");
  REQUIRE(table.rows.size() == 1);
  const auto number = [&](const char* column) {
    return std::get<double>(table.rows[0][table.column(column)]);
  };
  return {number("mean"), number("std_error")};
}

void check_agreement(const second::Setting& setting) {
  const second::MeanAndError ours = laboratory(setting), other = second::measure(setting);
  CAPTURE(setting.model);
  CAPTURE(setting.target);
  CAPTURE(ours.mean);
  CAPTURE(other.mean);
  CHECK(std::abs(ours.mean - other.mean) < 4 * std::hypot(ours.error, other.error));
}

}  // namespace

// Each comparison is of two independent means over 40 trials: beyond four combined standard errors
// with probability 1.5e-4 (Student's t, 78 degrees of freedom), so two correct programs disagree
// somewhere in these eight for one choice of seeds in 800. The seeds are fixed.
TEST_CASE("a second program measures the same test errors at d = N = 6") {
  for (const char* model : {"brfa", "rf-invariant"}) {
    check_agreement({.model = model, .target = "correlation-power"});
  }
  for (const char* model : {"rfa", "rf-invariant", "rfmlp"}) {
    check_agreement({.model = model, .target = "mean-power"});
  }
  for (const char* model : {"rfa", "brfa", "rf-invariant"}) {
    check_agreement({.model = model, .target = "correlation-value", .degree = 3});
  }
}

// The paper's tokens with fewer heads and samples. Over 20 trials each: 3e-4 (38 degrees of
// freedom), so one choice of seeds in 800 for the four of them.
TEST_CASE("a second program measures the same test errors at d = N = 16, with fewer heads") {
  const auto check = [](const char* model, const char* target, int degree) {
    check_agreement({.model = model,
                     .target = target,
                     .degree = degree,
                     .dim = 16,
                     .keys = 16,
                     .heads = 30,
                     .samples = 160,
                     .trials = 20});
  };
  check("brfa", "correlation-power", 2);
  check("rfa", "mean-power", 2);
  check("rf-invariant", "correlation-value", 3);
  check("rfmlp", "correlation-value", 3);
}
