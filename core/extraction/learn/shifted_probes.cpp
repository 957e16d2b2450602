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
constexpr int kMoreLengths = 3;                 // times as many where these leave a doubt
constexpr double kGolden = 0.6180339887498949;  // its multiples fill [0, 1) evenly
constexpr double kProbe = 0x1p10;               // v_j counts 1 / kProbe^2 against the probe
constexpr double kLargestLogit = 0.125;         // up to about 1/4 there is a shift that cancels
constexpr double kDouble = 0x1p-51;  // rounding error of a box in double, of its largest term
constexpr double kEnough = 1e-13;    // of the largest form
constexpr double kStalls = 1.0 / 3;  // a round whose update is this share of the last one's: stop
constexpr int kMostTries = 100;      // at random directions: one in 2^100 fails all
constexpr double kTelling = 0.3;     // of the usual |v.a|: a probe below it would show little of W

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

/// `side` is the query token, q b.
void add_question(QueryBatch& batch, const ShiftedProbe& probe, std::span<const double> row,
                  std::span<const double> side, std::uint32_t query) {
  std::vector<double> key(row.size());
  const auto along = [&](double factor) {
    for (std::size_t i = 0; i < row.size(); ++i) key[i] = factor * row[i] + side[i];
    return batch.token(key);
  };
  const std::uint32_t first = along(probe.probe), second = along(-probe.shift);
  batch.query({first, second, query});
}

/// The numbers behind the answers' texts: the shortest text of a float32 differs slightly from it.
std::vector<double> numbers_of(const Grain& grain, std::vector<double> answers) {
  for (double& answer : answers) answer = grain.round(answer);
  return answers;
}

struct Range {
  double low = -INFINITY, high = INFINITY;
  bool empty() const { return !(low <= high); }
  double middle() const { return 0.5 * (low + high); }
};

/// Where the value of a token of length 1 is, from the answers to several lengths: of a box that
/// rounds to the nearest number (beyond = 0), or always away from 0 (-0.5) or towards it (0.5).
Range size_range(const Grain& grain, std::span<const double> lengths,
                 std::span<const double> answers, double beyond) {
  Range range;
  for (std::size_t k = 0; k < lengths.size(); ++k) {
    const double step = grain.at(answers[k]),
                 middle = answers[k] + std::copysign(beyond * step, answers[k]);
    const double half = 0.5 * step + kDouble * std::abs(answers[k]);
    range.low = std::max(range.low, (middle - half) / lengths[k]);
    range.high = std::min(range.high, (middle + half) / lengths[k]);
  }
  return range;
}

/// The same for a box that rounds towards 0, or, where that cannot be, away from it.
Range cut_range(const Grain& grain, std::span<const double> lengths,
                std::span<const double> answers) {
  const Range towards = size_range(grain, lengths, answers, 0.5);
  return towards.empty() ? size_range(grain, lengths, answers, -0.5) : towards;
}

