// rf-learning-curve: test error against the number of training samples.
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

Preset preset(std::string name, std::string label, std::string text, std::string target,
              std::string degree) {
  return {std::move(name),
          std::move(label),
          std::move(text),
          {{"target", std::move(target)},
           {"degree", std::move(degree)},
           {"samples", "16,32,64,128,256,512,1024,2048,4096"}}};
}

/// The values of a preset at d = N = 8 with positions.
std::vector<std::pair<std::string, std::string>> small_with_positions(
    std::vector<std::pair<std::string, std::string>> values) {
  values.insert(values.end(), {{"dim", "8"},
                               {"keys", "8"},
                               {"heads", "300"},
                               {"models", "rfa,rf-invariant,rfmlp"},
                               {"positions", "on"}});
  return values;
}

double samples_of(const ErrorRow& row) {
  return row.samples;
}

Figure curve_figure(const Sweep& sweep, const std::vector<ErrorRow>& rows) {
  Figure figure =
      error_figure("learning-curve", "How many samples until attention gets it?", sweep);
  figure.x.label = "training samples n";
  figure.x.logarithmic = true;
  span_ticks(figure.x, all_sizes(sweep));
  figure.draw_lines().references = {{false, kLearnedLevel, "half learned"}};
  figure.empty_text = "Press Run: each finished trial adds to the curves, small n first.";
  figure.draw_lines().series = measured_series(sweep, rows, samples_of);
  for (Series& series : affine_series(sweep, figure.x.min, figure.x.max)) {
    figure.draw_lines().series.push_back(std::move(series));
  }
  if (figure.x.max > figure.x.min && within_theory(sweep)) {
    figure.draw_lines().series.push_back(samples_guide(figure.x.min, figure.x.max));
  }
  return figure;
}

