// Plateaus and levels side by side, and the verdicts on them.
#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/text.h"
#include "core/findings/verdict.h"
#include "core/in_context/plateau_report.h"

namespace attnlab::in_context {
namespace {

constexpr double kTolerance = 0.01;       // of a level, in C5
constexpr double kMostStarts = 0.5;       // share of the starts that C6 wants exceeded
constexpr std::size_t kFewestStarts = 6;  // with which C6 can hold: 2^-6 < 2.5 %

PopulationRisk risk_of(const PlateauSetup& setup) {
  return {setup.eigenvalues, static_cast<double>(setup.prompt_length)};
}

/// Rows of the starts that are trained to the end.
struct Finished {
  std::vector<PlateauRow> rows;
  std::vector<std::size_t> starts;

  explicit Finished(std::span<const PlateauSetup> setups,
                    std::span<const PlateauOutcome> outcomes) {
    for (const PlateauRow& row : plateau_rows(setups, outcomes)) {
      if (outcomes[row.start - 1].finished) rows.push_back(row);
    }
    for (std::size_t t = 0; t < outcomes.size(); ++t) {
      if (outcomes[t].finished) starts.push_back(t + 1);
    }
  }
  bool rests(std::size_t start, std::size_t level) const {
    return std::any_of(rows.begin(), rows.end(), [&](const PlateauRow& row) {
      return row.start == start && row.level == level;
    });
  }
};

Claim level_claim(std::span<const PlateauSetup> setups, const Finished& finished) {
  const PlateauSetup& setup = setups.front();
  Claim claim{"C5",
              "Where training rests, the risk is within 1 % of a predicted level: the least risk "
              "of linear attention that reads the first m eigen-directions.",
              ClaimStatus::kUndecided,
              {}};
  if (setups.size() < 2) {
    lack(claim, {"several starts", {{"trials", "10"}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  double farthest = 0;
  for (std::size_t m = 1; m <= setup.dim(); ++m) {
    std::vector<double> margins;
    for (const PlateauRow& row : finished.rows) {
      if (row.level != m) continue;
      margins.push_back(kTolerance - std::abs(row.deviation()));
      farthest = std::max(farthest, std::abs(row.deviation()));
    }
    if (margins.size() < 2) continue;
    comparisons.push_back(mean_comparison(
        "1 % minus the relative distance of the plateau from the level " + plateau_level_name(m),
        margins));
    comparisons.back().paired_by = "start";
  }
  if (comparisons.empty()) {
    claim.evidence = "Needs two starts that rest at the same level.";
    return claim;
  }
  apply(judge(std::move(comparisons)), claim);
  claim.evidence = "Of " + counted(finished.rows.size(), "plateau", "plateaus") + " in " +
                   counted(finished.starts.size(), "start") +
                   " (with the start itself), the farthest from its level is " +
                   short_text(100 * farthest) + " % away. Sizes: " + plateau_sizes_text(setups) +
                   ".";
  return claim;
}

Claim stairs_claim(std::span<const PlateauSetup> setups, const Finished& finished) {
  const PlateauSetup& setup = setups.front();
  Claim claim{"C6",
              setup.merged ? "With key and query merged the risk falls in one drop: most starts do "
                             "not rest between the first and the last level."
                           : "Heads with a key and a query vector of rank one learn one "
                             "eigen-direction after the other: most starts rest at every level.",
              ClaimStatus::kUndecided,
              {}};
  if (setup.dim() < 2) {
    lack(claim, {"several eigenvalues", {{"eigenvalues", "4,2,1,0.5"}}});
  } else if (setup.learnable() < 2) {
    lack(claim, {"several heads", {{"heads", "6"}}});
  } else if (setups.size() < kFewestStarts) {
    lack(claim, {"six starts", {{"trials", "10"}}});
  } else if (finished.starts.empty()) {
    claim.evidence = "No start is trained to the end yet.";
  }
  if (!claim.evidence.empty()) return claim;
  std::size_t successes = 0, rests = 0;
  for (const std::size_t start : finished.starts) {
    std::size_t between = 0;
    for (std::size_t m = 1; m < setup.learnable(); ++m) between += finished.rests(start, m);
    const bool ends = finished.rests(start, setup.learnable());
    rests += between;
    successes += ends && between == (setup.merged ? 0 : setup.learnable() - 1);
  }
  const std::string what = setup.merged ? "share of the starts that fall in one drop"
                                        : "share of the starts that rest at every level";
  apply(judge({share_comparison(what + ", minus a half", static_cast<int>(successes),
                                static_cast<int>(finished.starts.size()), kMostStarts)}),
        claim);
  claim.evidence =
      std::to_string(successes) + " of " + counted(finished.starts.size(), "start") + " do; " +
      "between the first and the last level a start rests " +
      short_text(static_cast<double>(rests) / static_cast<double>(finished.starts.size())) +
      " times on average, of " + counted(setup.learnable() - 1, "level") +
      ". Sizes: " + plateau_sizes_text(setups) + ".";
  return claim;
}

}  // namespace

std::string plateau_sizes_text(std::span<const PlateauSetup> setups) {
  const PlateauSetup& setup = setups.front();
  std::vector<std::string> values;
  for (const double value : setup.eigenvalues) values.push_back(short_text(value));
  return "λ = " + join(values, ", ") + ", D = " + std::to_string(setup.prompt_length) + ", " +
         counted(setup.heads, "head") +
         (setup.merged ? " with key and query merged" : " of rank one") + ", start " +
         short_text(setup.start);
}

std::string plateau_level_name(std::size_t level) {
  return "m = " + std::to_string(level);
}

std::vector<PlateauRow> plateau_rows(std::span<const PlateauSetup> setups,
                                     std::span<const PlateauOutcome> outcomes) {
  std::vector<PlateauRow> rows;
  for (std::size_t t = 0; t < outcomes.size(); ++t) {
    const PopulationRisk risk = risk_of(setups[t]);
    for (const Plateau& plateau : plateaus_of(outcomes[t].curve)) {
      std::size_t nearest = 0;
      const auto distance = [&](std::size_t m) { return std::abs(risk.level(m) - plateau.risk); };
      for (std::size_t m = 1; m <= risk.dim(); ++m) {
        if (distance(m) < distance(nearest)) nearest = m;
      }
      rows.push_back({nearest, risk.level(nearest), plateau.risk, plateau.first_step,
                      plateau.last_step, t + 1});
    }
  }
  return rows;
}

std::vector<Claim> plateau_claims(std::span<const PlateauSetup> setups,
                                  std::span<const PlateauOutcome> outcomes) {
  const Finished finished(setups, outcomes);
  return {level_claim(setups, finished), stairs_claim(setups, finished)};
}

std::vector<std::string> plateau_notes(std::span<const PlateauSetup> setups,
                                       std::span<const PlateauOutcome> outcomes) {
  const Finished finished(setups, outcomes);
  std::vector<std::string> notes;
  const PlateauSetup& setup = setups.front();
  std::size_t short_of = 0;
  for (const std::size_t start : finished.starts) {
    short_of += !finished.rests(start, setup.learnable());
  }
  if (short_of > 0) {
    notes.push_back(counted(short_of, "start") +
                    " did not reach the last level: more steps, or a larger start.");
  }
  bool rises = false;
  for (const PlateauOutcome& outcome : outcomes) {
    for (std::size_t i = 1; i < outcome.curve.size(); ++i) {
      rises = rises || outcome.curve[i].risk > outcome.curve[i - 1].risk * (1 + 1e-9);
    }
  }
  if (rises) {
    notes.push_back(
        "The risk rose for some steps, which gradient flow never does: lower the rate.");
  }
  return notes;
}

}  // namespace attnlab::in_context
