// Claims C8 to C11 on memorising and learning, judged from paired trials.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/findings/verdict.h"
#include "core/in_context/diversity_study.h"
#include "core/numerics/elementary.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {
namespace {

std::string at(const DiversityStudy& study, const DiversityCell& cell) {
  return " at κ = " + short_text(study.kappa(cell.task)) +
         ", α = " + short_text(study.alpha(cell.example)) +
         ", τ = " + short_text(study.tau(cell.prompt));
}

std::string mean_text(const Trials& values) {
  const Estimate estimate = mean_and_error(known_differences(values, {}));
  return estimate_text(estimate.mean, estimate.std_error);
}

/// Verdict, and as evidence the closest comparison with what it compares.
void judge_claim(const DiversityStudy& study, std::vector<Comparison> comparisons,
                 std::vector<std::string> evidence, Claim& claim) {
  const Verdict verdict = judge(std::move(comparisons));
  apply(verdict, claim);
  std::size_t weakest = 0;
  for (std::size_t i = 1; i < verdict.comparisons.size(); ++i) {
    const auto score = [&](std::size_t j) {
      const Comparison& one = verdict.comparisons[j].comparison;
      return std::isfinite(one.estimate) && one.std_error > 0 ? one.estimate / one.std_error
                                                              : -1e300;
    };
    if (score(i) < score(weakest)) weakest = i;
  }
  claim.evidence =
      (evidence.size() > 1 ? "Nearest to refuting it of " + std::to_string(evidence.size()) + ": "
                           : std::string()) +
      evidence[weakest] + " Sizes: d = " + std::to_string(study.dim) +
      ", ρ = " + short_text(study.noise) + ", " + counted(study.trials, "trial") + ".";
}

Claim memorises_claim(const DiversityStudy& study, const DiversityOutcome& outcome) {
  Claim claim{"C8",
              "Fitted to fewer tasks than dimensions, the layer memorises: it errs more on new "
              "tasks than on the trained ones."};
  std::vector<Comparison> comparisons;
  std::vector<std::string> evidence;
  for (const DiversityCell& cell : outcome.cells) {
    if (study.kappa(cell.task) >= 1) continue;
    comparisons.push_back(mean_comparison("error on new minus on trained tasks" + at(study, cell),
                                          known_differences(cell.fresh, cell.trained)));
    comparisons.back().paired_by = "trial";
    evidence.push_back("error " + mean_text(cell.fresh) + " on new and " + mean_text(cell.trained) +
                       " on trained tasks" + at(study, cell) + ".");
  }
  if (comparisons.empty()) {
    lack(claim, {"fewer tasks than dimensions", {{"kappa", "0.5,1,2"}}});
  } else {
    judge_claim(study, std::move(comparisons), std::move(evidence), claim);
  }
  return claim;
}

Claim learns_claim(const DiversityStudy& study, const DiversityOutcome& outcome) {
  constexpr double kShare = 0.25;
  Claim claim{"C9",
              "Fitted to many more tasks than dimensions, it learns from the prompt instead: the "
              "gap is less than a quarter of the gap of few tasks."};
  const std::size_t last = study.tasks.size() - 1;
  if (study.kappa(0) > 0.5 || study.kappa(last) < 4) {
    lack(claim, {"κ of at most 0.5 and one of at least 4", {{"kappa", "0.5,4"}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  std::vector<std::string> evidence;
  for (std::size_t e = 0; e < study.examples.size(); ++e) {
    for (std::size_t p = 0; p < study.prompts.size(); ++p) {
      const DiversityCell& few = outcome.cell(study, 0, e, p);
      const DiversityCell& many = outcome.cell(study, last, e, p);
      Trials few_gap, many_gap, differences;
      for (std::size_t i = 0; i < study.trials; ++i) {
        few_gap.push_back(few.fresh[i] - few.trained[i]);
        many_gap.push_back(many.fresh[i] - many.trained[i]);
        differences.push_back(kShare * few_gap[i] - many_gap[i]);
      }
      comparisons.push_back(
          mean_comparison("a quarter of the gap" + at(study, few) +
                              " minus the gap at κ = " + short_text(study.kappa(last)),
                          known_differences(differences, {})));
      comparisons.back().paired_by = "trial";
      evidence.push_back("gap " + mean_text(few_gap) + at(study, few) + " and " +
                         mean_text(many_gap) + " at κ = " + short_text(study.kappa(last)) + ".");
    }
  }
  judge_claim(study, std::move(comparisons), std::move(evidence), claim);
  return claim;
}

/// Differences of log errors: near the peak the errors of trials lie decades apart.
Trials log_ratios(const Trials& a, const Trials& b) {
  Trials ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(portable_log(a[i] / b[i]));
  return ratios;
}

Claim descent_claim(const DiversityStudy& study, const DiversityOutcome& outcome) {
  Claim claim{"C10",
              "More prompts can make it worse: the error on new tasks peaks where there are about "
              "as many prompts as weights (τ near 1)."};
  std::size_t peak = 0;
  const auto distance = [&](std::size_t p) {
    return std::abs(std::log(study.tau(p) / study.peak_tau()));
  };
  for (std::size_t p = 1; p < study.prompts.size(); ++p) {
    if (distance(p) < distance(peak)) peak = p;
  }
  const std::size_t last = study.prompts.size() - 1;
  if (study.tau(0) > 0.6 || study.tau(last) < 1.9 || distance(peak) > std::log(1.25)) {
    const double near = std::round(100 * study.peak_tau()) / 100;
    lack(claim, {"τ of at most 0.6, near 1, and of at least 1.9",
                 {{"tau", "0.5," + exact_text(near) + ",2"}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  std::vector<std::string> evidence;
  for (std::size_t e = 0; e < study.examples.size(); ++e) {
    for (std::size_t t = 0; t < study.tasks.size(); ++t) {
      const DiversityCell& top = outcome.cell(study, t, e, peak);
      for (const std::size_t p : {std::size_t{0}, last}) {
        const DiversityCell& side = outcome.cell(study, t, e, p);
        comparisons.push_back(
            mean_comparison("log error on new tasks" + at(study, top) +
                                " minus the same at τ = " + short_text(study.tau(p)),
                            known_differences(log_ratios(top.fresh, side.fresh), {})));
        comparisons.back().paired_by = "trial";
        evidence.push_back("error " + mean_text(top.fresh) + at(study, top) + " and " +
                           mean_text(side.fresh) + " at τ = " + short_text(study.tau(p)) + ".");
      }
    }
  }
  judge_claim(study, std::move(comparisons), std::move(evidence), claim);
  return claim;
}

Claim posterior_claim(const DiversityStudy& study, const DiversityOutcome& outcome) {
  Claim claim{"C11",
              "Fitted to as many tasks as dimensions or more, the layer is better on new tasks "
              "than the posterior mean over the tasks of its fit."};
  std::vector<Comparison> comparisons;
  std::vector<std::string> evidence;
  for (const DiversityCell& cell : outcome.cells) {
    if (study.kappa(cell.task) < 1) continue;
    const PosteriorCell& baseline = outcome.baseline(study, cell.task, cell.example);
    comparisons.push_back(mean_comparison(
        "error of the posterior mean minus the layer's, new tasks" + at(study, cell),
        known_differences(baseline.fresh, cell.fresh)));
    comparisons.back().paired_by = "trial";
    evidence.push_back("error " + mean_text(cell.fresh) + ", posterior mean " +
                       mean_text(baseline.fresh) + at(study, cell) + ".");
  }
  if (comparisons.empty()) {
    lack(claim, {"as many tasks as dimensions or more", {{"kappa", "0.5,1,2"}}});
  } else {
    judge_claim(study, std::move(comparisons), std::move(evidence), claim);
  }
  return claim;
}

}  // namespace

std::vector<Claim> diversity_claims(const DiversityStudy& study, const DiversityOutcome& outcome) {
  return {memorises_claim(study, outcome), learns_claim(study, outcome),
          posterior_claim(study, outcome), descent_claim(study, outcome)};
}

}  // namespace attnlab::in_context