/// All curves in one figure where a person can tell them apart, and a panel for every target.
std::vector<Figure> curve_figures(const MeasuredSweep& measured) {
  constexpr std::size_t kTogether = 8;
  const Sweep& sweep = measured.sweep;
  std::vector<Figure> all;
  const std::size_t cases = sweep.cases.size();
  if (cases == 1 || cases * sweep.models.size() <= kTogether) {
    all.push_back(curve_figure(sweep, measured.errors));
  }
  for (std::size_t j = 0; cases > 1 && j < cases; ++j) {
    all.push_back(curve_figure(only_case(sweep, j), measured.errors));
    all.back().id = part_id(all.back().id, sweep.cases[j].name());
    all.back().title = "How many samples for " + sweep.cases[j].words() + "?";
  }
  return all;
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "First look",
       "The paper's comparison at its sizes as we know them (16 keys of dimension 16, 1000 heads), "
       "up to 1024 samples, and next to it a network that treats the keys as a set without "
       "attention (RF-invariant): about ten seconds of computing. The target averages ⟨β,xᵢ⟩² over "
       "the keys. Next: see which curves leave error 1 together, then choose a harder target "
       "below.",
       {}},
      preset(
          "mean-power-2", "Average of squares",
          "The target averages ⟨β,xᵢ⟩² over the keys: no order, no query, only a set. RFA learns "
          "half of it from about 480 samples, a network averaged over the keys from about 600. "
          "The network on all tokens, which must discover that the keys are exchangeable, is "
          "still at error 1 with 4096. Next: the fourth power.",
          "mean-power", "2"),
      preset(
          "mean-power-4", "Average of fourth powers",
          "A higher power needs more samples: for half of the target RFA takes about 850 where "
          "the square takes 480, and with 4096 samples its error is still above a quarter, where "
          "the square has 0.02. The network on all tokens stays at error 1. Next: a target that "
          "looks at the query token.",
          "mean-power", "4"),
      preset(
          "correlation-value-3", "Values weighted by the query",
          "Each key counts by the cube of its similarity ⟨x₀,xᵢ⟩ to the query. Now the biased "
          "heads (BRFA) lead, because their scores already contain ⟨x₀,xᵢ⟩: error 0.5 takes them "
          "about 230 samples, and RFA about 3300. Next: with 8192 "
          "samples, does RFA catch up?",
          "correlation-value", "3"),
      preset("paper-panels", "All of the paper's panels, as we know them",
             "Means of the second to fourth power, with and without the query, in one run: targets "
             "share their fits, so six cost little more than one. One or two minutes on two "
             "processors from the command line. Odd powers have a linear part, which every model "
             "learns first. Next: give it 8192 samples.",
             "mean-power,correlation-value", "2,3,4"),
      {"several-targets",
       "Which targets are easy?",
       "Three targets for one layer: an average of squares, values weighted by the squared "
       "similarity to the query, and the maximum, which is no average at all and outside the "
       "theory. With 1024 samples RFA has learned five sixths of the first and a third of the "
       "others. Next: look at each with the buttons above the figure, then add the network.",
       {{"target", "mean-power,correlation-value,maximum"}, {"models", "rfa,brfa"}}},
      {"other-heads",
       "Does it have to be ReLU?",
       "The same heads with softmax or the exponential in place of ReLU, with and without a mean. "
       "The lab's theory is for ReLU: see which of its results hold for the others. Next: a target "
       "that reads the query, correlation-value 3.",
       {{"models", "rfa,brfa,rfa-softmax,brfa-softmax,rfa-exp,brfa-exp"}}},
      {"invariance",
       "What if one token is special?",
       "A power of the query alone: no set, nothing to average. Every neuron of RF-invariant sees "
       "the query; RFMLP sees it among as many other tokens as there are keys; attention sees it "
       "only through its scores. Next: degree 3, which is mostly linear.",
       {{"target", "query-power"}}},
      {"place-read", "A target that reads a place",
       "Only the first key counts: ⟨β,x₁⟩. A model that sees a set cannot know which key is the "
       "first, and at best 1 - 1/N = 0.875 of the variance remains. Positions added to the keys "
       "let RFA and RF-invariant go below, to about 0.6 with 1024 samples. RFMLP has weights for "
       "every place and needs few samples. Next: positions off.",
       small_with_positions({{"target", "own"}, {"formula", "mean(N*(i==1)*dot(b1,x))"}})},
      {"place-unread", "Positions without a use",
       "The average of squares, which reads no place, with positions added to the keys. With 512 "
       "samples RFA has error 0.05 without positions and about 0.83 with them: the layer has lost "
       "the symmetry that made the target easy, and RF-invariant loses as much. RFMLP loses "
       "nothing, for it had nothing. Next: positions off.",
       small_with_positions({{"target", "mean-power"}})},
      {"other-lengths",
       "Tokens of unequal lengths",
       "Lengths are uniform on (0, √3), so long tokens decide. Values weighted by the squared "
       "similarity to the query: on the sphere RFA and RF-invariant have the same error at 2048 "
       "samples (0.61 both); here RFA has 0.70 and RF-invariant 0.81, so attention leads. The "
       "average of "
       "squares gets easier for both, RFMLP included. Next: other laws of tokens.",
       {{"tokens", "unequal"},
        {"samples", "32,64,128,256,512,1024,2048"},
        {"target", "mean-power,correlation-value"},
        {"dim", "8"},
        {"keys", "8"},
        {"heads", "300"},
        {"models", "rfa,rf-invariant,rfmlp"}}},
  };
}

}  // namespace

Experiment learning_curve_face() {
  Experiment experiment;
  experiment.id = "rf-learning-curve";
  experiment.title = "Learning curves";
  experiment.question = "How many samples until attention gets it?";
  experiment.summary =
      "One attention layer with many frozen random heads (RFA) and only its values trained, "
      "against a two-layer network with as many trained parameters (RFMLP). The target treats the "
      "keys as a set. So does attention, by construction; RFMLP has to learn it; and RF-invariant, "
      "a network averaged over the keys, does so without attention. The part of RFA's lead over "
      "RFMLP that RF-invariant shares is due to symmetry. BRFA gives the random query-key matrices "
      "a non-zero mean, which should help on targets built from ⟨x₀,xᵢ⟩.";
  experiment.schema = sweep_schema(SweptQuantity::kSamples);
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = presets();
  return experiment;
}

Findings learning_curve_findings(const MeasuredSweep& measured) {
  Findings found;
  found.result.tables = {
      test_error_table(measured.errors, measured.varied), samples_needed_table(measured.needed),
      local_slope_table(slope_rows(measured.curves)), theory_table(measured.sweep)};
  found.result.claims = learning_curve_claims(measured.sweep, measured.curves);
  found.figures = curve_figures(measured);
  return found;
}

}  // namespace attnlab::random_features
