// extract-noise: its claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/extraction/extract_noise.h"
#include "core/extraction/learn/noisy_head.h"
#include "core/findings/palette.h"
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

/// Exponents of the error in one column, one per group, over means of trials.
std::vector<Slope> exponents(const std::vector<RecoveryRow>& rows, NoiseColumn column) {
  std::map<Group, std::map<double, std::vector<double>>> groups;
  for (const RecoveryRow& row : rows) {
    if (row.extra.size() < kNoiseColumns) continue;
    if (!(row.extra[kNoiseError] < kLinearRange * row.extra[kNoiseWeight])) continue;
    Group group{row.method, {row.extra.begin(), row.extra.begin() + kNoiseError}};
    group.fixed[column] = 0;
    groups[group][row.extra[column]].push_back(row.extra[kNoiseError]);
  }
  std::vector<Slope> slopes;
  for (auto& [group, points] : groups) {
    if (points.size() < 2) continue;
    std::vector<double> x, y, error;
    for (auto& [at, values] : points) {
      std::ranges::sort(values);
      const Estimate estimate = mean_and_error(values);
      x.push_back(at);
      y.push_back(estimate.mean);
      error.push_back(estimate.std_error);
    }
    const bool known = std::ranges::all_of(error, [](double e) { return e > 0; });
    slopes.push_back(log_log_slope(
        x, y, known ? std::span<const double>(error) : std::span<const double>(), 0, x.size()));
  }
  return slopes;
}

Claim exponent_claim(const std::vector<RecoveryRow>& rows, NoiseColumn column, double expected,
                     double tolerance, std::string statement, std::string missing) {
  Claim claim{"B4", std::move(statement), ClaimStatus::kUndecided, std::move(missing)};
  const std::vector<Slope> slopes = exponents(rows, column);
  if (slopes.empty()) return claim;
  double worst_gap = 0, at = 0, low = INFINITY, high = -INFINITY;
  for (const Slope& slope : slopes) {
    low = std::min(low, slope.value);
    high = std::max(high, slope.value);
    if (std::abs(slope.value - expected) < worst_gap) continue;
    worst_gap = std::abs(slope.value - expected);
    at = std::isfinite(slope.std_error) ? slope.std_error : 0;
  }
  const double allowed = std::max(tolerance, 2 * at);
  claim.status = worst_gap <= allowed ? ClaimStatus::kHolds : ClaimStatus::kFails;
  claim.evidence = "Measured exponents " + short_text(low) + " to " + short_text(high) + " over " +
                   std::to_string(slopes.size()) +
                   (slopes.size() == 1 ? " series" : " series each") + ", expected " +
                   short_text(expected) + " ± " + short_text(allowed) +
                   "; errors above a fifth of ‖W‖ are left out.";
  return claim;
}

