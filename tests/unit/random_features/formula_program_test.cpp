// Formulas against the built-in targets and against a walk over trees that are not made by the
// parser.
#include "core/random_features/formula_program.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/random_features/eight_formulas.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

FormulaValues values_of(std::string_view text, const TargetDraw& draw, const TokenBatch& batch) {
  const auto formula = parse_formula(text);
  REQUIRE_MESSAGE(formula, std::string(text));
  return FormulaProgram(*formula, batch.keys, batch.dim).values(draw, batch);
}

/// A value of the slow evaluator: a number, or a vector.
using Vector = std::vector<double>;

/// What one node of a tree needs: one key of one sample.
struct Place {
  const TargetDraw& draw;
  const TokenBatch& batch;
  std::size_t sample, key;
  bool* divided;
};

/// A node with its own text and its own function: nothing of the parser or of the program.
struct Tree {
  std::string text;
  bool vector = false, per_key = false;
  std::function<Vector(const Place&)> value;
};

double pi_free_power(double x, double y) {
  if (y == std::floor(y) && std::abs(y) <= 64) {
    double product = 1;
    for (int i = 0; i < std::abs(y); ++i) product *= x;
    return y < 0 ? 1 / product : product;
  }
  return std::pow(x, y);
}

class Gardener {
 public:
  explicit Gardener(unsigned seed) : engine_(seed) {}

  Tree formula() { return reduction(4); }

 private:
  std::size_t below(std::size_t count) { return engine_() % count; }

  static Vector token(const Place& at, std::size_t index) {
    const float* values = at.batch.token(at.sample, index);
    return {values, values + at.batch.dim};
  }

  Tree number_leaf() {
    switch (below(4)) {
      case 0:
        return {"N", false, false,
                [](const Place& at) { return Vector{static_cast<double>(at.batch.keys)}; }};
      case 1:
        return {"i", false, true,
                [](const Place& at) { return Vector{static_cast<double>(at.key)}; }};
      default: {
        const auto number = static_cast<double>(below(9)) / 2;
        std::string text = std::to_string(number);
        return {text, false, false, [=](const Place&) { return Vector{number}; }};
      }
    }
  }

  Tree vector_leaf() {
    switch (below(5)) {
      case 0:
        return {"b1", true, false, [](const Place& at) { return at.draw.beta; }};
      case 1:
        return {"b2", true, false, [](const Place& at) { return at.draw.beta_2; }};
      case 2:
        return {"b3", true, false, [](const Place& at) { return at.draw.beta_3; }};
      case 3:
        return {"q", true, false, [](const Place& at) { return token(at, 0); }};
      default:
        return {"x", true, true, [](const Place& at) { return token(at, at.key); }};
    }
  }

  template <class F>
  static Tree joined(std::string text, bool vector, const Tree& a, const Tree& b, F f) {
    return {std::move(text), vector, a.per_key || b.per_key,
            [=](const Place& at) { return f(a.value(at), b.value(at), at); }};
  }

  template <class F>
  static Tree by_entry(const char* sign, const Tree& a, const Tree& b, F f) {
    return joined("(" + a.text + sign + b.text + ")", a.vector || b.vector, a, b,
                  [=](const Vector& u, const Vector& v, const Place& at) {
                    Vector out(std::max(u.size(), v.size()));
                    for (std::size_t e = 0; e < out.size(); ++e)
                      out[e] = f(u[u.size() == 1 ? 0 : e], v[v.size() == 1 ? 0 : e], at);
                    return out;
                  });
  }

  static Tree divided(const Tree& a, const Tree& b) {
    return by_entry("/", a, b, [](double x, double y, const Place& at) {
      if (y == 0) *at.divided = true;
      return x / y;
    });
  }

  static Tree image(const Tree& v) {
    return {"(S*" + v.text + ")", true, v.per_key, [=](const Place& at) {
              const Vector u = v.value(at);
              Vector out(u.size());
              for (std::size_t r = 0; r < u.size(); ++r)
                for (std::size_t c = 0; c < u.size(); ++c)
                  out[r] += at.draw.matrix[r * u.size() + c] * u[c];
              return out;
            }};
  }

