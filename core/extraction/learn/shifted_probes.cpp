#include "core/extraction/learn/shifted_probes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"
#include "core/numerics/elementary.h"
#include "core/numerics/random.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kLengths = 32;            // of the token that measures the size of v
constexpr double kGolden = 0.6180339887498949;  // its multiples fill [0, 1) evenly
constexpr double kProbe = 0x1p10;               // v_j counts 1 / kProbe^2 against the probe
constexpr double kLargestLogit = 0.125;         // up to about 1/4 there is a shift that cancels
constexpr double kDouble = 0x1p-51;  // rounding error of a box in double, of its largest term
constexpr double kEnough = 1e-13;    // of the largest form
constexpr double kStalls = 1.0 / 3;  // a round whose update is this share of the last one's: stop
constexpr std::size_t kVerified = 24;
constexpr double kUnbelievable = 3;  // times the error that the law predicts

double square(double x) {
  return x * x;
}

/// The question [p u + b; -c u + b; b] for b = q e_j, as a function of the form F = u^T W e_j.
struct ShiftedProbe {
  double probe = 1, shift = 1, query = 1;  // p, c, q
  double seen = 1, beside = 0;             // v.u and v_j

  struct Value {
    double answer, slope;
  };
  Value at(double form) const {
    const double first = portable_exp(probe * query * form),
                 second = portable_exp(-shift * query * form), sum = first + second + 1;
    const double height = (probe * first - shift * second) / sum;
    const double steep = (probe * probe * first + shift * shift * second) -
                         height * (probe * first - shift * second);
    return {query * beside + seen * height, seen * query * steep / sum};
  }
  /// Makes the answer to `form` about 0.
  void cancel(double form) {
    shift = probe;
    for (int pass = 0; pass < 6; ++pass) {
      const double ratio = query * beside / seen;
      const double first = portable_exp(probe * query * form),
                   second = portable_exp(-shift * query * form);
      const double rest = probe * first - shift * second + ratio * (first + second + 1);
      const double slope = -second * (1 - shift * query * form + ratio * query * form);
      shift = std::clamp(shift - rest / slope, 0.25 * probe, 4 * probe);
    }
  }
  /// The form near `form` that has this answer.
  double solve(double answer, double form) const {
    for (int pass = 0; pass < 4; ++pass) {
      const Value value = at(form);
      form += (answer - value.answer) / value.slope;
    }
    return form;
  }
};

void add_question(QueryBatch& batch, const ShiftedProbe& probe, std::span<const double> row,
                  std::size_t column, std::uint32_t query) {
  std::vector<double> key(row.size());
  const auto along = [&](double factor) {
    for (std::size_t i = 0; i < row.size(); ++i) key[i] = factor * row[i];
    key[column] += probe.query;
    return batch.token(key);
  };
  const std::uint32_t first = along(probe.probe), second = along(-probe.shift);
  batch.query({first, second, query});
}

std::uint32_t query_token(QueryBatch& batch, double length, std::size_t column) {
  std::vector<double> token(batch.dim(), 0.0);
  token[column] = length;
  return batch.token(token);
}

/// The numbers behind the answers' texts: the shortest text of a float32 differs slightly from it.
std::vector<double> numbers_of(const Grain& grain, std::vector<double> answers) {
  for (double& answer : answers) answer = grain.round(answer);
  return answers;
}

/// v, and its error.
Inquiry<double> refine_values(HeadKnowledge& known, const Grain& grain) {
  const std::size_t dim = known.value.size();
  const std::size_t anchor = static_cast<std::size_t>(
      std::ranges::max_element(known.value, {}, [](double v) { return std::abs(v); }) -
      known.value.begin());
  QueryBatch batch(dim);
  std::vector<double> token(dim, 0.0), lengths, ratios;
  for (std::size_t k = 0; k < kLengths; ++k) {
    const double turns = kGolden * static_cast<double>(k);
    lengths.push_back(1 + turns - std::floor(turns));
    token[anchor] = lengths.back();
    batch.query({batch.token(token)});
  }
  for (std::size_t i = 0; i < dim; ++i) {
    ratios.push_back(known.value[i] / known.value[anchor]);
    if (i == anchor) continue;
    token[anchor] = -ratios.back();
    token[i] = 1;
    batch.query({batch.token(token)});
    token[i] = 0;
  }
  const std::vector<double> answers = numbers_of(grain, co_await ask(batch));

  double low = -INFINITY, high = INFINITY, mean = 0, off = 0;
  for (std::size_t k = 0; k < kLengths; ++k) {
    const double half = 0.5 * grain.at(answers[k]) + kDouble * std::abs(answers[k]);
    low = std::max(low, (answers[k] - half) / lengths[k]);
    high = std::min(high, (answers[k] + half) / lengths[k]);
    mean += answers[k] / (lengths[k] * kLengths);
    off = std::max(off, half / lengths[k]);
  }
  // The brackets of a box that also rounds intermediate results may be empty: then use the mean.
  const bool bracketed = low <= high;
  const double size = bracketed ? 0.5 * (low + high) : mean;
  const double error = bracketed ? (high - low) / std::sqrt(12.0) : off;
  double rest = 0;
  for (std::size_t i = 0, next = kLengths; i < dim; ++i) {
    if (i != anchor) {
      const double answer = answers[next++];
      rest += square(grain.at(answer)) / 12;
      known.value[i] = ratios[i] * size + answer;
    } else {
      known.value[i] = size;
    }
  }
  const double d = static_cast<double>(dim);
  co_return std::sqrt((square(error * norm(known.value) / size) + rest) / d);
}

