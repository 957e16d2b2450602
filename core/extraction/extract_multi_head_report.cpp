// extract-multi-head: its tables, claims and figures.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/extract_multi_head.h"
#include "core/extraction/learn/grain.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kSameFunction = 1e-12, kExactHeads = 1e-6;
constexpr double kDifferentParameters = 1e-6;  // distance over size: far above rounding
constexpr double kToldApart = 1e6;             // gap at three tokens over the gap at two

/// Pairs of different parameters show it; distances are relative to the size of the parameters, so
/// that the scale of the heads does not matter.
Claim twin_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5",
              "Heads are not determined: with the same W, without value or cancelling, different "
              "parameters give the same answers at every length.",
              ClaimStatus::kUndecided, "The comparison is not finished yet."};
  double gap = 0, least = INFINITY, most = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method == "mirrored") continue;
    gap = std::max(gap, row.extra[kGap]);
    const double distance = row.extra[kDistance] / row.extra[kSize];
    least = std::min(least, distance);
    most = std::max(most, distance);
  }
  if (!std::isfinite(least)) return claim;
  // The pairs are exact by construction: a gap above rounding or no distance refutes the sentence.
  claim.status = gap < kSameFunction && least > kDifferentParameters ? ClaimStatus::kHolds
                                                                     : ClaimStatus::kFails;
  claim.judged = "One pair with a distance far above rounding shows that there are such heads.";
  const TwoTexts texts = told_apart(least, kDifferentParameters);
  claim.evidence = "Three pairs at lengths 1 to 4: largest function gap " + short_text(gap) +
                   ", distance of the parameters " + texts.first + " to " + short_text(most) +
                   " of their size (must be more than " + texts.second + ").";
  return claim;
}

Claim mirrored_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5", "Two tokens cannot tell {(W, v), (−W, v)} from {(W′, v), (−W′, v)}; three can.",
              ClaimStatus::kUndecided, "The comparison is not finished yet."};
  double shift = 0, distance = 0, two = 0, three = 0;
  int tries = 0, told = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method != "mirrored") continue;
    if (row.extra[kLength] <= 2) {
      two = std::max(two, row.extra[kGap]);
      ++tries;
      told += row.extra[kGap] >= kSameFunction;
    }
    if (row.extra[kLength] == 3 && row.extra[kShift] >= shift) {
      shift = row.extra[kShift];
      distance = row.extra[kDistance];
      three = row.extra[kGap];
    }
  }
  if (distance == 0) {
    claim.evidence = shift == 0 && !rows.empty() ? "Needs a shift above 0." : claim.evidence;
    return claim;
  }
  if (told > 0 || three > kToldApart * std::max(two, 1e-16)) {
    apply(judge_universal(told, tries, "comparison", "comparisons"), claim);
  }
  claim.evidence = "Gap at one and two tokens at most " + short_text(two) +
                   " for every W′; at three tokens " + short_text(three) +
                   " for the farthest one (distance " + short_text(distance) + ").";
  return claim;
}

Claim recovery_claim(const RunSpec& spec, const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5", "Longer queries determine the heads up to order (canonical form).",
              ClaimStatus::kUndecided, "No trial is finished yet."};
  int seen = 0, good = 0, forbidden = 0, fewer = 0;
  double error = 0;
  std::string why;
  for (const RecoveryRow& row : rows) {
    ++seen;
    fewer += row.queries <= row.predicted_queries;
    if (is_recovered(row) && row.w_error < kExactHeads) {
      ++good;
      error = std::max(error, row.w_error);
    } else {
      forbidden += row.status == "not-identifiable";
      if (why.empty()) why = " H = " + short_text(row.more(0)) + ": " + row.evidence;
    }
  }
  if (seen == 0) return claim;
  const int decided = seen - forbidden;  // double precision forbids the others
  if (decided > 0) apply(judge_universal(decided - good, decided, "box", "boxes"), claim);
  claim.evidence = std::to_string(good) + " of " + std::to_string(seen) +
                   " trials give every W to 1e-6" +
                   (good > 0 ? " (worst " + told_apart(error, kExactHeads).first + ")" : "") +
                   "; " + std::to_string(fewer) + " with at most 4Hd² − 2H + 1 queries." + why;
  const std::vector<std::int64_t>& heads = spec.parameters.integers("heads");
  if (heads.size() == 1) claim.evidence += " H = " + std::to_string(heads[0]) + ".";
  return claim;
}