  Tree vector(int depth) {
    if (depth == 0 || below(3) == 0) return vector_leaf();
    switch (below(6)) {
      case 0:
        return by_entry("+", vector(depth - 1), vector(depth - 1),
                        [](double x, double y, const Place&) { return x + y; });
      case 1:
        return by_entry("-", vector(depth - 1), vector(depth - 1),
                        [](double x, double y, const Place&) { return x - y; });
      case 2:
        return by_entry("*", number(depth - 1), vector(depth - 1),
                        [](double x, double y, const Place&) { return x * y; });
      case 3:
        return divided(vector(depth - 1), number(depth - 1));
      case 4:
        return image(vector(0));
      default:
        return over_keys(vector(depth - 1), below(2) == 0 ? "mean" : "sum", depth);
    }
  }

  template <class F>
  static Tree call(const char* name, const Tree& a, F f) {
    return {"(" + std::string(name) + "(" + a.text + "))", false, a.per_key,
            [=](const Place& at) { return Vector{f(a.value(at)[0])}; }};
  }

  Tree function(int depth) {
    const Tree a = number(depth - 1);
    switch (below(9)) {
      case 0:
        return call("cos", a, [](double x) { return std::cos(x); });
      case 1:
        return call("sin", a, [](double x) { return std::sin(x); });
      case 2:
        return call("tanh", a, [](double x) { return std::tanh(x); });
      case 3:
        return call("exp", a, [](double x) { return std::exp(x); });
      case 4:
        return call("log", a, [](double x) { return std::log(x); });
      case 5:
        return call("sqrt", a, [](double x) { return std::sqrt(x); });
      case 6:
        return call("abs", a, [](double x) { return std::abs(x); });
      case 7:
        return call("relu", a, [](double x) { return x < 0 ? 0 : x; });
      default:
        return call("-", a, [](double x) { return -x; });
    }
  }

  Tree number(int depth) {
    if (depth == 0) return number_leaf();
    switch (below(9)) {
      case 0:
        return number_leaf();
      case 1:
        return by_entry("+", number(depth - 1), number(depth - 1),
                        [](double x, double y, const Place&) { return x + y; });
      case 2:
        return by_entry("*", number(depth - 1), number(depth - 1),
                        [](double x, double y, const Place&) { return x * y; });
      case 3:
        return divided(number(depth - 1), number(depth - 1));
      case 4:
        return by_entry("^", number(depth - 1),
                        {std::to_string(2 + depth), false, false,
                         [=](const Place&) { return Vector{2.0 + depth}; }},
                        [](double x, double y, const Place&) { return pi_free_power(x, y); });
      case 5:
        return function(depth);
      case 6:
        return reduction(depth);
      default: {
        const Tree a = vector(depth - 1), b = below(4) == 0 ? image(vector(0)) : vector(depth - 1);
        if (below(4) == 0)
          return {"norm(" + a.text + ")", false, a.per_key, [=](const Place& at) {
                    double sum = 0;
                    for (const double entry : a.value(at)) sum += entry * entry;
                    return Vector{std::sqrt(sum)};
                  }};
        return joined("dot(" + a.text + "," + b.text + ")", false, a, b,
                      [](const Vector& u, const Vector& v, const Place&) {
                        double sum = 0;
                        for (std::size_t e = 0; e < u.size(); ++e) sum += u[e] * v[e];
                        return Vector{sum};
                      });
      }
    }
  }

  static std::vector<Vector> all_keys(const Tree& a, Place at) {
    std::vector<Vector> values;
    for (at.key = 1; at.key <= at.batch.keys; ++at.key) values.push_back(a.value(at));
    return values;
  }

  Tree over_keys(const Tree& a, const std::string& name, int) {
    return {name + "(" + a.text + ")", a.vector, false, [=](const Place& at) {
              const std::vector<Vector> values = all_keys(a, at);
              Vector out = values[0];
              for (std::size_t k = 1; k < values.size(); ++k) {
                for (std::size_t e = 0; e < out.size(); ++e) {
                  const double next = values[k][e];
                  if (name == "max" || name == "min") {
                    if (std::isnan(out[e]) || std::isnan(next)) {
                      out[e] = std::nan("");
                    } else {
                      out[e] = name == "max" ? std::max(out[e], next) : std::min(out[e], next);
                    }
                  } else {
                    out[e] += next;
                  }
                }
              }
              if (name == "mean")
                for (double& entry : out) entry /= static_cast<double>(values.size());
              return out;
            }};
  }