/// Root mean squares over one round.
struct Round {
  double law = 0, update = 0;
};

/// Measures all forms once more, with shifts from their current estimates.
Inquiry<Round> refine_forms(const HeadKnowledge& known, const Grain& grain,
                            const Matrix<double>& probes, double query, Matrix<double>& forms) {
  const std::size_t dim = known.value.size();
  const std::vector<double> seen = product(probes, known.value);
  std::vector<ShiftedProbe> asked(dim);
  Round round;
  for (std::size_t j = 0; j < dim; ++j) {
    QueryBatch batch(dim);
    const std::uint32_t token = query_token(batch, query, j);
    for (std::size_t k = 0; k < dim; ++k) {
      asked[k] = {kProbe, kProbe, query, seen[k], known.value[j]};
      asked[k].cancel(forms(k, j));
      add_question(batch, asked[k], probes.row(k), j, token);
    }
    const std::vector<double> answers = numbers_of(grain, co_await ask(batch));
    for (std::size_t k = 0; k < dim; ++k) {
      const double form = asked[k].solve(answers[k], forms(k, j));
      const double slope = asked[k].at(form).slope;
      const double off = square(grain.at(answers[k])) / 12 + square(kDouble * kProbe * seen[k]);
      round.law += off / square(slope);
      round.update += square(form - forms(k, j));
      forms(k, j) = form;
    }
  }
  round.law = std::sqrt(round.law) / static_cast<double>(dim);
  round.update = std::sqrt(round.update) / static_cast<double>(dim);
  co_return round;
}

/// The difference of some forms from measurements with probes of twice the length.
Inquiry<double> verify_forms(const HeadKnowledge& known, const Grain& grain,
                             const Matrix<double>& probes, double query,
                             const Matrix<double>& forms, RandomStream stream) {
  const std::size_t dim = known.value.size();
  const std::vector<double> seen = product(probes, known.value);
  QueryBatch batch(dim, QueryPurpose::kCheck);
  std::vector<ShiftedProbe> asked;
  std::vector<double> expected;
  const auto any = [&] {
    return std::min(dim - 1, static_cast<std::size_t>(stream.uniform() * static_cast<double>(dim)));
  };
  for (std::size_t n = 0; n < kVerified; ++n) {
    const std::size_t k = any(), j = any();
    asked.push_back({2 * kProbe, 2 * kProbe, query / 2, seen[k], known.value[j]});
    expected.push_back(forms(k, j));
    asked.back().cancel(expected.back());
    add_question(batch, asked.back(), probes.row(k), j, query_token(batch, query / 2, j));
  }
  const std::vector<double> answers = numbers_of(grain, co_await ask(batch));
  double squares = 0;
  for (std::size_t n = 0; n < kVerified; ++n) {
    squares += square(asked[n].solve(answers[n], expected[n]) - expected[n]) / kVerified;
  }
  co_return std::sqrt(squares);
}

}  // namespace

Inquiry<HeadError> refine_by_shifts(HeadKnowledge& known, Grain grain,
                                    ShiftedProbesOptions options) {
  Inquiry<double> values = refine_values(known, grain);
  HeadError error;
  error.value = co_await values;
  error.weight = INFINITY;
  const Matrix<double> probes = BalancedProbes(known.value).rows();
  Matrix<double> forms = product(probes, known.weight);
  const double largest = std::max(largest_magnitude(forms.values()), 1 / square(kProbe));
  const double query = kLargestLogit / (kProbe * largest);
  double before = INFINITY;
  for (int k = 0; k < options.rounds; ++k) {
    Inquiry<Round> refining = refine_forms(known, grain, probes, query, forms);
    const Round round = co_await refining;
    error.weight = round.law;
    if (!std::isfinite(round.law + round.update)) co_return error;
    const bool stalls = round.update > kStalls * before;
    before = round.update;
    if (stalls || round.law <= kEnough * largest) break;
  }
  Inquiry<double> verifying =
      verify_forms(known, grain, probes, query, forms,
                   RandomStream(options.seed, hash_name("extract/shifts"), 0));
  const double measured = co_await verifying;
  if (!(measured <= kUnbelievable * error.weight)) error.weight = measured;
  known.weight = product(probes, forms);
  co_return error;
}

}  // namespace attnlab::extraction
