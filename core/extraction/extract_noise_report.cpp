// extract-noise: its claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/extraction/extract_noise.h"
#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/noisy_head.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"
#include "core/numerics/statistics.h"

namespace attnlab::extraction {
namespace {

constexpr double kLinearRange = 0.2;  // errors above this share of |W| are clipped, not linear

/// Rows that agree in everything but one column.
struct Group {
  std::string method;
  std::vector<double> fixed;
  auto operator<=>(const Group&) const = default;
};

/// Exponents of the error in one column, one per trial: the mean over all other varied columns,
/// because the series of one trial share a head.
std::vector<double> exponents(const std::vector<RecoveryRow>& rows, NoiseColumn column) {
  std::map<double, std::map<Group, std::map<double, double>>> trials;
  for (const RecoveryRow& row : rows) {
    if (row.extra.size() < kNoiseColumns) continue;
    if (!(row.extra[kNoiseError] < kLinearRange * row.extra[kNoiseWeight])) continue;
    Group group{row.method, {row.extra.begin(), row.extra.begin() + kNoiseError}};
    group.fixed[column] = 0;
    trials[row.trial][group][row.extra[column]] = row.extra[kNoiseError];
  }
  std::vector<double> result;
  for (const auto& [trial, groups] : trials) {
    std::vector<double> slopes;
    for (const auto& [group, points] : groups) {
      std::vector<double> x, y;
      for (const auto& [at, error] : points) {
        x.push_back(at);
        y.push_back(error);
      }
      const double slope = log_log_slope(x, y, {}, 0, x.size()).value;
      if (std::isfinite(slope)) slopes.push_back(slope);
    }
    if (!slopes.empty()) result.push_back(mean_and_error(slopes).mean);
  }
  return result;
}

struct Exponent {
  double expected = 1, tolerance = 0.1;
};

/// The mean exponent is within the tolerance of the expected one, by t tests over trials.
Claim exponent_claim(const std::vector<RecoveryRow>& rows, NoiseColumn column, Exponent wanted,
                     std::string statement, std::string missing) {
  Claim claim{"B4", std::move(statement), ClaimStatus::kUndecided, std::move(missing)};
  const std::vector<double> measured = exponents(rows, column);
  if (measured.empty()) return claim;
  std::vector<double> above, below;
  for (const double exponent : measured) {
    above.push_back(exponent - wanted.expected + wanted.tolerance);
    below.push_back(wanted.expected + wanted.tolerance - exponent);
  }
  apply(judge({mean_comparison("exponent above " + short_text(wanted.expected - wanted.tolerance),
                               above),
               mean_comparison("exponent below " + short_text(wanted.expected + wanted.tolerance),
                               below)}),
        claim);
  const Estimate mean = mean_and_error(measured);
  claim.evidence = "Measured exponent " + short_text(mean.mean) +
                   (mean.count > 1 ? " ± " + short_text(mean.std_error) : "") + " over " +
                   counted(static_cast<std::size_t>(mean.count), "trial") + ", expected " +
                   short_text(wanted.expected) + " ± " + short_text(wanted.tolerance) +
                   "; errors above a fifth of ‖W‖ are left out.";
  return claim;
}

Claim bound_claim(const NoiseSetup& setup, const std::vector<RecoveryRow>& rows) {
  Claim claim{
      "B4", "‖ΔW‖ ≤ 25 d ‖W‖² τ / (μ − τ) for every noise of size τ.", ClaimStatus::kUndecided, {}};
  int seen = 0, crossed = 0;
  double closest = 0;
  for (const RecoveryRow& row : rows) {
    if (!std::isfinite(row.more(kNoiseBound))) continue;
    ++seen;
    closest = std::max(closest, row.extra[kNoiseError] / row.extra[kNoiseBound]);
    crossed += row.extra[kNoiseError] > row.extra[kNoiseBound];
  }
  if (seen == 0) {
    claim.evidence = setup.kind == "gaussian"
                         ? "Gaussian noise has no largest value, so the bound does not apply."
                         : "Needs finished trials with bounded probes and τ < μ.";
    return claim;
  }
  apply(judge_universal(crossed, seen, "extraction", "extractions"), claim);
  claim.evidence = "Crossed in " + std::to_string(crossed) + " of " + std::to_string(seen) +
                   " extractions; the error came up to " + told_apart(closest, 1).first +
                   " of the bound.";
  if (setup.kind != "adversary") claim.evidence += " The noise kind “adversary” comes closest.";
  return claim;
}

int method_colour(const std::string& method) {
  return method == "bounded" ? kColourRfa : kColourBrfa;
}

/// One measured series per method and combination of the columns that are not on the x axis.
Figure sweep_figure(const NoiseSetup& setup, const Recovered& recovered, NoiseColumn column) {
  Figure figure;
  figure.x = {"", true, 0, 0, {}};
  figure.y = {"error of W, Frobenius norm", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished extraction adds to the curves.";
  const char* const symbols[] = {"τ", "‖W‖", "μ", "M"};
  const std::size_t choices[] = {setup.taus.size(), setup.scales.size(), setup.smallest.size(),
                                 setup.repeats.size()};
  struct Line {
    std::string label;
    Groups errors;
  };
  std::map<Group, Line> lines;
  for (const RecoveryRow& row : recovered.rows) {
    if (row.extra.size() < kNoiseColumns) continue;
    Group group{row.method, {row.extra.begin(), row.extra.begin() + kNoiseError}};
    group.fixed[column] = 0;
    Line& line = lines[group];
    line.label = row.method;
    for (std::size_t k = 0; k < kNoiseError; ++k) {
      if (k == column || choices[k] < 2) continue;
      line.label += std::string(", ") + symbols[k] + " = " + short_text(row.extra[k]);
    }
    if (row.extra[kNoiseError] > 0) {
      line.errors[row.extra[column]].push_back(row.extra[kNoiseError]);
    }
  }
  std::map<std::string, int> variants;
  for (auto& [group, line] : lines) {
    Series series;
    series.id = series.label = line.label;
    series.colour = method_colour(group.method);
    series.variant = variants[group.method]++;
    series.points = mean_points(std::move(line.errors));
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

std::string kind_text(const std::string& kind) {
  if (kind == "adversarial") return "rounding to multiples of 2τ";
  return kind == "adversary" ? "noise chosen by an adversary" : kind + " noise";
}

Figure noise_figure(const NoiseSetup& setup, const Recovered& recovered) {
  Figure figure = sweep_figure(setup, recovered, kNoiseTau);
  figure.id = "noise";
  figure.title = "How does noise reach the matrix?";
  figure.subtitle = "d = " + std::to_string(setup.dim) + ", " + kind_text(setup.kind) +
                    ", balanced probes of length " + short_text(setup.probe_norm) +
                    ". Bars: ±1 standard error over " + counted(setup.trials, "trial") + ".";
  figure.x.label = "noise τ";
  if (setup.kind == "gaussian") return figure;
  Series bound;
  bound.id = "bound";
  bound.label = "bound";
  bound.note = "25 d ‖W‖² τ / (μ − τ): the largest error with bounded probes and noise of size τ";
  bound.role = SeriesRole::kExact;
  bound.colour = kColourReference;
  for (const double tau : setup.taus) {
    const double value = noise_bound(static_cast<double>(setup.dim), setup.scales.back(), tau,
                                     setup.smallest.front());
    if (std::isfinite(value)) bound.points.push_back({tau, value, 0, 0});
  }
  figure.draw_lines().series.push_back(std::move(bound));
  return figure;
}

}  // namespace

std::vector<Claim> noise_claims(const NoiseSetup& setup, const std::vector<RecoveryRow>& finished) {
  std::vector<Claim> claims = {exponent_claim(finished, kNoiseTau, {1, 0.1},
                                              "The error of W is proportional to the noise τ.",
                                              "Needs finished trials at two noise sizes or more."),
                               bound_claim(setup, finished)};
  std::vector<RecoveryRow> bounded;
  for (const RecoveryRow& row : finished) {
    if (row.method == "bounded") bounded.push_back(row);
  }
  if (setup.scales.size() > 1) {
    claims.push_back(
        exponent_claim(bounded, kNoiseWeight, {2, 0.15},
                       "With bounded probes the error grows like the square of ‖W‖.",
                       "Needs finished trials with bounded probes at two sizes of W."));
  }
  if (setup.smallest.size() > 1) {
    claims.push_back(exponent_claim(
        bounded, kNoiseSmallest, {-1, 0.1}, "With bounded probes the error grows like 1/μ.",
        "Needs finished trials with bounded probes at two values of μ."));
  }
  if (setup.repeats.size() > 1) {
    claims.push_back(exponent_claim(finished, kNoiseRepeats, {-0.5, 0.1},
                                    "Averaging M repeats divides the error by √M.",
                                    "Needs finished trials at two numbers of repeats."));
  }
  return claims;
}

std::vector<Figure> noise_figures(const NoiseSetup& setup, const Recovered& recovered) {
  std::vector<Figure> figures = {noise_figure(setup, recovered)};
  const auto add = [&](std::size_t values, NoiseColumn column, std::string id, std::string title,
                       std::string label) {
    if (values < 2) return;
    Figure figure = sweep_figure(setup, recovered, column);
    figure.id = std::move(id);
    figure.title = std::move(title);
    figure.x.label = std::move(label);
    figures.push_back(std::move(figure));
  };
  add(setup.scales.size(), kNoiseWeight, "weight_norm", "A larger W suffers more",
      "size of W, ‖W‖");
  add(setup.smallest.size(), kNoiseSmallest, "min_value", "A faint value is hard to read",
      "smallest entry of v, μ");
  add(setup.repeats.size(), kNoiseRepeats, "repeats", "Does asking again help?", "repeats M");
  // A single noise size belongs on another axis.
  if (setup.taus.size() == 1 && figures.size() > 1) std::swap(figures[0], figures[1]);
  figures.push_back(
      matrix_figure(shown_matrices(recovered.reports), "One trial at the largest noise."));
  return figures;
}

}  // namespace attnlab::extraction
