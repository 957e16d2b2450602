// extract-low-rank: its tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/extraction/extract_low_rank.h"
#include "core/extraction/learn/grain.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kExactError = 1e-10;  // of the range finder
constexpr double kMostRatio = 4;       // measurements in degrees of freedom that the claims allow

/// Found trials by (method, dim, ratio).
struct Share {
  double measurements = 0;
  int found = 0, trials = 0;
  double probability() const { return static_cast<double>(found) / trials; }
  /// Binomial standard error with half a success and half a failure added, so that it is not 0 at
  /// the ends.
  double error() const {
    const double p = (found + 0.5) / (trials + 1.0);
    return std::sqrt(p * (1 - p) / (trials + 1.0));
  }
};
struct ShareKey {
  std::string method;
  double dim = 0, ratio = 0;
  auto operator<=>(const ShareKey&) const = default;
};

using Shares = std::map<ShareKey, Share>;

Shares shares(const std::vector<RecoveryRow>& rows) {
  Shares result;
  for (const RecoveryRow& row : rows) {
    if (!std::isfinite(row.more(kLowRankRatio))) continue;
    Share& share = result[{row.method, row.dim, row.more(kLowRankRatio)}];
    share.measurements = row.more(kLowRankMeasurements);
    share.found += is_recovered(row);
    ++share.trials;
  }
  return result;
}

Table probability_table(const Shares& all) {
  Table table{"recovery_probability",
              "Share of trials in which W was found to 1e-4 (relative Frobenius error)",
              {{"method", "method", "", ColumnType::kText},
               {"dim", "d", "", ColumnType::kWhole},
               {"oversampling", "m / degrees of freedom", "", ColumnType::kNumber},
               {"measurements", "measurements m", "", ColumnType::kNumber},
               {"probability", "found", "std_error", ColumnType::kNumber},
               {"std_error", "standard error", "", ColumnType::kNumber},
               {"trials", "trials", "", ColumnType::kWhole}},
              {}};
  for (const auto& [key, share] : all) {
    table.rows.push_back({key.method, static_cast<std::int64_t>(key.dim), key.ratio,
                          static_cast<std::int64_t>(share.measurements), share.probability(),
                          share.error(), std::int64_t{share.trials}});
  }
  return table;
}

Claim range_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B3",
              "Rank r is found exactly with d + 2dr − r² queries (range finder, beyond the paper).",
              ClaimStatus::kUndecided, "No trial of the range finder is finished yet."};
  int seen = 0, good = 0;
  double error = 0, repeated = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method != "range-finder") continue;
    ++seen;
    const double own = row.more(kLowRankFrobenius);
    good += is_recovered(row) && own < kExactError &&
            row.queries - row.repeated == row.predicted_queries;
    error = std::isnan(own) ? own : std::max(error, own);
    repeated = std::max(repeated, row.repeated);
  }
  if (seen == 0) return claim;
  apply(judge_universal(seen - good, seen, "head", "heads"), claim);
  claim.evidence =
      std::to_string(good) + " of " + counted(static_cast<std::size_t>(seen), "trial") +
      ": exactly d + 2dr − r² queries (at most " + short_text(repeated) +
      " repeated), worst relative Frobenius error " + told_apart(error, kExactError).first + ".";
  return claim;
}

Claim zero_value_claim(const std::string& method) {
  return {"B3", "The " + method + " finds W.", ClaimStatus::kUndecided,
          "With v = 0 there is nothing to find: choose another shape of v."};
}

/// "O(r d) measurements": at most 4 times the degrees of freedom, at every dimension of the run.
Claim solver_claim(const std::vector<double>& dims, const Shares& all, const std::string& method) {
  const std::string found = " in more than half of the trials, at every dimension of the run.";
  Claim claim{"B3",
              (method == "nuclear-norm"
                   ? "The smallest nuclear norm finds W from O(rd) random measurements, at most 4 "
                     "times its (2d − r)r degrees of freedom,"
                   : "Factors fitted to O(rd) random measurements find W, at most 4 times its "
                     "(2d − r)r degrees of freedom,") +
                  found,
              ClaimStatus::kUndecided,
              {}};
  std::vector<Comparison> comparisons;
  for (const double dim : dims) {
    const ShareKey* most = nullptr;  // the most measurements that the statement allows
    for (const auto& [key, share] : all) {
      if (key.method == method && key.dim == dim && key.ratio <= kMostRatio) most = &key;
    }
    const std::string where = "d = " + short_text(dim);
    if (most == nullptr) {
      comparisons.push_back({.what = where});
      claim.evidence += where + ": no trial yet. ";
      continue;
    }
    const Share& share = all.at(*most);
    comparisons.push_back(share_comparison(where, share.found, share.trials, 0.5));
    comparisons.back().can_refute = most->ratio == kMostRatio;
    claim.evidence += where + ": at " + short_text(most->ratio) + " times " +
                      std::to_string(share.found) + " of " + std::to_string(share.trials) +
                      " found. ";
  }
  const double count = static_cast<double>(dims.size());
  claim.evidence += "Decided by exact binomial tests against one half; " +
                    short_text(std::ceil(std::log2(count / kVerdictTail))) +
                    (count > 1 ? " trials per dimension are the least." : " trials are the least.");
  apply(judge(std::move(comparisons)), claim);
  return claim;
}