  Tree reduction(int depth) {
    const Tree a = number(depth - 1);
    switch (below(5)) {
      case 0:
        return over_keys(a, "mean", depth);
      case 1:
        return over_keys(a, "sum", depth);
      case 2:
        return over_keys(a, "max", depth);
      case 3:
        return over_keys(a, "min", depth);
      default: {
        const Tree b = number(depth - 1);
        return {"avg(" + a.text + ";" + b.text + ")", false, false, [=](const Place& at) {
                  const std::vector<Vector> scores = all_keys(a, at), values = all_keys(b, at);
                  double most = scores[0][0], sum = 0, total = 0;
                  for (const Vector& score : scores)
                    most = std::isnan(most) || std::isnan(score[0]) ? std::nan("")
                                                                    : std::max(most, score[0]);
                  for (std::size_t k = 0; k < scores.size(); ++k) {
                    const double weight = std::exp(scores[k][0] - most);
                    total += weight;
                    sum += weight * values[k][0];
                  }
                  return Vector{sum / total};
                }};
      }
    }
  }

  std::mt19937 engine_;
};

}  // namespace

// Both add up the same products in the same order, except for matrix-correlation, whose rounding
// errors are some units of 1e-16 of sums of order 1.
TEST_CASE("the eight built-in targets as formulas have the same values") {
  for (const std::size_t dim : {1, 3, 16}) {
    for (const std::size_t keys : {1, 5, 16, 300}) {
      const TokenBatch batch = draw_sphere_tokens(5, 9, 0, 70, keys, dim);
      const TargetDraw draw = draw_target(5, 2, dim);
      for (const EightFormula& each : kEightFormulas) {
        const Target& target = *find_target(each.id);
        for (int degree = 1; degree <= 6; ++degree) {
          CAPTURE(each.id);
          CAPTURE(degree);
          const FormulaValues found = values_of(each.with_number(degree), draw, batch);
          const std::vector<double> truth = target_values(target, draw, batch, degree);
          CHECK(found.faults.total() == 0);
          for (std::size_t s = 0; s < batch.count; ++s) {
            const double scale = std::max(std::abs(truth[s]), 1e-3);
            REQUIRE(std::abs(found.values[s] - truth[s]) <= 1e-13 * scale);
          }
        }
      }
    }
  }
  CHECK(targets().size() == std::size(kEightFormulas));
}

// The slow evaluator uses the C library, ours differs by an ULP; a formula amplifies that by its
// condition, which a relative 1e-9 covers for all but chaotic ones (cos of a huge number), whose
// sample is left out when a change of the last bits of the tokens moves it as well.
TEST_CASE("random formulas have the values of a walk over their tree") {
  std::size_t compared = 0, without_value = 0, formulas = 0;
  for (unsigned seed = 0; seed < 6000; ++seed) {
    Gardener gardener(seed);
    const Tree tree = gardener.formula();
    if (tree.text.size() > kMostFormulaLetters) continue;
    const std::size_t dim = 1 + seed % 4, keys = 1 + seed / 4 % 5;
    const TokenBatch batch = draw_sphere_tokens(seed, 1, 0, 3, keys, dim);
    const TargetDraw draw = draw_target(seed, 0, dim);
    CAPTURE(tree.text);
    const FormulaValues found = values_of(tree.text, draw, batch);
    ++formulas;
    std::size_t faults = 0;
    for (std::size_t s = 0; s < batch.count; ++s) {
      bool divided = false;
      const double truth = tree.value({draw, batch, s, 0, &divided})[0];
      if (divided || !std::isfinite(truth)) {
        ++faults;
        CHECK(found.values[s] == 0);
        continue;
      }
      TargetDraw moved = draw;
      for (auto* vector : {&moved.beta, &moved.beta_2, &moved.beta_3, &moved.matrix})
        for (double& entry : *vector) entry *= 1 + 1e-13;
      const double near = tree.value({moved, batch, s, 0, &divided})[0];
      const double condition = std::abs(near - truth);
      CHECK(std::abs(found.values[s] - truth) <=
            1e-9 * std::max(std::abs(truth), 1e-3) + 10 * condition);
      compared += condition <= 1e-9 * std::abs(truth) ? 1 : 0;
    }
    without_value += faults;
    CHECK(found.faults.total() == faults);
  }
  CHECK(formulas > 4000);
  CHECK(compared > 8000);
  CHECK(without_value > 300);  // faults are compared as well
}

