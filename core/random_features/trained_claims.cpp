// Whether training the heads of rf-trained helps: our claims, judged by paired trials.
#include "core/random_features/trained_claims.h"

#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "core/random_features/judging.h"

namespace attnlab::random_features {
namespace {

/// One of our claims: a model's test error is below another's at the largest n.
Claim lower_error_claim(const TrainedStudy& study, const std::vector<ErrorCurve>& curves,
                        std::string id, std::string statement, std::string_view better,
                        std::string_view worse, Need need) {
  Claim claim{std::move(id), std::move(statement)};
  const ErrorCurve* a = find_curve(curves, better, study.item());
  const ErrorCurve* b = find_curve(curves, worse, study.item());
  if (a == nullptr || b == nullptr) {
    lack(claim, std::move(need));
    return claim;
  }
  claim.evidence = too_little_data(*a, *b);
  if (!claim.evidence.empty()) return claim;
  judge_lower_error(*a, *b, claim);
  claim.evidence += " Sizes: " + sizes_text(study.sweep) + ".";
  return claim;
}

/// The value of a list parameter with other names added, in the order of its choices.
std::string with_names(const ParameterSet& parameters, const char* name,
                       const std::vector<std::string>& added) {
  std::vector<std::string> all;
  const std::vector<std::string>& present = parameters.choices(name);
  for (const Choice& choice : parameters.schema().find(name)->choices) {
    if (std::ranges::count(present, choice.name) + std::ranges::count(added, choice.name) > 0) {
      all.push_back(choice.name);
    }
  }
  return join(all, ",");
}

}  // namespace

std::vector<Claim> trained_claims(const TrainedStudy& study, const std::vector<ErrorCurve>& curves,
                                  const ParameterSet& parameters) {
  const std::string words = study.item().words();
  return {
      lower_error_claim(study, curves, "A7",
                        "Ours, not the paper's: heads whose query-key matrices are trained too "
                        "predict " +
                            words + " better than frozen heads with as many trained parameters.",
                        "rfa-trained", "rfa-wide",
                        {"trained heads and RFA wide",
                         {{"train", with_names(parameters, "train", {"both"})},
                          {"compare", with_names(parameters, "compare", {"rfa-wide"})}}}),
      lower_error_claim(study, curves, "A8",
                        "Ours, not the paper's: training the query-key matrices of as many heads "
                        "predicts " +
                            words + " better than leaving them frozen.",
                        "rfa-trained", "rfa",
                        {"trained and frozen heads",
                         {{"train", with_names(parameters, "train", {"both", "values"})}}}),
      lower_error_claim(
          study, curves, "A9",
          "Ours, not the paper's: at most two steps of gradient descent on the query-key matrices "
          "predict " +
              words + " better than frozen heads with as many trained parameters.",
          "rfa-two-step", "rfa-wide",
          {"the two-step variant and RFA wide",
           {{"train", with_names(parameters, "train", {"two-step"})},
            {"compare", with_names(parameters, "compare", {"rfa-wide"})}}}),
  };
}

std::vector<std::string> training_notes(const TrainedStudy& study,
                                        const TrainedOutcomes& outcomes) {
  const std::size_t width = study.layer().dim + 1, heads = study.layer().units;
  std::vector<std::string> notes;
  if (!study.has(HeadTraining::kAdam)) return notes;
  notes.push_back("RFA trained has " + counted(heads * width * (width + 1), "trained number") +
                  ", RFA " + std::to_string(heads * width) + "; wide layers have " +
                  counted(wide_units(heads, study.layer().dim), "head") +
                  " or as many neurons as RFA trained has trained numbers.");
  std::size_t last = 0, all = 0;
  for (const TrainedOutcome& outcome : outcomes.back()) {
    if (outcome.points.empty()) continue;
    ++all;
    last += outcome.points.front().steps == static_cast<double>(study.steps) ? 1 : 0;
  }
  if (study.steps > 0 && 2 * last > all) {
    notes.push_back("At n = " + std::to_string(study.sizes().back()) +
                    " the held-out samples chose the last step in " + std::to_string(last) +
                    " of " + counted(all, "trial") + ": more steps may lower the error further.");
  }
  return notes;
}

}  // namespace attnlab::random_features
