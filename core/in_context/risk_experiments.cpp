// icl-risk and icl-scenarios: the same study, swept over the prompt length or over a setting.
#include "core/findings/findings.h"
#include "core/in_context/experiments.h"
#include "core/in_context/layer.h"
#include "core/in_context/parameters.h"
#include "core/in_context/risk_claims.h"
#include "core/in_context/risk_figures.h"
#include "core/in_context/risk_study.h"

namespace attnlab::in_context {
namespace {

constexpr double kMaxDim = 64, kMaxLength = 65536;

/// The claims and figures that a sweep of either kind makes from its cells.
using ClaimsOf = std::vector<Claim> (*)(const RiskStudy&, const std::vector<MeasuredCell>&);
using FiguresOf = std::vector<Figure> (*)(const RiskStudy&, const std::vector<MeasuredCell>&);

Findings find_risks(const RunSpec& spec, std::span<const JobOutput> outputs, ClaimsOf claims,
                    FiguresOf figures) {
  const RiskStudy study = read_risk_study(spec.parameters);
  Result result;
  const std::vector<MeasuredCell> cells = measured_cells(study, outputs, result.notes);
  result.tables = risk_tables(study, cells);
  result.claims = claims(study, cells);
  for (std::string& note : risk_notes(study, cells)) result.notes.push_back(std::move(note));
  return {std::move(result), figures(study, cells)};
}

std::vector<Table> risk_details(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const RiskStudy study = read_risk_study(spec.parameters);
  std::vector<std::string> notes;  // find has them
  return {covariance_table(measured_cells(study, outputs, notes))};
}

std::vector<Preset> risk_presets() {
  return {
      {"first-look",
       "First look",
       "How much better do two softmax heads predict than one, without noise, in five dimensions? "
       "Risk should fall like 1/D for both; look at the gap. Next: D × risk, then longer prompts.",
       {}},
      {"long-prompts",
       "Very long prompts",
       "Do the curves settle on the constants of the theory, 19.2 for one head and 6 for two? Up "
       "to 4000 examples; takes about a minute on a desktop. Next: another dimension.",
       {{"prompt-length", "40,100,400,1000,4000"}, {"heads", "1,2"}, {"prompts", "20000"}}},
      {"noisy-labels",
       "Noisy labels",
       "With label noise least squares is no longer perfect and Bayes is the best there is: how "
       "far from it do heads stay? Next: raise the noise.",
       {{"noise", "0.5"}}},
      {"one-dimension",
       "One dimension",
       "In one dimension a single head pays most: the theory says 4.2 times the risk of two. Next: "
       "dimension 20, where it says 2.85.",
       {{"dim", "1"}}},
      {"correlated",
       "Correlated features",
       "Three ways to build the query-key matrix when features are correlated. Ignoring the "
       "correlation leaves a risk that longer prompts do not reduce. Next: the scenario "
       "experiment, "
       "which sweeps the correlation.",
       {{"setting", "correlation"}, {"value", "0.8"}, {"heads", "1,2"}}},
  };
}

std::vector<Preset> scenario_presets() {
  return {
      {"noise",
       "Noisy labels",
       "As labels get noisier, does the advantage of several heads survive? Next: correlated "
       "features.",
       {}},
      {"correlation",
       "Correlated features",
       "Features become alike (ρ to 0.9). Heads that ignore the correlation (KQ = bI) are stuck; "
       "heads with the inverse covariance are not. Next: examples near the query.",
       {{"setting", "correlation"}, {"value", "0,0.25,0.5,0.75,0.9"}, {"heads", "1,2"}}},
      {"local",
       "Examples near the query",
       "All examples lie within a radius of the query: their mean label is already a good guess, "
       "and a second head adds nothing when the radius is small. Next: prior knowledge.",
       {{"setting", "local"}, {"value", "0.1,0.25,0.5,1,2"}, {"noise", "0.1"}, {"heads", "1,2"}}},
      {"prior",
       "Prior knowledge",
       "θ has a known mean θ₀. Heads that read only labels must relearn it from every prompt; "
       "heads whose values subtract θ₀ᵀx need not. Next: back to noise, with longer prompts.",
       {{"setting", "prior"}, {"value", "0,0.5,1,2"}, {"heads", "1,2"}}},
  };
}

}  // namespace

Experiment RiskExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-risk";
  experiment.family = "C";
  experiment.title = "One head or many";
  experiment.question = "How many heads does learning from examples need?";
  experiment.summary =
      "A prompt shows D examples (x, y) of a linear rule and asks for y at a new x. One softmax "
      "head averages the labels of similar examples; two heads of opposite sign can subtract what "
      "such an average gets wrong. Every head set shown is the best one found; next to it are "
      "linear attention, kernel smoothing, least squares and Bayes, the best possible predictor, "
      "which without noise knows the rule from d examples on.";
  experiment.schema = {
      {icl_dim_parameter(kMaxDim), icl_heads_parameter({1, 2, 4}),
       icl_prompt_length_parameter(kMaxLength, {5, 10, 20, 40, 100, 200, 400, 1000}),
       prompts_parameter(4000), setting_parameter("base"), value_parameter({0.5}),
       icl_noise_parameter(), icl_given_parameter()}};
  experiment.layer = scaled_heads_text(experiment.schema);
  experiment.presets = risk_presets();
  experiment.reductions = {{"prompts", 200}, {"prompt-length", 5, 4}, {"value", 0, 2}};
  experiment.plan = plan_risk_study;
  return experiment;
}

JobSteps RiskExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_risk_job(std::move(spec), index);
}

Findings RiskExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return find_risks(spec, outputs, prompt_length_claims, prompt_length_figures);
}

std::vector<Table> RiskExperiment::details(const RunSpec& spec,
                                           std::span<const JobOutput> outputs) {
  return risk_details(spec, outputs);
}

Experiment ScenariosExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-scenarios";
  experiment.family = "C";
  experiment.title = "Harder settings";
  experiment.question = "Do several heads still win when the task gets harder?";
  experiment.summary =
      "The same comparison while one difficulty grows: noisy labels, correlated features, examples "
      "that all lie near the query, or prior knowledge of the rule. Correlation compares three "
      "query-key matrices, prior knowledge three ways to use it.";
  experiment.schema = {{setting_parameter("noise"), value_parameter({0, 0.25, 0.5, 1, 2}),
                        icl_dim_parameter(kMaxDim), icl_heads_parameter({1, 2, 4}),
                        icl_prompt_length_parameter(kMaxLength, {100}), prompts_parameter(4000),
                        icl_noise_parameter(), icl_given_parameter()}};
  experiment.layer = scaled_heads_text(experiment.schema);
  experiment.presets = scenario_presets();
  experiment.reductions = {{"prompts", 200}, {"prompt-length", 5, 1}, {"value", 0, 3}};
  experiment.plan = plan_risk_study;
  return experiment;
}

JobSteps ScenariosExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_risk_job(std::move(spec), index);
}

Findings ScenariosExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return find_risks(spec, outputs, scenario_claims, scenario_figures);
}

std::vector<Table> ScenariosExperiment::details(const RunSpec& spec,
                                                std::span<const JobOutput> outputs) {
  return risk_details(spec, outputs);
}

}  // namespace attnlab::in_context