TEST_CASE("a sample without a value is counted by its reason and has the value 0") {
  const TokenBatch batch = draw_sphere_tokens(1, 1, 0, 100, 4, 3);
  const TargetDraw draw = draw_target(1, 0, 3);
  const auto faults = [&](std::string_view text) { return values_of(text, draw, batch).faults; };
  CHECK(faults("1/0").division == 100);
  CHECK(faults("1/(1/0)").division == 100);
  CHECK(faults("mean(1/(i - 4))").division == 100);
  CHECK(faults("mean((i - 4)^-2)").division == 100);
  CHECK(faults("exp(1000)").overflow == 100);
  CHECK(faults("9^9^9").overflow == 100);
  CHECK(faults("log(0)").overflow == 100);
  CHECK(faults("max(sqrt(-1))").undefined == 100);
  CHECK(faults("min(sqrt(i - 2))").undefined == 100);
  CHECK(faults("(sqrt(-1) == 1) + 0^relu(log(-1))").undefined == 100);
  const FormulaValues some = values_of("sqrt(dot(b1,q))", draw, batch);
  std::size_t negative = 0;
  for (std::size_t s = 0; s < batch.count; ++s) {
    double along = 0;
    for (std::size_t a = 0; a < 3; ++a)
      along += draw.beta[a] * static_cast<double>(batch.token(s, 0)[a]);
    negative += along < 0 ? 1 : 0;
    CHECK((some.values[s] == 0) == (along < 0));
  }
  CHECK(some.faults.undefined == negative);
  CHECK((negative > 20 && negative < 80));
}

TEST_CASE("a value does not depend on the other samples of the batch") {
  const std::string text = "avg(4*dot(q,S*x);dot(b1,x)) + tanh(max(dot(b2,x)))*norm(mean(x))";
  const TokenBatch many = draw_sphere_tokens(3, 1, 0, 100, 7, 5);
  const TargetDraw draw = draw_target(3, 0, 5);
  const std::vector<double> all = values_of(text, draw, many).values;
  for (const std::size_t count : {1, 36, 37, 99}) {
    TokenBatch few{count, 7, 5, {many.values.begin(), many.values.begin() + count * 40}};
    const std::vector<double> values = values_of(text, draw, few).values;
    CHECK(std::equal(values.begin(), values.end(), all.begin()));
  }
}

TEST_CASE("tanh is accurate on both sides of its seam") {
  const TokenBatch batch = draw_sphere_tokens(1, 1, 0, 1, 1, 1);
  const TargetDraw draw = draw_target(1, 0, 1);
  for (double x = -21; x < 21; x += 0.0371) {
    const std::string text =
        x < 0 ? "tanh(-" + std::to_string(-x) + ")" : "tanh(" + std::to_string(x) + ")";
    const double truth = std::tanh(std::stod(std::to_string(x)));
    CHECK(std::abs(values_of(text, draw, batch).values[0] - truth) <= 5e-16 * std::abs(truth));
  }
}

TEST_CASE("operations are counted for one sample") {
  const auto operations = [](std::string_view text) {
    return FormulaProgram(*parse_formula(text), 10, 4).operations();
  };
  CHECK(operations("mean(dot(b1,x)^3)") == 10 * (2 * 4 + 1 + 1));
  CHECK(operations("dot(b1,q)") == 2 * 4);
  // S^T q once, not S x for every key.
  CHECK(operations("mean(dot(q,S*x))") == 2 * 16 + 10 * (2 * 4 + 1));
}