Claim bound_claim(const NoiseSetup& setup, const std::vector<RecoveryRow>& rows) {
  Claim claim{
      "B4", "‖ΔW‖ ≤ 25 d ‖W‖² τ / (μ − τ) for every noise of size τ.", ClaimStatus::kUndecided, {}};
  std::size_t seen = 0, crossed = 0;
  double closest = 0;
  for (const RecoveryRow& row : rows) {
    if (row.extra.size() < kNoiseColumns || !std::isfinite(row.extra[kNoiseBound])) continue;
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
  claim.status = crossed == 0 ? ClaimStatus::kHolds : ClaimStatus::kFails;
  claim.evidence = "Crossed in " + std::to_string(crossed) + " of " + std::to_string(seen) +
                   " extractions; the error came up to " + short_text(closest) + " of the bound.";
  return claim;
}

int method_colour(const std::string& method) {
  return method == "bounded" ? kColourRfa : kColourBrfa;
}

/// Means over trials of the error against one column, for rows that `keep`.
template <class Keep>
std::vector<FigurePoint> error_points(const Table& table, std::string_view x, Keep keep) {
  const std::size_t column = table.column(x), error = table.column("frobenius_error");
  std::map<double, std::vector<double>> groups;
  for (const auto& row : table.rows) {
    if (keep(row) && number(row[error]) > 0)
      groups[number(row[column])].push_back(number(row[error]));
  }
  std::vector<FigurePoint> points;
  for (auto& [at, values] : groups) {
    std::ranges::sort(values);
    const Estimate estimate = mean_and_error(values);
    points.push_back({at, estimate.mean, estimate.std_error, estimate.count});
  }
  return points;
}

/// One measured series per method and combination of the columns that are not on the x axis.
Figure sweep_figure(const NoiseSetup& setup, const Result& result, NoiseColumn column,
                    std::string_view x) {
  Figure figure;
  figure.x = {"", true, 0, 0, {}};
  figure.y = {"error of W, Frobenius norm", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished extraction adds to the curves.";
  const Table* table = result.table("recovery");
  if (table == nullptr) return figure;
  const std::vector<std::string> names = {"noise", "weight_norm", "min_value", "repeats"};
  const std::vector<std::string> symbols = {"τ", "‖W‖", "μ", "M"};
  std::map<Group, std::string> groups;
  for (const auto& row : table->rows) {
    Group group{std::get<std::string>(row[0]), {}};
    std::string label;
    for (std::size_t k = 0; k < names.size(); ++k) {
      const double value = number(row[table->column(names[k])]);
      group.fixed.push_back(k == column ? 0 : value);
      const std::size_t choices = k == kNoiseTau        ? setup.taus.size()
                                  : k == kNoiseWeight   ? setup.scales.size()
                                  : k == kNoiseSmallest ? setup.smallest.size()
                                                        : setup.repeats.size();
      if (k != column && choices > 1) label += ", " + symbols[k] + " = " + short_text(value);
    }
    groups[group] = group.method + label;
  }
  std::map<std::string, int> variants;
  for (const auto& [group, label] : groups) {
    Series series;
    series.id = series.label = label;
    series.colour = method_colour(group.method);
    series.variant = variants[group.method]++;
    // Clang 14 captures a structured binding only by name.
    series.points = error_points(*table, x, [&, &group = group](const std::vector<Cell>& row) {
      if (std::get<std::string>(row[0]) != group.method) return false;
      for (std::size_t k = 0; k < names.size(); ++k) {
        if (k != column && number(row[table->column(names[k])]) != group.fixed[k]) return false;
      }
      return true;
    });
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

Figure noise_figure(const NoiseSetup& setup, const Result& result) {
  Figure figure = sweep_figure(setup, result, kNoiseTau, "noise");
  figure.id = "noise";
  figure.title = "How does noise reach the matrix?";
  figure.subtitle = "d = " + std::to_string(setup.dim) + ", " + setup.kind +
                    " noise, balanced "
                    "probes of length " +
                    short_text(setup.probe_norm) +
                    ". Bars: ±1 standard error "
                    "over " +
                    std::to_string(setup.trials) + " trials.";
  figure.x.label = "noise τ";
  if (setup.kind == "gaussian") return figure;
  Series bound;
  bound.id = "bound";
  bound.label = "bound";
  bound.note = "25 d ‖W‖² τ / (μ − τ): no noise of size τ can do more to bounded probes";
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

std::vector<Claim> noise_claims(const NoiseSetup& setup, const std::vector<RecoveryRow>& rows) {
  std::vector<Claim> claims = {
      exponent_claim(rows, kNoiseTau, 1, 0.1, "The error of W is proportional to the noise τ.",
                     "Needs finished trials at two noise sizes or more."),
      bound_claim(setup, rows)};
  std::vector<RecoveryRow> bounded;
  for (const RecoveryRow& row : rows) {
    if (row.method == "bounded") bounded.push_back(row);
  }
  if (setup.scales.size() > 1) {
    claims.push_back(
        exponent_claim(bounded, kNoiseWeight, 2, 0.15,
                       "With bounded probes the error grows like the square of ‖W‖.",
                       "Needs finished trials with bounded probes at two sizes of W."));
  }
  if (setup.smallest.size() > 1) {
    claims.push_back(exponent_claim(
        bounded, kNoiseSmallest, -1, 0.1, "With bounded probes the error grows like 1/μ.",
        "Needs finished trials with bounded probes at two values of μ."));
  }
  if (setup.repeats.size() > 1) {
    claims.push_back(exponent_claim(rows, kNoiseRepeats, -0.5, 0.1,
                                    "Averaging M repeats divides the error by √M.",
                                    "Needs finished trials at two numbers of repeats."));
  }
  return claims;
}

std::vector<Figure> noise_figures(const NoiseSetup& setup, const Result& result) {
  std::vector<Figure> figures = {noise_figure(setup, result)};
  const auto add = [&](std::size_t values, NoiseColumn column, std::string_view name,
                       std::string title, std::string label) {
    if (values < 2) return;
    Figure figure = sweep_figure(setup, result, column, name);
    figure.id = name;
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
  figures.push_back(matrix_figure(result, "One trial at the largest noise."));
  return figures;
}

}  // namespace attnlab::extraction
