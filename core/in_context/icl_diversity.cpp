// icl-diversity: one layer of linear attention fitted to finitely many tasks.
#include "core/base/text.h"
#include "core/in_context/diversity_study.h"
#include "core/in_context/experiments.h"

namespace attnlab::in_context {
namespace {

Layer linear_attention_text(const Schema& schema) {
  Layer layer{
      .formulas =
          {"f = x_q^\\top \\Gamma\\, p",
           "p = (\\frac{d}{l} \\sum_{i=1}^{l}\\, y_i x_i,\\, \\frac{1}{l} \\sum_{i=1}^{l}\\, "
           "y_i^2)"},
      .symbols = {{"d", "length of an example x and of a task w", "dim"},
                  {"l", "examples in the prompt: α d"},
                  {"x_i", "example i"},
                  {"y_i", "its label: w·x plus noise"},
                  {"x_q", "the query: the new x whose label is wanted"},
                  {"p", "what linear attention pools from the examples"},
                  {"\\Gamma", "weights of the layer, d × (d+1): fitted by ridge regression"}},
      .blocks =
          attention_blocks({.name = "prompt",
                            .term = "(x_1, y_1) \\dots (x_l, y_l),\\, x_q",
                            .shape = "(l+1) \\times (d+1)"},
                           {.term = "x_q", .shape = "d"}, {.term = "x_i", .shape = "l \\times d"},
                           {.term = "y_i", .shape = "l"},
                           {.term = "x_q^\\top \\Gamma\\, (d x_i, y_i)", .shape = "l"},
                           {.term = "\\text{score}/l", .shape = "l"})};
  add_below(
      layer.blocks,
      {.name = "prediction", .term = "\\sum_i\\, \\text{weight}\\cdot\\text{value}", .shape = "1"});
  tie_to_parameters(layer, schema);
  return layer;
}

std::vector<Preset> diversity_presets() {
  return {
      {"first-look",
       "Memorise or learn",
       "The layer is fitted to prompts from k tasks. How much worse is it on a new task? The gap "
       "should close once there are more tasks than dimensions, the sooner the more examples a "
       "prompt has. Next: the transition against the posterior mean.",
       {}},
      {"transition",
       "Against the posterior mean",
       "The posterior mean over the k tasks knows them by heart: no predictor is better on trained "
       "tasks, and on new ones it fails. With few tasks the layer fails there, too; with more its "
       "two errors meet, between the posterior mean's. Next: double descent.",
       {{"kappa", "0.1,0.2,0.4,0.7,1,1.5,2.5,5,10"}, {"alpha", "2"}, {"noise", "0.25"}}},
      {"double-descent",
       "Double descent",
       "Without a ridge parameter the error rises to a peak where there are as many prompts as "
       "weights, and falls again beyond. Next: raise the ridge parameter to 0.1 and see the peak "
       "go.",
       {{"kappa", "0.5,4"}, {"alpha", "1"}, {"tau", "0.2,0.4,0.6,0.8,0.9,1,1.1,1.25,1.5,2,3,5"}}},
      {"examples",
       "More examples",
       "The error on new tasks as prompts get longer. Fitted to few tasks the layer does not use "
       "them and may even get worse; fitted to many it nears the line of linear attention. Next: "
       "d = 32.",
       {{"kappa", "0.5,1,4"}, {"alpha", "0.5,1,2,5,10,20,50"}, {"trials", "4"}}},
      {"large",
       "Nearer the limit",
       "The first look at d = 32, where the theory for d → ∞ fits better: 1056 weights, fitted to "
       "2048 prompts. Next: d = 10, where it fits worse.",
       {{"dim", "32"},
        {"kappa", "0.125,0.25,0.5,1,2,4,8"},
        {"tau", "2"},
        {"trials", "3"},
        {"test-prompts", "50"}}},
  };
}

std::vector<std::string> diversity_notes(const DiversityStudy& study,
                                         const DiversityOutcome& outcome) {
  std::vector<std::string> notes;
  std::size_t failed = 0;
  for (const DiversityCell& cell : outcome.cells) failed += cell.failed;
  if (failed > 0) {
    notes.push_back(counted(failed, "fit") +
                    " without a result: the system could not be factorised, because too few "
                    "prompts are different. A ridge parameter above 0 helps.");
  }
  if (study.tasks.back() > study.prompts.front()) {
    notes.push_back("There are fewer prompts than tasks: " + std::to_string(study.prompts.front()) +
                    " prompts for " + std::to_string(study.tasks.back()) +
                    " tasks. Tasks without a prompt count as trained ones.");
  }
  notes.push_back(
      "Theory is the limit d → ∞; at this d corrections of order 1/d remain, largest for few tasks "
      "and near the peak.");
  notes.push_back(
      "Errors contain the noise ρ of the query's label. Those of the layer are exact for its "
      "weights, those of the posterior mean are measured on test prompts.");
  return notes;
}

}  // namespace

Experiment DiversityExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-diversity";
  experiment.family = "C";
  experiment.title = "Memorise or learn";
  experiment.question = "How many tasks until it learns from examples?";
  experiment.summary =
      "One layer of linear attention is fitted to prompts that come from k linear tasks. With few "
      "tasks it memorises them and fails on a new one; with many it learns from the examples of "
      "the prompt. Compared with theory for large dimensions (arXiv 2405.11751), with the "
      "posterior mean over the k tasks, and with ridge regression in the prompt.";
  experiment.schema = diversity_schema();
  experiment.layer = linear_attention_text(experiment.schema);
  experiment.presets = diversity_presets();
  experiment.reductions = {
      {"trials", 1}, {"test-prompts", 20}, {"alpha", 0, 1}, {"tau", 0, 3}, {"kappa", 0, 3}};
  experiment.plan = plan_diversity;
  return experiment;
}

JobSteps DiversityExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_diversity_job(std::move(spec), index);
}

Findings DiversityExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Expected<DiversityStudy> study = read_diversity_study(spec.parameters);
  if (!study) return {Result{}, {Figure{}}};
  Findings findings;
  std::vector<std::string> notes;
  const DiversityOutcome outcome = read_diversity(*study, outputs, notes);
  for (std::string& note : diversity_notes(*study, outcome)) notes.push_back(std::move(note));
  findings.result.tables = diversity_tables(*study, outcome);
  findings.result.claims = diversity_claims(*study, outcome);
  findings.result.notes = std::move(notes);
  findings.figures = diversity_figures(*study, outcome);
  return findings;
}

std::vector<Table> DiversityExperiment::details(const RunSpec& spec,
                                                std::span<const JobOutput> outputs) {
  const Expected<DiversityStudy> study = read_diversity_study(spec.parameters);
  if (!study) return {};
  std::vector<std::string> notes;  // find has them
  return diversity_trials(*study, read_diversity(*study, outputs, notes));
}

}  // namespace attnlab::in_context
