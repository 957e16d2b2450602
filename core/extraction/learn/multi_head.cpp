#include "core/extraction/learn/multi_head.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/single_head.h"
#include "core/numerics/elementary.h"

namespace attnlab::extraction {
namespace {

constexpr double kFits = 1e-9;  // relative residual of a fit with enough heads

/// Length of probes, chosen so that heads can be told apart.
struct Scales {
  double probe = 1;
  double query = 1;
};

/// F(2^0) .. F(2^(count-1)) minus F(0), for probe a and query token b.
Inquiry<std::vector<double>> ask_copies(std::span<const double> a, std::span<const double> b,
                                        std::span<const double> total, std::size_t count,
                                        std::size_t first = 0) {
  const std::size_t dim = a.size();
  QueryBatch batch(dim);
  std::vector<double> key(a.begin(), a.end());
  add_scaled(1, b, key);
  const std::uint32_t key_token = batch.token(key), query_token = batch.token(b);
  for (std::size_t i = first; i < first + count; ++i) {
    std::vector<std::uint32_t> members(std::size_t{1} << i, key_token);
    members.push_back(query_token);
    batch.query(members);
  }
  std::vector<double> answers = co_await ask(batch);
  for (double& answer : answers) answer -= dot(total, b);
  co_return answers;
}

std::vector<double> scaled(std::span<const double> x, double factor) {
  std::vector<double> result(x.begin(), x.end());
  for (double& entry : result) entry *= factor;
  return result;
}

std::vector<double> unit(RandomStream& stream, std::size_t dim) {
  std::vector<double> x(dim);
  stream.fill_sphere(x);
  return x;
}

/// All fits of one probe a: logits per query token, heads in the order of `shares`.
struct ProbeFits {
  std::vector<std::vector<double>> queries, logits;
  std::vector<double> weights;
  std::vector<double> shares;
};

/// The order of `fit`'s heads that comes nearest to known shares.
std::vector<std::size_t> nearest_order(std::span<const double> known, const RationalFit& fit) {
  std::vector<std::size_t> order(known.size()), best;
  std::iota(order.begin(), order.end(), std::size_t{0});
  double least = INFINITY;
  do {
    double distance = 0;
    for (std::size_t h = 0; h < order.size(); ++h) {
      distance += std::abs(known[h] - fit.shares[order[h]]);
    }
    if (distance < least) {
      least = distance;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

/// Adds a fit, ordered like the shares so far, and averages the shares by weight.
void add_fit(ProbeFits& probe, std::span<const double> query, const RationalFit& fit) {
  const std::size_t heads = fit.logits.size();
  const double weight = 1 / (fit.condition * fit.condition);
  if (probe.shares.empty()) probe.shares = fit.shares;
  const std::vector<std::size_t> order = nearest_order(probe.shares, fit);
  double total = weight;
  for (const double w : probe.weights) total += w;
  probe.logits.emplace_back();
  for (std::size_t h = 0; h < heads; ++h) {
    probe.logits.back().push_back(fit.logits[order[h]]);
    probe.shares[h] += (fit.shares[order[h]] - probe.shares[h]) * weight / total;
  }
  probe.queries.emplace_back(query.begin(), query.end());
  probe.weights.push_back(weight);
}

/// W_h^T a for every head, by weighted least squares over the query tokens.
std::vector<std::vector<double>> rows_of(const ProbeFits& probe) {
  const std::size_t dim = probe.queries[0].size(), count = probe.queries.size();
  std::vector<std::vector<double>> rows;
  for (std::size_t h = 0; h < probe.shares.size(); ++h) {
    Matrix<double> system(count, dim);
    std::vector<double> right(count);
    for (std::size_t k = 0; k < count; ++k) {
      const double root = std::sqrt(probe.weights[k] / probe.weights[0]);
      for (std::size_t i = 0; i < dim; ++i) system(k, i) = root * probe.queries[k][i];
      right[k] = root * probe.logits[k][h];
    }
    rows.push_back(LeastSquares(std::move(system)).solve(right));
  }
  return rows;
}

/// Predicted G(m) of heads with logits and shares.
double predicted(std::span<const double> logits, std::span<const double> shares, double m) {
  double sum = 0;
  for (std::size_t h = 0; h < logits.size(); ++h) {
    sum += shares[h] / (1 + portable_exp(-logits[h]) / m);
  }
  return sum;
}

Outcome conditioning_outcome(std::size_t heads, double condition) {
  return {ExtractionStatus::kNotIdentifiable,
          "Double precision forbids it: fits of " + counted(heads, "head") +
              " have condition numbers of " + short_text(condition) +
              " and more, which leaves too few of the 16 digits of an answer."};
}

/// The result of the first probes: the length at which heads can be told apart, and their number.
struct Survey {
  Scales scales;
  std::size_t heads = 0;
  double condition = INFINITY;
};

Inquiry<Survey> survey(std::span<const double> total, std::size_t most, RandomStream& stream,
                       std::uint64_t& counter) {
  const std::size_t dim = total.size(), count = 2 * most + 1;
  Survey best;
  const std::vector<double> a = unit(stream, dim), b = unit(stream, dim);
  std::size_t needed = 0;
  for (double scale = 1; scale <= 32; scale *= 2) {
    const std::vector<double> probe = scaled(a, scale), query = scaled(b, scale);
    Inquiry<std::vector<double>> asking = ask_copies(probe, query, total, count);
    const std::vector<double> answers = co_await asking;
    counter += count;
    for (std::size_t heads = 1; heads <= most; ++heads) {
      RationalFit fit;
      if (!fit_rational(answers, dot(total, probe), heads, fit) || fit.residual > kFits) continue;
      // A better length shows more heads than before.
      if (heads > needed || (heads == needed && fit.condition < best.condition)) {
        needed = heads;
        best = {{scale, scale}, heads, fit.condition};
      }
      break;
    }
  }
  co_return best;
}

}  // namespace

Inquiry<Outcome> learn_heads(MultiHeadKnowledge& known, std::size_t dim, MultiHeadOptions options) {
  HeadKnowledge sum(dim);
  Inquiry<bool> values = ask_values(sum);
  const bool finite = co_await values;
  if (!finite)
    co_return Outcome{ExtractionStatus::kNotAMatch, "A single-token answer is not finite."};
  RandomStream stream(options.seed, hash_name("extract/heads"), 0);
  Inquiry<Survey> surveying = survey(sum.value, options.heads, stream, known.scale_queries);
  const Survey found = co_await surveying;
  const std::size_t heads = found.heads;
  if (heads == 0) {
    co_return Outcome{ExtractionStatus::kNotAMatch, "No sum of at most " +
                                                        counted(options.heads, "head") +
                                                        " gives the answers to repeated tokens."};
  }
  if (found.condition > options.worst_condition) {
    co_return conditioning_outcome(heads, found.condition);
  }

  const Matrix<double> directions = random_orthogonal(stream, dim);
  const std::size_t values_each = 2 * heads;
  std::vector<ProbeFits> probes(dim);
  for (std::size_t i = 0; i < dim; ++i) {
    const std::vector<double> a = scaled(directions.row(i), found.scales.probe);
    const Matrix<double> tokens = random_orthogonal(stream, dim);
    std::size_t good = 0;
    for (std::size_t tries = 0; good < dim && tries < 4 * dim + 4; ++tries) {
      const std::vector<double> b = scaled(
          tries < dim ? std::vector<double>(tokens.row(tries).begin(), tokens.row(tries).end())
                      : unit(stream, dim),
          found.scales.query);
      Inquiry<std::vector<double>> asking = ask_copies(a, b, sum.value, values_each);
      const std::vector<double> answers = co_await asking;
      RationalFit fit;
      if (!fit_rational(answers, dot(sum.value, a), heads, fit) ||
          fit.condition > options.worst_condition || fit.residual > kFits) {
        known.repeated += values_each;
        continue;
      }
      // A fit ten times worse than usual is kept with its small weight, and another one is taken.
      const bool usual = fit.condition < 30 * found.condition;
      known.condition = std::max(known.condition, fit.condition);
      good += usual;
      if (!usual) known.repeated += values_each;
      add_fit(probes[i], b, fit);
    }
    if (probes[i].queries.size() < dim)
      co_return conditioning_outcome(heads, options.worst_condition);
  }

  // Which head is which: the sum of probes 0 and i must behave like one order of i's heads.
  known.heads.clear();
  for (std::size_t h = 0; h < heads; ++h) {
    known.heads.push_back({Matrix<double>(dim, dim), std::vector<double>(dim, 0.0)});
  }
  std::vector<std::vector<double>> first;
  for (std::size_t i = 0; i < dim; ++i) {
    const std::vector<std::vector<double>> rows = rows_of(probes[i]);
    std::vector<std::size_t> order(heads), best;
    std::iota(order.begin(), order.end(), std::size_t{0});
    best = order;
    if (i == 0) {
      first = rows;
    } else if (heads > 1) {
      std::vector<double> a = scaled(directions.row(0), found.scales.probe);
      add_scaled(found.scales.probe, directions.row(i), a);
      const std::vector<double>& b = probes[i].queries[0];
      Inquiry<std::vector<double>> asking = ask_copies(a, b, sum.value, 2);
      const std::vector<double> answers = co_await asking;
      double least = INFINITY;
      do {
        std::vector<double> logits, shares;
        for (std::size_t h = 0; h < heads; ++h) {
          logits.push_back(dot(first[h], b) + dot(rows[order[h]], b));
          shares.push_back(probes[0].shares[h] + probes[i].shares[order[h]]);
        }
        const double gap = std::abs(answers[0] - predicted(logits, shares, 1)) +
                           std::abs(answers[1] - predicted(logits, shares, 2));
        if (gap < least) {
          least = gap;
          best = order;
        }
      } while (std::next_permutation(order.begin(), order.end()));
    }
    // Directions are orthonormal: W = sum_i a_i (W^T a_i)^T, v = sum_i (v.a_i) a_i.
    for (std::size_t h = 0; h < heads; ++h) {
      const auto direction = directions.row(i);
      for (std::size_t r = 0; r < dim; ++r) {
        add_scaled(direction[r] / found.scales.probe, rows[best[h]], known.heads[h].weight.row(r));
      }
      add_scaled(probes[i].shares[best[h]] / found.scales.probe, direction, known.heads[h].value);
    }
  }

  std::vector<Head> copy;
  for (const Head& head : known.heads) copy.push_back(head.clone());
  HeadsOracle recovered(std::move(copy));
  Inquiry<CheckResult> checking = check_prediction(
      recovered, RandomStream(options.seed, hash_name("extract/check"), 2), options.tolerance);
  const CheckResult check = co_await checking;
  if (!check.matches && known.condition > 1e6) {
    Outcome outcome = conditioning_outcome(heads, known.condition);
    outcome.evidence += " " + check.sentence();
    co_return outcome;
  }
  co_return Outcome{check.matches ? ExtractionStatus::kRecovered : ExtractionStatus::kNotAMatch,
                    counted(heads, "head") + ". " + check.sentence()};
}

}  // namespace attnlab::extraction
