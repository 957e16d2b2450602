// rf-learning-curve: its parameters and presets, described once for every front end.
#include "core/random_features/learning_curve.h"

namespace attnlab {
namespace {

Parameter integer(std::string name, std::string label, std::string symbol, std::string help,
                  double min, double max, std::int64_t default_value,
                  std::vector<double> suggested) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.symbol = std::move(symbol);
  parameter.help = std::move(help);
  parameter.kind = ParameterKind::kInteger;
  parameter.min = min;
  parameter.max = max;
  parameter.default_value = default_value;
  parameter.suggested = std::move(suggested);
  parameter.logarithmic = true;
  return parameter;
}

Parameter real(std::string name, std::string label, std::string symbol, std::string help,
               double max, double default_value, std::vector<double> suggested) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.symbol = std::move(symbol);
  parameter.help = std::move(help);
  parameter.kind = ParameterKind::kReal;
  parameter.max = max;
  parameter.default_value = default_value;
  parameter.suggested = std::move(suggested);
  return parameter;
}

Parameter target_parameter() {
  Parameter parameter;
  parameter.name = "target";
  parameter.label = "Target to learn";
  parameter.symbol = "f";
  parameter.help = "the function the layer is asked to learn; several share one fit";
  parameter.kind = ParameterKind::kChoiceList;
  for (const Target& target : targets()) {
    parameter.choices.push_back(
        {std::string(target.id), std::string(target.label), std::string(target.formula)});
  }
  parameter.max_items = parameter.choices.size();
  parameter.default_value = std::vector<std::string>{"mean-power"};
  parameter.primary = true;
  return parameter;
}

Parameter degree_parameter() {
  Parameter parameter = integer("degree", "Degree", "p",
                                "the power p in the target; several share "
                                "one fit",
                                1, 6, 2, {1, 2, 3, 4, 5, 6});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 6;
  parameter.default_value = std::vector<std::int64_t>{2};
  parameter.logarithmic = false;
  parameter.primary = true;
  return parameter;
}

Parameter models_parameter() {
  Parameter parameter;
  parameter.name = "models";
  parameter.label = "Models";
  parameter.help = "the layers to compare, all with M·(d+1) trained parameters";
  parameter.kind = ParameterKind::kChoiceList;
  for (const RandomFeatureModel& model : random_feature_models()) {
    parameter.choices.push_back(
        {std::string(model.id), std::string(model.label), std::string(model.help)});
  }
  parameter.max_items = parameter.choices.size();
  parameter.default_value = std::vector<std::string>{"rfa", "brfa", "rfmlp"};
  parameter.primary = true;
  return parameter;
}

Parameter samples_parameter() {
  Parameter parameter =
      integer("samples", "Training samples", "n", "training-set sizes, the horizontal axis; nested",
              1, 65536, 16, {16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 32;
  parameter.default_value = std::vector<std::int64_t>{16, 32, 64, 128, 256, 512, 1024};
  parameter.primary = true;
  return parameter;
}

Parameter ridge_parameter() {
  Parameter parameter;
  parameter.name = "ridge";
  parameter.label = "Ridge strength";
  parameter.symbol = "λ";
  parameter.help =
      "relative to the mean kernel diagonal: best on the test set, best on a held-out "
      "20 %, or this number";
  parameter.kind = ParameterKind::kChoiceOrReal;
  parameter.choices = {
      {"oracle", "oracle", "the grid value with the least test error, as in the paper"},
      {"validation", "validation", "the grid value best on a held-out 20 %"}};
  parameter.min = 1e-12;
  parameter.max = 1000;
  parameter.default_value = std::string("oracle");
  parameter.logarithmic = true;
  return parameter;
}

Preset preset(std::string name, std::string label, std::string text, std::string target,
              std::string degree) {
  return {std::move(name),
          std::move(label),
          std::move(text),
          {{"target", std::move(target)},
           {"degree", std::move(degree)},
           {"samples", "16,32,64,128,256,512,1024,2048,4096"}}};
}

}  // namespace

Schema learning_curve_schema() {
  Parameter heads = integer("heads", "Heads", "M",
                            "frozen random heads; the network gets M·(d+1) "
                            "neurons",
                            1, 100000, 1000, {10, 100, 300, 1000, 3000});
  heads.primary = true;
  Parameter trials = integer("trials", "Trials", "",
                             "independent repetitions with fresh data, heads "
                             "and target; they make the error bars",
                             1, 1000, 5, {2, 5, 10, 20});
  trials.primary = true;
  return {{
      target_parameter(),
      degree_parameter(),
      models_parameter(),
      integer("dim", "Token dimension", "d",
              "length of a token; tokens are uniform on the unit "
              "sphere",
              1, 256, 16, {4, 8, 16, 32}),
      integer("keys", "Keys", "N", "key tokens beside the query token", 1, 1024, 16,
              {1, 4, 16, 64}),
      heads,
      real("bias-scale", "Mean of W", "c",
           "mean of BRFA's query-key matrices, times the identity "
           "(the theory has 1, the paper's experiments 4)",
           64, 4, {0, 1, 2, 4, 8}),
      samples_parameter(),
      integer("test-samples", "Test samples", "", "fresh samples that measure the error", 2, 65536,
              2048, {512, 2048, 8192}),
      trials,
      ridge_parameter(),
      real("noise", "Label noise", "σ",
           "standard deviation of label noise, in units of the target's "
           "own",
           10, 0, {0, 0.1, 0.3, 1}),
  }};
}

std::vector<Preset> learning_curve_presets() {
  return {
      {"first-look",
       "First look",
       "The paper's comparison at its own sizes (16 keys of dimension 16, 1000 heads), up to 1024 "
       "samples: about ten seconds of computing. The target averages ⟨β,xᵢ⟩² over the keys. Next: "
       "see which curve leaves error 1 first, then choose a harder target below.",
       {}},
      preset("mean-power-2", "Average of squares",
             "The target averages ⟨β,xᵢ⟩² over the keys: no order, no query, only a set. Attention "
             "gets it from a few hundred samples; the network, which must discover that the keys "
             "are exchangeable, stays near guessing. Next: the fourth power.",
             "mean-power", "2"),
      preset("mean-power-4", "Average of fourth powers",
             "A higher power needs more samples: watch where the curves leave error 1, compared "
             "with the square. Next: a target that looks at the query token.",
             "mean-power", "4"),
      preset("correlation-value-3", "Values weighted by the query",
             "Each key counts by the cube of its similarity ⟨x₀,xᵢ⟩ to the query. Now the biased "
             "heads (BRFA) lead: their scores already contain ⟨x₀,xᵢ⟩. Next: raise the number of "
             "samples and see whether RFA catches up.",
             "correlation-value", "3"),
  };
}

}  // namespace attnlab