int method_colour(const std::string& method) {
  return method == "range-finder" ? kColourRfa : method == "factors" ? kColourBrfa : kColourRfmlp;
}

Figure probability_figure(const RunSpec& spec, const Shares& all) {
  const std::vector<double> dims = dims_of(spec);
  Figure figure;
  figure.id = "probability";
  figure.title = "How many random measurements until W is found?";
  figure.subtitle = "Share of " + std::to_string(spec.parameters.integer("trials")) +
                    " trials that find W of rank " + std::to_string(low_rank_of(spec)) +
                    "; bars: ±1 binomial standard error. The range finder always needs "
                    "d + 2dr − r².";
  figure.x = {"measurements / degrees of freedom (2d − r)r", false, 0, 0, {}};
  figure.y = {"share of trials that find W", false, 0, 1, {}};
  figure.draw_lines().references = {{true, 1, "as many as unknowns"}};
  figure.table = "recovery_probability";
  figure.empty_text = "Press Run: each finished trial moves the shares.";
  for (const std::string& method : spec.parameters.choices("method")) {
    if (method == "range-finder") continue;
    for (std::size_t k = 0; k < dims.size(); ++k) {
      Series series;
      series.id = method + "/" + short_text(dims[k]);
      series.label = method + (dims.size() > 1 ? ", d = " + short_text(dims[k]) : "");
      series.colour = method_colour(method);
      series.variant = static_cast<int>(k);
      for (const auto& [key, share] : all) {
        if (key.method != method || key.dim != dims[k]) continue;
        series.points.push_back({key.ratio, share.probability(), share.error(), share.trials});
      }
      figure.draw_lines().series.push_back(std::move(series));
    }
  }
  return figure;
}

Figure query_figure(const RunSpec& spec, const Recovered& recovered) {
  const std::vector<double> dims = dims_of(spec);
  const double r = static_cast<double>(low_rank_of(spec));
  Figure figure = dimension_figure(
      "queries", "Low rank saves questions",
      "Queries of the range finder at rank " + short_text(r) + ": (d − r)² fewer than d² + d.",
      "queries");
  figure.empty_text.clear();
  Series measured;
  measured.id = "range-finder";
  measured.label = "range finder";
  measured.colour = kColourRfa;
  measured.points = mean_points(
      recovered.rows,
      [](const RecoveryRow& row) { return row.method == "range-finder" && is_recovered(row); },
      &RecoveryRow::dim, &RecoveryRow::queries);
  figure.draw_lines().series = {std::move(measured),
                                count_line("low-rank-count", "d + 2dr − r²",
                                           "d for v, dr for r columns, r(d − r) for the rest", dims,
                                           [r](double d) { return d + 2 * d * r - r * r; }),
                                count_line("full-count", "d² + d", "without knowing the rank", dims,
                                           [](double d) { return d * d + d; })};
  figure.draw_lines().series.back().variant = 1;
  return figure;
}

}  // namespace

void add_low_rank_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  const Shares all = shares(recovered.rows);
  findings.result.tables.insert(findings.result.tables.begin() + 1, probability_table(all));
  const bool zero_value = spec.parameters.choice("value-shape") == "zero";
  for (const std::string& method : spec.parameters.choices("method")) {
    findings.result.claims.push_back(zero_value ? zero_value_claim(method)
                                     : method == "range-finder"
                                         ? range_claim(recovered.finished)
                                         : solver_claim(dims_of(spec), all, method));
  }
  findings.figures = {probability_figure(spec, all), query_figure(spec, recovered),
                      matrix_figure(shown_matrices(recovered.reports),
                                    "One trial of the range finder: W of rank " +
                                        std::to_string(low_rank_of(spec)) + ".")};
}

}  // namespace attnlab::extraction
