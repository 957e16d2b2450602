// icl-depth: its tables and figures.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/in_context/depth_claims.h"
#include "core/in_context/experiments.h"

namespace attnlab::in_context {
namespace {

/// A predictor of the main table.
struct Predictor {
  const char* name;
  const char* label;
  const char* note;
  DepthMeasure measure;
  int colour;
};
constexpr Predictor kPredictors[] = {
    {"trained", "trained layers", "linear attention trained by Adam, on fresh prompts",
     DepthMeasure::kTrained, kColourRfa},
    {"descent", "gradient descent",
     "as many steps of gradient descent as layers, with the best step sizes for these prompts",
     DepthMeasure::kDescent, kColourBrfa},
    {"preconditioned", "preconditioned descent",
     "as many steps of descent preconditioned by the inverse of Σ, with the best step sizes",
     DepthMeasure::kPreconditioned, kColourRfmlp},
    {"ridge", "ridge regression", "with the best ridge parameter: Bayes", DepthMeasure::kRidge,
     kColourRidge}};

struct DepthRow {
  std::string predictor;
  std::optional<std::size_t> layers;  ///< empty for ridge
  std::size_t dim = 0, prompt_length = 0;
  double risk = 0, std_error = 0;
  std::size_t prompts = 0;
};

struct DepthCurveRow {
  std::size_t layers = 0;
  double step = 0, risk = 0, std_error = 0;
};

/// How near a block is to a multiple of Σ⁻¹ ("step") or of I ("change").
struct BlockRow {
  std::size_t layers = 0, layer = 0;  ///< layer from 1
  std::string block;
  double multiple = 0, distance = 0;
};

struct BlockEntry {
  std::size_t layers = 0, layer = 0;
  std::string block;
  std::size_t row = 0, column = 0;
  double value = 0;
};

std::vector<DepthRow> risk_rows(const DepthStudy& study, std::span<const DepthOutcome> outcomes) {
  std::vector<DepthRow> rows;
  bool ridge = false;
  for (const Predictor& predictor : kPredictors) {
    for (std::size_t m = 0; m < outcomes.size(); ++m) {
      const DepthSetup& setup = study.models[m];
      const bool once = predictor.measure == DepthMeasure::kRidge;
      if (!outcomes[m].finished() || (once && ridge)) continue;
      ridge = ridge || once;
      const Estimate& risk = outcomes[m].measure(predictor.measure);
      rows.push_back({predictor.name, once ? std::nullopt : std::optional(setup.layers),
                      setup.task.dim(), setup.task.prompt_length, risk.mean, risk.std_error,
                      static_cast<std::size_t>(risk.count)});
    }
  }
  return rows;
}

std::vector<DepthCurveRow> curve_rows(const DepthStudy& study,
                                      std::span<const DepthOutcome> outcomes) {
  std::vector<DepthCurveRow> rows;
  for (std::size_t m = 0; m < outcomes.size(); ++m) {
    for (const CurvePoint& point : outcomes[m].curve) {
      rows.push_back({study.models[m].layers, point.step, point.mean, point.std_error});
    }
  }
  return rows;
}

/// The diagonal matrix whose multiple a block is in preconditioned descent.
std::vector<double> wanted_diagonal(const DepthTask& task, bool step) {
  std::vector<double> diagonal(task.dim(), 1.0);
  for (std::size_t i = 0; step && i < diagonal.size(); ++i) diagonal[i] = 1 / task.variances[i];
  return diagonal;
}

/// Calls `with` for each block that is known: model, layer, whether it is a step, matrix.
template <class With>
void each_block(const DepthStudy& study, std::span<const DepthOutcome> outcomes, With with) {
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    for (std::size_t l = 0; l < outcomes[m].steps.size(); ++l) {
      with(study.models[m], l, true, outcomes[m].steps[l]);
      if (l < outcomes[m].changes.size()) {
        with(study.models[m], l, false, outcomes[m].changes[l]);
      }
    }
  }
}

std::string block_name(bool step) {
  return step ? "step" : "change";
}

std::vector<BlockRow> block_rows(const DepthStudy& study, std::span<const DepthOutcome> outcomes) {
  std::vector<BlockRow> rows;
  each_block(study, outcomes,
             [&](const DepthSetup& setup, std::size_t layer, bool step,
                 const std::vector<double>& matrix) {
               const std::vector<double> wanted = wanted_diagonal(setup.task, step);
               double along = 0, square = 0;
               for (std::size_t i = 0; i < wanted.size(); ++i) {
                 along += matrix[i * (wanted.size() + 1)] * wanted[i];
                 square += wanted[i] * wanted[i];
               }
               rows.push_back({setup.layers, layer + 1, block_name(step), along / square,
                               distance_from_multiple(matrix, wanted)});
             });
  return rows;
}

std::vector<BlockEntry> block_entries(const DepthStudy& study,
                                      std::span<const DepthOutcome> outcomes) {
  std::vector<BlockEntry> rows;
  each_block(study, outcomes,
             [&](const DepthSetup& setup, std::size_t layer, bool step,
                 const std::vector<double>& matrix) {
               const std::size_t d = setup.task.dim();
               for (std::size_t e = 0; e < matrix.size(); ++e) {
                 rows.push_back(
                     {setup.layers, layer + 1, block_name(step), e / d + 1, e % d + 1, matrix[e]});
               }
             });
  return rows;
}

Table risk_table(std::span<const DepthRow> rows) {
  const RowTable<DepthRow> table{
      "risk",
      "Risks on the same fresh prompts; w, query and noise are integrated out. The risk of the "
      "prediction 0 is 1. Descent has the best step sizes for as many steps as layers",
      {column<&DepthRow::predictor>("predictor", "predictor"),
       column<&DepthRow::layers>("layers", "layers or steps"),
       column<&DepthRow::dim>("dim", "dimension d"),
       column<&DepthRow::prompt_length>("prompt_length", "examples D"),
       column<&DepthRow::risk>("risk", "risk", "std_error"),
       column<&DepthRow::std_error>("std_error", "standard error"),
       column<&DepthRow::prompts>("prompts", "prompts")}};
  return table.of(rows);
}

Table curve_table(std::span<const DepthCurveRow> rows) {
  const RowTable<DepthCurveRow> table{
      "training",
      "Mean risk of windows of training steps, with one standard error over steps",
      {column<&DepthCurveRow::layers>("layers", "layers"),
       column<&DepthCurveRow::step>("step", "step"),
       column<&DepthCurveRow::risk>("risk", "risk", "std_error"),
       column<&DepthCurveRow::std_error>("std_error", "standard error")}};
  return table.of(rows);
}

Table block_table(std::span<const BlockRow> rows) {
  const RowTable<BlockRow> table{
      "blocks",
      "Blocks of the trained layers. step: −r A, the nearest multiple of Σ⁻¹; change: B / r, the "
      "nearest multiple of I. distance: from that multiple, over the norm of the block",
      {column<&BlockRow::layers>("layers", "layers"), column<&BlockRow::layer>("layer", "layer"),
       column<&BlockRow::block>("block", "block"),
       column<&BlockRow::multiple>("multiple", "nearest multiple"),
       column<&BlockRow::distance>("distance", "distance")}};
  return table.of(rows);
}

Table entry_table(std::span<const BlockEntry> rows) {
  const RowTable<BlockEntry> table{
      "matrices",
      "Entries of the blocks of the trained layers: step −r A, change B / r",
      {column<&BlockEntry::layers>("layers", "layers"),
       column<&BlockEntry::layer>("layer", "layer"), column<&BlockEntry::block>("block", "block"),
       column<&BlockEntry::row>("row", "row"), column<&BlockEntry::column>("column", "column"),
       column<&BlockEntry::value>("value", "value")}};
  return table.of(rows);
}

Figure depth_figure(const DepthStudy& study, std::span<const DepthRow> rows) {
  Figure figure;
  figure.id = "depth";
  figure.title = "What do more layers do?";
  figure.subtitle =
      depth_sizes_text(study) + ".  Bars: ±1 standard error.  The prediction 0 has the risk 1.";
  figure.x.label = "layers, or steps of descent";
  figure.x.min = 0.8;
  figure.x.max = std::max(2.0, static_cast<double>(study.models.back().layers)) + 0.2;
  for (const DepthSetup& setup : study.models) {
    figure.x.ticks.push_back(static_cast<double>(setup.layers));
  }
  figure.y.label = "risk E(ŷ − wᵀx)²";
  figure.y.logarithmic = true;
  figure.table = "risk";
  figure.empty_text = "Press Run: a point for each number of layers.";
  figure.draw_lines();
  for (const Predictor& predictor : kPredictors) {
    // With equal variances the two descents are the same.
    if (predictor.measure == DepthMeasure::kPreconditioned && !study.skewed) continue;
    Series series;
    series.id = predictor.name;
    series.label = predictor.label;
    series.note = predictor.note;
    series.colour = predictor.colour;
    for (const DepthRow& row : rows) {
      if (row.predictor != predictor.name) continue;
      const int prompts = static_cast<int>(row.prompts);
      if (row.layers) {
        series.points.push_back(
            {static_cast<double>(*row.layers), row.risk, row.std_error, prompts});
      } else if (row.risk > 1e-7) {  // exact where there is no noise
        series.points.push_back({figure.x.min, row.risk, row.std_error, prompts});
        series.points.push_back({figure.x.max, row.risk, row.std_error, prompts});
      }
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

constexpr int kLayerColours[] = {kColourBrfa, kColourRfa, kColourExponential, kColourRfmlp};

Figure training_figure(const DepthStudy& study, std::span<const DepthCurveRow> curves,
                       std::span<const DepthRow> risks) {
  Figure figure;
  figure.id = "training";
  figure.title = "How do the layers learn?";
  figure.subtitle = depth_sizes_text(study) +
                    ".  Bars: ±1 standard error.  Dotted: as many steps of preconditioned descent.";
  figure.x.label = "training step";
  figure.x.logarithmic = true;
  figure.x.min = 4;
  figure.x.max = std::max(8.0, static_cast<double>(study.models.front().steps));
  figure.y.label = "risk E(ŷ − wᵀx)²";
  figure.y.logarithmic = true;
  figure.table = "training";
  figure.empty_text = "Press Run: the curves grow while the layers learn.";
  figure.draw_lines();
  for (const DepthSetup& setup : study.models) {
    Series series;
    series.id = "layers/" + std::to_string(setup.layers);
    series.label = counted(setup.layers, "layer");
    series.note = "mean risk of the prompts of a window of steps, every prompt new";
    series.colour = kLayerColours[(setup.layers - 1) % std::size(kLayerColours)];
    for (const DepthCurveRow& row : curves) {
      if (row.layers != setup.layers) continue;
      series.points.push_back({row.step, row.risk, row.std_error, 1});
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  for (const DepthRow& row : risks) {
    if (row.predictor != "preconditioned") continue;
    Series level;
    level.id = "descent/" + std::to_string(*row.layers);
    level.label = counted(*row.layers, "step") + " of descent";
    level.note = kPredictors[2].note;
    level.role = SeriesRole::kExact;
    level.colour = kLayerColours[(*row.layers - 1) % std::size(kLayerColours)];
    for (const double x : {figure.x.min, figure.x.max}) level.points.push_back({x, row.risk, 0, 0});
    figure.draw_lines().series.push_back(std::move(level));
  }
  return figure;
}

Figure block_figure(const DepthStudy& study, std::span<const BlockRow> rows) {
  const std::size_t layers = study.models.back().layers;
  const std::string inverse = study.skewed ? "Σ⁻¹" : "I";
  Figure figure;
  figure.id = "blocks";
  figure.title = "Is each layer a step of descent?";
  figure.subtitle = depth_sizes_text(study) + ", " + counted(layers, "layer") +
                    ".  Distance of each block from a multiple of " + inverse +
                    ", over its norm: 0 for such a step.";
  figure.x.label = "layer";
  figure.x.min = 0.8;
  figure.x.max = std::max(2.0, static_cast<double>(layers)) + 0.2;
  for (std::size_t l = 1; l <= layers; ++l) figure.x.ticks.push_back(static_cast<double>(l));
  figure.y.label = "distance from a multiple";
  figure.y.logarithmic = true;
  figure.y.min = 0.001;
  figure.y.max = 1;
  figure.table = "blocks";
  figure.empty_text = "Press Run: the blocks form while the layers learn.";
  figure.draw_lines();
  for (const bool step : {true, false}) {
    Series series;
    series.id = block_name(step);
    series.label = step ? "score block A, from " + inverse : "block B, from I";
    series.note = step ? "the scores of the layer: with a multiple, a step of descent"
                       : "how the layer changes the examples for the next one";
    series.colour = step ? kColourRfa : kColourBrfa;
    for (const BlockRow& row : rows) {
      if (row.layers != layers || row.block != block_name(step)) continue;
      if (!(row.distance > 0)) continue;  // d = 1
      series.points.push_back({static_cast<double>(row.layer), row.distance, 0, 1});
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

Figure matrix_figure(const DepthStudy& study, std::span<const DepthOutcome> outcomes) {
  const DepthSetup& setup = study.models.back();
  const DepthOutcome& outcome = outcomes.back();
  const std::size_t d = setup.task.dim();
  Figure figure;
  figure.id = "matrices";
  figure.title = "What does each layer compute?";
  figure.subtitle = depth_sizes_text(study) + ", " + counted(setup.layers, "layer") +
                    ".  Each block over its nearest multiple" +
                    (study.skewed ? ", for whitened x" : "") + ": the identity is descent.";
  figure.table = "matrices";
  figure.empty_text = "Press Run: the matrices form while the layers learn.";
  for (const bool step : {true, false}) {
    for (std::size_t l = 0; l + (step ? 0 : 1) < setup.layers; ++l) {
      HeatPanel panel;
      panel.id = block_name(step) + "-" + std::to_string(l + 1);
      panel.title = (step ? "A of layer " : "B of layer ") + std::to_string(l + 1);
      panel.rows = panel.columns = d;
      panel.values.assign(d * d, std::numeric_limits<double>::quiet_NaN());
      panel.scale = ColourScale::kDiverging;
      panel.min = -1.5;
      panel.max = 1.5;
      panel.value_label = "share";
      panel.x.label = "column";
      panel.y.label = "row";
      if (outcome.known) {
        const std::vector<double>& matrix = step ? outcome.steps[l] : outcome.changes[l];
        double mean = 0;
        for (std::size_t e = 0; e < d * d; ++e) {
          const double white =
              step ? std::sqrt(setup.task.variances[e / d] * setup.task.variances[e % d])
                   : std::sqrt(setup.task.variances[e % d] / setup.task.variances[e / d]);
          panel.values[e] = matrix[e] * white;
          if (e / d == e % d) mean += panel.values[e] / static_cast<double>(d);
        }
        for (double& value : panel.values) value /= mean;
      }
      figure.draw_maps().panels.push_back(std::move(panel));
    }
  }
  return figure;
}

}  // namespace

Findings DepthExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const DepthStudy study = read_depth_study(spec);
  Findings findings;
  Result& result = findings.result;
  const std::vector<DepthOutcome> outcomes = read_depth_outcomes(study, outputs, result.notes);
  const std::vector<DepthRow> risks = risk_rows(study, outcomes);
  const std::vector<DepthCurveRow> curves = curve_rows(study, outcomes);
  const std::vector<BlockRow> blocks = block_rows(study, outcomes);
  result.tables = {risk_table(risks), curve_table(curves), block_table(blocks),
                   entry_table(block_entries(study, outcomes))};
  result.claims = depth_claims(study, outcomes);
  for (std::string& note : depth_notes(study, outcomes)) result.notes.push_back(std::move(note));
  findings.figures = {depth_figure(study, risks), training_figure(study, curves, risks),
                      matrix_figure(study, outcomes), block_figure(study, blocks)};
  return findings;
}

}  // namespace attnlab::in_context
