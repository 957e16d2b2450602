// The verdicts of risk_claims.h.
#include "core/in_context/risk_claims.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/findings/verdict.h"
#include "core/in_context/parameters.h"

namespace attnlab::in_context {
namespace {

constexpr double kNormal95 = 1.959964;  // thousands of prompts: Student's t is the normal law

/// Cells of one value and variant, by prompt length.
using Sweep = std::vector<const MeasuredCell*>;

/// Largest head count of the study, at least 2, or 0.
std::size_t many_heads(const RiskStudy& study) {
  return study.heads.empty() || study.heads.back() < 2 ? 0 : study.heads.back();
}

bool has_one_head(const RiskStudy& study) {
  return !study.heads.empty() && study.heads.front() == 1;
}

std::string ratio_text(const Estimate& estimate) {
  return short_text(estimate.mean) + " (95 % interval " +
         short_text(estimate.mean - kNormal95 * estimate.std_error) + " to " +
         short_text(estimate.mean + kNormal95 * estimate.std_error) + ")";
}

/// Advantage of several heads in one cell. A set of several contains the sets of one.
Comparison advantage_of(const RiskStudy& study, const MeasuredCell& cell, std::size_t heads) {
  const Scenario& scenario = cell.cell.scenario;
  const Estimate gap = cell.advantage(study, heads);
  Comparison comparison;
  comparison.what = "risk of one head minus the risk of " + heads_text(heads) +
                    " at D = " + std::to_string(scenario.prompt_length);
  const std::string where = cell_text(scenario);
  if (!where.empty()) comparison.what += ", " + where;
  comparison.estimate = gap.mean;
  comparison.std_error = gap.std_error;
  comparison.can_refute = false;
  comparison.paired_by = "prompt";
  return comparison;
}

std::string risks_text(const RiskStudy& study, const MeasuredCell& cell, std::size_t heads) {
  std::string text;
  for (std::size_t i = 0; i < study.heads.size(); ++i) {
    if (study.heads[i] != 1 && study.heads[i] != heads) continue;
    text += heads_text(study.heads[i]) + " " +
            estimate_text(cell.estimates.risks[i], cell.estimates.std_error(i)) + ", ";
  }
  return text;
}

std::string ratio_evidence(const RiskStudy& study, const MeasuredCell& cell, std::size_t heads) {
  const Scenario& scenario = cell.cell.scenario;
  std::string text = "At D = " + std::to_string(scenario.prompt_length) + ": " +
                     risks_text(study, cell, heads) + "ratio " +
                     ratio_text(cell.ratio(study, heads));
  const double limit = one_head_theory(scenario) / many_head_theory(scenario);
  if (std::isfinite(limit)) text += "; limit for D → ∞ " + short_text(limit);
  return text + ".";
}

/// Says in the claim what is missing, if anything is.
bool misses(const RiskStudy& study, const Sweep& sweep, Claim& claim) {
  if (!has_one_head(study) || many_heads(study) == 0) {
    lack(claim, {"one head and several", {{"heads", "1,2"}}});
  } else if (sweep.empty()) {
    claim.evidence = "No prompt length is measured yet.";
  }
  return !claim.evidence.empty();
}

Claim better_claim(std::string id, std::string statement, const RiskStudy& study,
                   const Sweep& sweep, bool name_values) {
  Claim claim{std::move(id), std::move(statement)};
  if (misses(study, sweep, claim)) return claim;
  const std::size_t heads = many_heads(study);
  std::vector<Comparison> comparisons;
  Sweep compared;
  for (const MeasuredCell* cell : sweep) {
    if (cell->cell.scenario.prompt_length < 2) continue;  // one example: its weight is 1
    comparisons.push_back(advantage_of(study, *cell, heads));
    compared.push_back(cell);
  }
  const Verdict verdict = judge(std::move(comparisons));
  apply(verdict, claim);
  std::string equal;
  for (std::size_t i = 0; i < compared.size(); ++i) {
    if (verdict.comparisons[i].status == ClaimStatus::kHolds) continue;
    const MeasuredCell& cell = *compared[i];
    const double one = cell.estimates.risks[0];
    equal += (equal.empty() ? "" : ", ") + (name_values
                                                ? short_text(cell.cell.scenario.value)
                                                : std::to_string(cell.cell.scenario.prompt_length));
    const double most = verdict.comparisons[i].high / one;
    if (std::isfinite(most)) equal += " (at most " + short_text(100 * std::max(most, 0.0)) + " %)";
  }
  if (name_values) {
    claim.evidence = cell_text(sweep.back()->cell.scenario) + ": ";
  }
  claim.evidence += ratio_evidence(study, *sweep.back(), heads);
  const std::string axis =
      name_values ? std::string(value_symbol(study.setting)) : std::string("D");
  if (!equal.empty()) {
    claim.evidence += " No gain of several heads is seen at " + axis + " = " + equal + ".";
  }
  claim.evidence += " Sizes: " + study_text(study) + ".";
  return claim;
}

/// C4: at the smallest radius several heads gain less than `kNothing` of one head's risk.
Claim local_claim(const RiskStudy& study, const Sweep& sweep) {
  constexpr double kNothing = 0.02;
  const MeasuredCell* cell = sweep.empty() ? nullptr : sweep.front();
  Claim claim{"C4", "Where all examples lie close to the query, a second head adds nothing"};
  if (cell != nullptr) {
    claim.statement += " (" + cell_text(cell->cell.scenario) +
                       ", D = " + std::to_string(cell->cell.scenario.prompt_length) + ")";
  }
  claim.statement += ".";
  if (misses(study, sweep, claim)) return claim;
  const std::size_t heads = many_heads(study);
  const double one = cell->estimates.risks[0];
  Comparison comparison = advantage_of(study, *cell, heads);
  comparison.what = "2 % of one head's risk minus the gain of " + heads_text(heads);
  comparison.estimate = kNothing * one - comparison.estimate;
  comparison.can_refute = true;
  apply(judge({std::move(comparison)}), claim);
  claim.evidence = ratio_evidence(study, *cell, heads) +
                   " A gain below 2 % counts as nothing: the examples' mean label is already as "
                   "good. Sizes: " +
                   study_text(study) + ".";
  return claim;
}

struct LocalSlope {
  double mean = 0, std_error = 0;
};

/// Slope of log risk over log D between two cells; their prompts are independent.
LocalSlope local_slope(const MeasuredCell& a, const MeasuredCell& b, std::size_t predictor) {
  const double distance = std::log(static_cast<double>(b.cell.scenario.prompt_length) /
                                   static_cast<double>(a.cell.scenario.prompt_length));
  const auto relative = [&](const MeasuredCell& cell) {
    return cell.estimates.std_error(predictor) / cell.estimates.risks[predictor];
  };
  return {std::log(b.estimates.risks[predictor] / a.estimates.risks[predictor]) / distance,
          std::hypot(relative(a), relative(b)) / distance};
}

/// A prompt length at which the 1/D law must show: 40 d, and ten times the length C/T at which the
/// leading order C/D reaches the risk T of no prediction. There T C/(T D + C) has a slope of -0.91.
std::size_t late_length(const Scenario& scenario) {
  const double plain = 40 * static_cast<double>(scenario.dim);
  const double reached = one_head_theory(scenario) / scenario.task().signal;
  return static_cast<std::size_t>(
      std::ceil(std::isfinite(reached) ? std::max(plain, 10 * reached) : plain));
}

Claim rate_claim(const RiskStudy& study, const Sweep& sweep, const std::string& where) {
  Claim claim{"C2",
              "One head and many both have risk O(1/D); many heads have the smaller constant" +
                  where + "."};
  if (misses(study, sweep, claim)) return claim;
  const MeasuredCell& last = *sweep.back();
  const std::size_t needed = late_length(last.cell.scenario);
  if (sweep.size() < 2 || last.cell.scenario.prompt_length < needed) {
    lack(claim, {"two prompt lengths, one of at least " + std::to_string(needed) +
                     " (the 1/D law sets in late)",
                 {}});
    return claim;
  }
  const MeasuredCell& before = *sweep[sweep.size() - 2];
  const std::size_t many = many_heads(study);
  constexpr double kNearlyOne = -0.75, kClearlyLess = -0.5;
  std::vector<Comparison> comparisons;
  for (std::size_t i = 0; i < study.heads.size(); ++i) {
    if (study.heads[i] != 1 && study.heads[i] != many) continue;
    const LocalSlope slope = local_slope(before, last, i);
    Comparison steep;
    steep.what =
        short_text(kNearlyOne) + " minus the slope of log risk of " + heads_text(study.heads[i]);
    steep.estimate = kNearlyOne - slope.mean;
    steep.std_error = slope.std_error;
    steep.smallest_difference = kClearlyLess - kNearlyOne;
    comparisons.push_back(std::move(steep));
    const double length = static_cast<double>(last.cell.scenario.prompt_length);
    claim.evidence +=
        heads_text(study.heads[i]) + ": slope of log risk " +
        estimate_text(slope.mean, slope.std_error) +
        " from D = " + std::to_string(before.cell.scenario.prompt_length) + " to " +
        std::to_string(last.cell.scenario.prompt_length) + ", D × risk " +
        estimate_text(length * last.estimates.risks[i], length * last.estimates.std_error(i));
    const double limit = study.heads[i] == 1 ? one_head_theory(last.cell.scenario)
                                             : many_head_theory(last.cell.scenario);
    if (std::isfinite(limit)) claim.evidence += " (limit " + short_text(limit) + ")";
    claim.evidence += "; ";
  }
  comparisons.push_back(advantage_of(study, last, many));
  claim.evidence += "ratio " + ratio_text(last.ratio(study, many)) + ". A slope below " +
                    short_text(kNearlyOne) + " counts as nearing −1, one above " +
                    short_text(kClearlyLess) + " refutes it. Sizes: " + study_text(study) + ".";
  apply(judge(std::move(comparisons)), claim);
  return claim;
}

template <class Same>
std::vector<Sweep> sweeps_of(const std::vector<MeasuredCell>& cells, Same same) {
  std::vector<Sweep> sweeps;
  for (const MeasuredCell& cell : cells) {
    const auto found = std::find_if(sweeps.begin(), sweeps.end(), [&](const Sweep& sweep) {
      return same(sweep.front()->cell.scenario, cell.cell.scenario);
    });
    if (found == sweeps.end()) {
      sweeps.push_back({&cell});
    } else {
      found->push_back(&cell);
    }
  }
  return sweeps;
}

}  // namespace

std::vector<Claim> prompt_length_claims(const RiskStudy& study,
                                        const std::vector<MeasuredCell>& cells) {
  std::vector<Sweep> sweeps = sweeps_of(cells, [](const Scenario& a, const Scenario& b) {
    return a.value == b.value && a.variant == b.variant;
  });
  if (sweeps.empty()) sweeps.emplace_back();
  std::vector<Claim> claims;
  for (const Sweep& sweep : sweeps) {
    std::string where = sweep.empty() ? "" : cell_text(sweep.front()->cell.scenario);
    if (!where.empty()) where = " (" + where + ")";
    claims.push_back(better_claim(
        "C1", "Several softmax heads predict better than one" + where + ".", study, sweep, false));
    claims.push_back(rate_claim(study, sweep, where));
  }
  return claims;
}

std::vector<Claim> scenario_claims(const RiskStudy& study, const std::vector<MeasuredCell>& cells) {
  std::vector<Sweep> sweeps = sweeps_of(cells, [](const Scenario& a, const Scenario& b) {
    return a.variant == b.variant && a.prompt_length == b.prompt_length;
  });
  if (sweeps.empty()) sweeps.emplace_back();
  std::vector<Claim> claims;
  for (const Sweep& sweep : sweeps) {
    std::string statement = "Several heads also predict better with ";
    switch (study.setting) {
      case Setting::kNoise:
        statement += "noisy labels";
        break;
      case Setting::kCorrelation:
        statement += "correlated features";
        break;
      case Setting::kLocal:
        statement += "examples near the query";
        break;
      case Setting::kPrior:
        statement += "prior knowledge of θ";
        break;
      case Setting::kBase:
        statement = "Several heads predict better in the plain task";
        break;
    }
    if (!sweep.empty()) {
      const Scenario& scenario = sweep.front()->cell.scenario;
      const std::string_view variant = variant_label(scenario.setting, scenario.variant);
      statement += " (";
      if (!variant.empty()) statement += std::string(variant) + ", ";
      statement += "D = " + std::to_string(scenario.prompt_length) + ")";
    }
    claims.push_back(better_claim("C3", statement + ".", study, sweep, true));
    if (study.setting == Setting::kLocal) claims.push_back(local_claim(study, sweep));
  }
  return claims;
}

}  // namespace attnlab::in_context
