// The verdicts of depth_claims.h.
#include "core/in_context/depth_claims.h"

#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/findings/verdict.h"

namespace attnlab::in_context {
namespace {

constexpr double kOfInterest = 0.01;  // of a risk
constexpr double kFewPrompts = 0.1;   // standard error over the mean, of thousands of prompts

std::string risk_text(const Estimate& risk) {
  return estimate_text(risk.mean, risk.std_error);
}

/// C7: trained layers against as many steps of descent.
Claim descent_claim(const DepthStudy& study, std::span<const DepthOutcome> outcomes) {
  Claim claim{"C7",
              "Several trained layers of linear attention predict better than as many steps of "
              "preconditioned gradient descent with the best step sizes.",
              ClaimStatus::kUndecided,
              {}};
  if (study.models.back().layers < 2) {
    lack(claim, {"several layers", {{"layers", "1,2,3"}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  for (std::size_t m = 0; m < outcomes.size(); ++m) {
    const std::size_t layers = study.models[m].layers;
    if (layers < 2 || !outcomes[m].finished()) continue;
    const Estimate& lead = outcomes[m].measure(DepthMeasure::kLead);
    Comparison comparison;
    comparison.what = "risk of " + std::to_string(layers) + " steps minus the risk of " +
                      std::to_string(layers) + " trained layers";
    comparison.estimate = lead.mean;
    comparison.std_error = lead.std_error;
    comparison.paired_by = "prompt";
    comparison.smallest_difference =
        kOfInterest * outcomes[m].measure(DepthMeasure::kPreconditioned).mean;
    comparison.interest = "1 % of the risk";
    comparisons.push_back(std::move(comparison));
    claim.evidence += (claim.evidence.empty() ? "" : "; ") + counted(layers, "layer") + " " +
                      risk_text(outcomes[m].measure(DepthMeasure::kTrained)) + ", as many steps " +
                      risk_text(outcomes[m].measure(DepthMeasure::kPreconditioned));
  }
  if (comparisons.empty()) {
    claim.evidence = "Several layers are not trained to the end yet.";
    return claim;
  }
  apply(judge(std::move(comparisons)), claim);
  claim.evidence += ". One training seed each. Sizes: " + depth_sizes_text(study) + ".";
  return claim;
}

/// C12: every layer more lowers the risk.
Claim layers_claim(const DepthStudy& study, std::span<const DepthOutcome> outcomes) {
  Claim claim{"C12",
              "More trained layers of linear attention predict better.",
              ClaimStatus::kUndecided,
              {}};
  if (study.models.size() < 2) {
    lack(claim, {"two numbers of layers", {{"layers", "1,2,3"}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  for (std::size_t m = 0; m + 1 < outcomes.size(); ++m) {
    if (!outcomes[m].finished() || !outcomes[m + 1].finished()) continue;
    const Estimate &few = outcomes[m].measure(DepthMeasure::kTrained),
                   &more = outcomes[m + 1].measure(DepthMeasure::kTrained);
    Comparison comparison;
    comparison.what = "risk of " + counted(study.models[m].layers, "layer") +
                      " minus the risk of " + counted(study.models[m + 1].layers, "layer");
    comparison.estimate = few.mean - more.mean;
    // The prompts are the same and the risks rise and fall together: at most this.
    comparison.std_error = std::hypot(few.std_error, more.std_error);
    comparison.smallest_difference = kOfInterest * few.mean;
    comparison.interest = "1 % of the risk";
    comparisons.push_back(std::move(comparison));
    claim.evidence += (claim.evidence.empty() ? "" : "; ") +
                      counted(study.models[m].layers, "layer") + " " + risk_text(few) + ", " +
                      counted(study.models[m + 1].layers, "layer") + " " + risk_text(more);
  }
  if (comparisons.empty()) {
    claim.evidence = "Two numbers of layers are not trained to the end yet.";
    return claim;
  }
  apply(judge(std::move(comparisons)), claim);
  claim.evidence += ". One training seed each. Sizes: " + depth_sizes_text(study) + ".";
  return claim;
}

}  // namespace

std::vector<Claim> depth_claims(const DepthStudy& study, std::span<const DepthOutcome> outcomes) {
  return {descent_claim(study, outcomes), layers_claim(study, outcomes)};
}

std::vector<std::string> depth_notes(const DepthStudy& study,
                                     std::span<const DepthOutcome> outcomes) {
  std::vector<std::string> notes;
  bool finished = false;
  for (std::size_t m = 0; m < outcomes.size(); ++m) {
    if (!outcomes[m].finished()) continue;
    finished = true;
    const Estimate& risk = outcomes[m].measure(DepthMeasure::kTrained);
    if (risk.std_error < kFewPrompts * risk.mean) continue;
    notes.push_back(
        "The risk of " + counted(study.models[m].layers, "layer") +
        " is the risk of a few prompts: layers are polynomials of high degree in the "
        "second moments, and explode where prompts are unlike all training prompts. Longer "
        "prompts, or more steps of more prompts, make them rarer.");
  }
  const DepthTask& task = study.models.front().task;
  if (finished && task.noise == 0 && task.prompt_length >= task.dim()) {
    notes.push_back("Labels without noise: ridge regression finds w exactly, and its risk is 0.");
  }
  return notes;
}

std::string depth_sizes_text(const DepthStudy& study) {
  const DepthSetup& setup = study.models.front();
  return "d = " + std::to_string(setup.task.dim()) +
         ", D = " + std::to_string(setup.task.prompt_length) + (study.skewed ? ", skewed x" : "") +
         (setup.task.noise > 0 ? ", σ² = " + short_text(setup.task.noise) : std::string()) + ", " +
         counted(setup.steps, "step") + " of " + counted(setup.batch, "prompt");
}

}  // namespace attnlab::in_context