/// The rows of job 0.
std::vector<RecoveryRow> twins_of(const Recovered& recovered) {
  if (recovered.reports.empty() || recovered.reports.front().index != 0) return {};
  std::vector<RecoveryRow> rows = recovered.reports.front().report.rows;
  std::erase_if(rows, [](const RecoveryRow& row) { return row.extra.size() != kTwinColumns; });
  return rows;
}

Table twin_table(const std::vector<RecoveryRow>& rows) {
  Table table{"twins",
              "Pairs of different heads and how far their answers differ, by length of the query",
              {{"kind", "kind", "", ColumnType::kText},
               {"length", "tokens N", "", ColumnType::kWhole},
               {"shift", "shift of W′", "", ColumnType::kNumber},
               {"parameter_distance", "parameter distance", "", ColumnType::kNumber},
               {"function_gap", "function gap", "", ColumnType::kNumber},
               {"reason", "reason", "", ColumnType::kText},
               {"parameter_size", "parameter size", "", ColumnType::kNumber}},
              {}};
  for (const RecoveryRow& row : rows) {
    table.rows.push_back({row.method, static_cast<std::int64_t>(row.extra[kLength]),
                          real_cell(row.extra[kShift]), real_cell(row.extra[kDistance]),
                          real_cell(row.extra[kGap]), row.evidence, real_cell(row.extra[kSize])});
  }
  return table;
}

Figure shift_figure(const std::vector<RecoveryRow>& twins) {
  Figure figure;
  figure.id = "mirrored";
  figure.title = "Two tokens cannot see it, three can";
  figure.subtitle =
      "Answers of {(W, v), (−W, v)} against {(W′, v), (−W′, v)}: largest gap over 100 "
      "inputs of N tokens, in standard deviations. Below 1e-12 is rounding.";
  figure.x = {"distance of W′ from W, per √d", true, 0, 0, {}};
  figure.y = {"gap between the answers", true, 1e-17, 10, {}};
  figure.draw_lines().references = {{false, kSameFunction, "rounding"}};
  figure.table = "twins";
  figure.empty_text = "Press Run: the first job compares the pairs.";
  for (std::size_t length = 2; length <= kTwinLongest; ++length) {
    Series series;
    series.id = series.label = "N = " + std::to_string(length);
    series.colour = length == 2 ? kColourRfa : length == 3 ? kColourBrfa : kColourRfmlp;
    for (const RecoveryRow& row : twins) {
      if (row.method != "mirrored" || row.extra[kLength] != static_cast<double>(length)) continue;
      series.points.push_back({row.extra[kShift], std::max(row.extra[kGap], 1e-17), kUnknown, 1});
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

Figure query_figure(const RunSpec& spec, const Recovered& recovered) {
  Figure figure = dimension_figure(
      "queries", "What do more heads cost?",
      "Queries until all heads are known; trials that double precision forbids are not drawn. "
      "Bars: ±1 standard error over trials.",
      "queries");
  figure.empty_text.clear();
  int variant = 0;
  for (const std::int64_t heads : spec.parameters.integers("heads")) {
    const std::string count = std::to_string(heads);
    const double h = static_cast<double>(heads);
    Series measured;
    measured.id = "heads/" + count;
    measured.label = "H = " + count;
    measured.colour = kColourRfa;
    measured.points = mean_points(
        recovered.rows,
        [h](const RecoveryRow& row) { return row.more(0) == h && is_recovered(row); },
        &RecoveryRow::dim, &RecoveryRow::queries);
    Series line =
        count_line("predicted/" + count, "4Hd² − 2H + 1, H = " + count,
                   "the count of arXiv 2608.03294 for another algorithm; ours takes 0.5 "
                   "to 3 times as many",
                   dims_of(spec), [h](double d) { return other_algorithm_queries(h, d); });
    line.role = SeriesRole::kTheory;
    measured.variant = line.variant = variant++;
    figure.draw_lines().series.push_back(std::move(measured));
    figure.draw_lines().series.push_back(std::move(line));
  }
  return figure;
}

}  // namespace

void add_multi_head_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  const std::vector<RecoveryRow> twins = twins_of(recovered);
  findings.result.tables.insert(findings.result.tables.begin() + 1, twin_table(twins));
  findings.result.claims = {twin_claim(twins), mirrored_claim(twins),
                            recovery_claim(spec, recovered.finished)};
  findings.figures = {
      shift_figure(twins), query_figure(spec, recovered),
      matrix_figure(shown_matrices(recovered.reports), "W of the first head of one trial.")};
}

}  // namespace attnlab::extraction