/// v, and its error: that of the size covers boxes that cut digits, if the answers allow one.
Inquiry<double> refine_values(HeadKnowledge& known, const Grain& grain) {
  const std::size_t dim = known.value.size();
  const std::size_t anchor = static_cast<std::size_t>(
      std::ranges::max_element(known.value, {}, [](double v) { return std::abs(v); }) -
      known.value.begin());
  std::vector<double> token(dim, 0.0), lengths, ratios;
  const auto more_lengths = [&](QueryBatch& batch) {
    for (std::size_t k = 0; k < kLengths; ++k) {
      const double turns = kGolden * static_cast<double>(lengths.size());
      lengths.push_back(1 + turns - std::floor(turns));
      token[anchor] = lengths.back();
      batch.query({batch.token(token)});
    }
  };
  QueryBatch batch(dim);
  more_lengths(batch);
  for (std::size_t i = 0; i < dim; ++i) {
    ratios.push_back(known.value[i] / known.value[anchor]);
    if (i == anchor) continue;
    token[anchor] = -ratios.back();
    token[i] = 1;
    batch.query({batch.token(token)});
    token[i] = 0;
  }
  const std::vector<double> answers = numbers_of(grain, co_await ask(batch));
  std::vector<double> sizes(answers.begin(), answers.begin() + kLengths);

  // One head in twenty fits a box that cuts digits as well: further lengths tell.
  const auto cut = [&] { return cut_range(grain, lengths, sizes); };
  for (int k = 0; k < kMoreLengths && !cut().empty(); ++k) {
    QueryBatch further(dim);
    std::ranges::fill(token, 0.0);
    more_lengths(further);
    const std::vector<double> more = numbers_of(grain, co_await ask(further));
    sizes.insert(sizes.end(), more.begin(), more.end());
  }
  double mean = 0, off = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    mean += sizes[k] / (lengths[k] * static_cast<double>(sizes.size()));
    off = std::max(off, 0.5 * grain.at(sizes[k]) / lengths[k]);
  }
  const Range nearest = size_range(grain, lengths, sizes, 0), other = cut();
  // The range of a box that also rounds intermediate results may be empty: then use the mean.
  const double size = nearest.empty() ? mean : nearest.middle();
  double error = nearest.empty() ? off : (nearest.high - nearest.low) / std::sqrt(12.0);
  if (!other.empty()) error = std::max({error, size - other.low, other.high - size});
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
    std::vector<double> side(dim, 0.0);
    side[j] = query;
    const std::uint32_t token = batch.token(side);
    for (std::size_t k = 0; k < dim; ++k) {
      asked[k] = {kProbe, kProbe, query, seen[k], known.value[j]};
      asked[k].cancel(forms(k, j));
      add_question(batch, asked[k], probes.row(k), side, token);
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

double largest_form(const HeadKnowledge& known) {
  const Matrix<double> forms = product(BalancedProbes(known.value).rows(), known.weight);
  return std::max(largest_magnitude(forms.values()), 1 / square(kProbe));
}

/// Fills rows with random unit vectors of |v.a| >= least. Gives all v.a.
std::vector<double> random_units(RandomStream& stream, std::size_t count, Matrix<double>& rows,
                                 std::span<const double> value, double least) {
  std::vector<double> seen(count);
  for (std::size_t n = 0; n < count; ++n) {
    for (int tries = 0; tries < kMostTries; ++tries) {
      stream.fill_sphere(rows.row(n));
      seen[n] = dot(rows.row(n), value);
      if (std::abs(seen[n]) >= least) break;
    }
  }
  return seen;
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
  const double largest = largest_form(known);
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
  known.weight = product(probes, forms);
  co_return error;
}

Inquiry<HeldOut> ask_held_out(const HeadKnowledge& known, Grain grain, ProbePlan plan,
                              std::uint64_t seed) {
  const std::size_t dim = known.value.size();
  RandomStream stream(seed, hash_name("extract/held-out"), 0);
  HeldOut held;
  held.length = plan.value;
  held.probe = std::max(plan.probe, kProbe);
  held.tokens = Matrix<double>(kHeldOutTokens, dim);
  held.keys = Matrix<double>(kHeldOutProbes, dim);
  held.sides = Matrix<double>(kHeldOutProbes, dim);
  const double usual = norm(known.value) / std::sqrt(static_cast<double>(dim));
  random_units(stream, kHeldOutTokens, held.tokens, known.value, 0);
  const std::vector<double> seen =
      random_units(stream, kHeldOutProbes, held.keys, known.value, kTelling * usual);
  const std::vector<double> beside =
      random_units(stream, kHeldOutProbes, held.sides, known.value, 0);

  QueryBatch batch(dim, QueryPurpose::kCheck);
  std::vector<double> token(dim);
  const auto scaled = [&](double factor, std::span<const double> unit) {
    for (std::size_t i = 0; i < dim; ++i) token[i] = factor * unit[i];
    return batch.token(token);
  };
  for (std::size_t n = 0; n < kHeldOutTokens; ++n) {
    value_query(batch, held.length, held.tokens.row(n));
  }
  const double largest = largest_form(known);
  for (std::size_t n = 0; n < kHeldOutProbes; ++n) {
    const double form = dot(held.keys.row(n), product(known.weight, held.sides.row(n)));
    const double query = kLargestLogit / (held.probe * std::max(largest, std::abs(form)));
    ShiftedProbe probe{held.probe, held.probe, query, seen[n], beside[n]};
    probe.cancel(form);
    held.shifts.push_back(probe.shift);
    held.queries.push_back(query);
    const std::uint32_t side = scaled(query, held.sides.row(n));
    add_question(batch, probe, held.keys.row(n), token, side);
  }
  held.answers = numbers_of(grain, co_await ask(batch));
  co_return held;
}

HeldOutError held_out_error(const HeldOut& held, const HeadKnowledge& known, const Grain& grain) {
  HeldOutError error;
  for (std::size_t n = 0; n < kHeldOutTokens; ++n) {
    const double answer = held.answers[n];
    const double gap = answer - held.length * dot(held.tokens.row(n), known.value);
    error.measured.value += square(gap / held.length) / kHeldOutTokens;
    error.rounding.value += square(grain.at(answer) / held.length) / (12 * kHeldOutTokens);
  }
  for (std::size_t n = 0; n < kHeldOutProbes; ++n) {
    const double answer = held.answers[kHeldOutTokens + n];
    const double form = dot(held.keys.row(n), product(known.weight, held.sides.row(n)));
    const ShiftedProbe probe{held.probe, held.shifts[n], held.queries[n],
                             dot(held.keys.row(n), known.value),
                             dot(held.sides.row(n), known.value)};
    const ShiftedProbe::Value value = probe.at(form);
    const double off = square(grain.at(answer)) / 12 + square(kDouble * held.probe * probe.seen);
    error.measured.weight += square((answer - value.answer) / value.slope) / kHeldOutProbes;
    error.rounding.weight += off / square(value.slope) / kHeldOutProbes;
  }
  for (double* sum : {&error.measured.value, &error.measured.weight, &error.rounding.value,
                      &error.rounding.weight}) {
    *sum = std::sqrt(*sum);
  }
  return error;
}

}  // namespace attnlab::extraction
