// rf-map: over targets and training samples, the share of attention's lead that symmetry explains.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/target_map.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// "mean-power 2", or the formula where it is short.
std::string row_name(const TargetCase& item) {
  constexpr std::size_t kLongest = 30;
  return item.own.empty() || item.own.size() > kLongest ? item.name() : item.own;
}

std::string between_text(double low, double high) {
  return short_text(low) + " to " + short_text(high);
}

/// A panel over the targets, without values.
HeatPanel target_panel(const Sweep& sweep, std::string id, std::string title,
                       std::vector<std::string> columns) {
  HeatPanel panel;
  panel.id = std::move(id);
  panel.title = std::move(title);
  panel.y.label = "target, degree or frequency";
  for (const TargetCase& item : sweep.cases) panel.y_labels.push_back(row_name(item));
  panel.x_labels = std::move(columns);
  panel.rows = sweep.cases.size();
  panel.columns = panel.x_labels.size();
  panel.values.assign(panel.rows * panel.columns, kNaN);
  panel.texts.assign(panel.values.size(), {});
  panel.notes.assign(panel.values.size(), {});
  return panel;
}

std::size_t row_of(const Sweep& sweep, const TargetCase& item) {
  const auto found = std::find(sweep.cases.begin(), sweep.cases.end(), item);
  return static_cast<std::size_t>(found - sweep.cases.begin());
}

/// "0.93": two decimals are enough to read, and fit into a narrow cell.
std::string cell_text(double share) {
  const double rounded = std::round(100 * share) / 100;
  return std::abs(share) < 10 ? short_text(rounded) : short_text(share);
}

std::string share_note(const ShareRow& row) {
  const std::string lead = "lead in test error " + short_text(row.lead);
  const std::string interval = " (" + between_text(row.lead_low, row.lead_high) + ")";
  if (row.decided) {
    return "95 % interval " + between_text(row.low, row.high) + ", " + lead + interval;
  }
  return row.trials < 2 ? lead + " in one trial: no interval, undecided"
                        : lead + interval + " is not above 0: undecided";
}

HeatPanel share_panel(const Sweep& sweep, const std::vector<ShareRow>& rows,
                      const RandomFeatureModel& attention) {
  const std::vector<double> sizes = all_sizes(sweep);
  std::vector<std::string> columns;
  for (const double n : sizes) columns.push_back(exact_text(static_cast<std::int64_t>(n)));
  HeatPanel panel = target_panel(sweep, std::string(attention.id), std::string(attention.label),
                                 std::move(columns));
  panel.x.label = "training samples n";
  panel.value_label = "share kept";
  panel.max = 1;
  for (const ShareRow& row : rows) {
    if (row.model != &attention) continue;
    const auto column = std::find(sizes.begin(), sizes.end(), row.samples) - sizes.begin();
    const std::size_t cell =
        row_of(sweep, row.target) * panel.columns + static_cast<std::size_t>(column);
    panel.values[cell] = row.share;
    if (row.decided) panel.texts[cell] = cell_text(row.share);
    panel.notes[cell] = share_note(row);
  }
  return panel;
}

Figure share_figure(const MeasuredSweep& measured, const std::vector<ShareRow>& rows) {
  const Sweep& sweep = measured.sweep;
  Figure figure;
  figure.id = "share";
  figure.title = "How much of attention's lead does symmetry keep?";
  figure.subtitle =
      "(e(RFMLP) - e(RF-invariant)) / (e(RFMLP) - e(attention)).  " + sizes_text(sweep) + ".  " +
      protocol_text(sweep) +
      "  1: symmetry explains the whole lead; 0: none of it.  Hatched: attention has no lead that "
      "is established (95 % a cell).  Hover a cell for its interval.";
  figure.table = "share";
  figure.empty_text = "Press Run: small n first.";
  for (const Rivals& rivals : rivals_of(sweep)) {
    figure.draw_maps().panels.push_back(share_panel(sweep, rows, *rivals.attention));
  }
  return figure;
}

/// Samples that each model needs: attention and the invariant networks.
HeatPanel needed_panel(const MeasuredSweep& measured) {
  const Sweep& sweep = measured.sweep;
  std::vector<const RandomFeatureModel*> models;
  std::vector<std::string> columns;
  for (const RandomFeatureModel* model : sweep.models) {
    if (!model->attention && !model->pooled) continue;
    models.push_back(model);
    columns.push_back(std::string(model->label));
  }
  HeatPanel panel = target_panel(sweep, "needed", "Samples to reach error 0.5", std::move(columns));
  panel.x.label = "model";
  panel.value_label = "samples";
  panel.logarithmic = true;
  const std::vector<double> sizes = all_sizes(sweep);
  for (const NeededRow& row : measured.needed) {
    const auto column = std::find(models.begin(), models.end(), row.model) - models.begin();
    if (column == static_cast<std::ptrdiff_t>(models.size())) continue;
    const std::size_t cell =
        row_of(sweep, row.target) * panel.columns + static_cast<std::size_t>(column);
    panel.values[cell] = row.n_half;
    panel.notes[cell] = row.status;
    if (row.status == "reached") {
      panel.notes[cell] = between_text(row.low, row.high) + " within one standard error";
    } else if (row.status == "not reached") {
      panel.texts[cell] = "> " + short_text(sizes.back());
    } else {
      panel.texts[cell] = "< " + short_text(sizes.front());
    }
  }
  return panel;
}

HeatPanel factor_panel(const Sweep& sweep, const std::vector<FactorRow>& rows) {
  std::vector<const RandomFeatureModel*> models;
  std::vector<std::string> columns;
  for (const Rivals& rivals : rivals_of(sweep)) {
    models.push_back(rivals.attention);
    columns.push_back("to " + std::string(rivals.attention->label));
  }
  HeatPanel panel =
      target_panel(sweep, "factor", "RF-invariant's samples, relative", std::move(columns));
  panel.x.label = "attention";
  panel.value_label = "factor";
  panel.logarithmic = true;
  for (const FactorRow& row : rows) {
    const auto column = std::find(models.begin(), models.end(), row.model) - models.begin();
    const std::size_t cell =
        row_of(sweep, row.target) * panel.columns + static_cast<std::size_t>(column);
    if (row.kind == FactorKind::kMeasured) panel.values[cell] = row.factor;
    if (row.kind == FactorKind::kAtLeast) panel.texts[cell] = "≥ " + short_text(row.factor);
    if (row.kind == FactorKind::kAtMost) panel.texts[cell] = "≤ " + short_text(row.factor);
    panel.notes[cell] = interval_text(row);
  }
  return panel;
}

Figure factor_figure(const MeasuredSweep& measured, const std::vector<FactorRow>& rows) {
  const Sweep& sweep = measured.sweep;
  Figure figure;
  figure.id = "factor";
  figure.title = "How many samples does attention save?";
  figure.subtitle = sizes_text(sweep) + ".  " + protocol_text(sweep) +
                    "  Factor: RF-invariant's samples divided by attention's, over paired trials.  "
                    "Hatched: a crossing lies outside the sizes, and a bound is given where there "
                    "is one.  Hover a cell for its interval.";
  figure.table = "samples_factor";
  figure.empty_text = "Press Run: small n first.";
  figure.draw_maps().panels.push_back(needed_panel(measured));
  figure.draw_maps().panels.push_back(factor_panel(sweep, rows));
  return figure;
}

const char* const kSizes = "16,32,64,128,256,512,1024,2048";

std::vector<Preset> presets() {
  return {
      {"first-look",
       "First look",
       "Means of powers, correlations, a power of the query and the maximum, at d = N = 8. For "
       "means of powers the share is 1: symmetry is the whole story. Where ⟨x₀,xᵢ⟩ weighs the "
       "values it falls towards 0.1 as n grows. Next: the targets that need attention.",
       {}},
      {"needs-attention",
       "Where RFA needs half the samples",
       "Values weighted by a cube of a similarity. RFA, whose random matrices know nothing of the "
       "target, needs a third of RF-invariant's samples for the first (a factor of 3), and half or "
       "less for the similarity through a random matrix. Next: BRFA.",
       {{"target", "correlation-value,matrix-correlation"},
        {"degree", "3"},
        {"models", "rfa,rf-invariant,rfmlp"},
        {"heads", "500"},
        {"samples", kSizes}}},
      {"softmax-average",
       "A softmax head as the target",
       "The target is itself one softmax head with W = 8 I. RFA needs about a third of "
       "RF-invariant's samples; BRFA, whose mean points that way, about 20 where RF-invariant "
       "needs "
       "2000 or more. "
       "Next: a weaker head, 4 in place of 8, where RFA's factor is no longer told from 1.",
       {{"target", "own"},
        {"formula", "avg(8*dot(q,x);dot(b1,x))"},
        {"models", "rfa,brfa,rf-invariant,rfmlp"},
        {"heads", "500"},
        {"samples", kSizes},
        {"trials", "3"}}},
      {"nearest-key",
       "How near is the nearest key?",
       "The largest similarity of a key to the query. BRFA learns half of it from about 100 "
       "samples; RFA and RF-invariant do not with 2048: without a mean of W attention does not "
       "help, either. Next: mean(abs(dot(q,x))), which BRFA learns later.",
       {{"target", "own"},
        {"formula", "max(dot(q,x))"},
        {"models", "rfa,brfa,rf-invariant,rfmlp"},
        {"heads", "500"},
        {"samples", kSizes},
        {"trials", "3"}}},
      {"larger-tokens",
       "Longer tokens, more keys",
       "d = N = 16, and a softmax head with W = 16 I as the target. BRFA learns half of it from "
       "about 200 samples, a tenth or less of what RF-invariant needs, which has not with 2048; "
       "neither has RFA. Next: correlation-value of degree 3, with 4096 samples.",
       {{"target", "own"},
        {"formula", "avg(16*dot(q,x);dot(b1,x))"},
        {"models", "rfa,brfa,rf-invariant,rfmlp"},
        {"dim", "16"},
        {"keys", "16"},
        {"samples", kSizes},
        {"trials", "3"}}},
  };
}

}  // namespace

Experiment map_face() {
  Experiment experiment;
  experiment.id = "rf-map";
  experiment.title = "Symmetry or attention";
  experiment.question = "Where is attention needed?";
  experiment.summary =
      "RFA learns set functions from fewer samples than a network on all tokens (RFMLP). Is that "
      "attention, or only the symmetry of its layer? RF-invariant, a network averaged over the "
      "keys, has the symmetry without attention. Every cell is the share of attention's lead over "
      "RFMLP that RF-invariant keeps, for one target and one number of samples: 1 where symmetry "
      "is the whole story, near 0 where attention is needed.";
  experiment.schema =
      sweep_schema(SweptQuantity::kSamples,
                   {{"target", names({"mean-power", "correlation-value", "correlation-power",
                                      "matrix-correlation", "query-power", "maximum"})},
                    {"degree", integers({1, 2, 3})},
                    {"dim", std::int64_t{8}},
                    {"keys", std::int64_t{8}},
                    {"heads", std::int64_t{300}},
                    {"test-samples", std::int64_t{1024}},
                    {"samples", integers({16, 32, 64, 128, 256, 512, 1024})}});
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.layer.formulas.push_back("s = (e_P - e_I) / (e_P - e_A)");
  experiment.layer.symbols.insert(experiment.layer.symbols.end(),
                                  {{"s", "share of attention's lead that symmetry keeps"},
                                   {"e_A", "test error of attention"},
                                   {"e_I", "test error of RF-invariant"},
                                   {"e_P", "test error of RFMLP, the network on all tokens"}});
  experiment.presets = presets();
  return experiment;
}

Experiment MapExperiment::face() {
  Experiment experiment = SweepExperiment::face();
  for (Reduction& reduction : experiment.reductions)
    if (reduction.parameter == "trials") reduction.least = 3;
  return experiment;
}

Findings map_findings(const MeasuredSweep& measured) {
  const std::vector<ShareRow> shares = share_rows(measured.sweep, measured.curves);
  const std::vector<FactorRow> factors = factor_rows(measured.sweep, measured.curves);
  Findings found;
  found.result.tables = {
      share_table(shares), factor_table(factors), samples_needed_table(measured.needed),
      test_error_table(measured.errors, measured.varied), theory_table(measured.sweep)};
  found.result.claims = map_claims(measured.sweep, measured.curves);
  found.figures = needed_figures(measured);
  found.figures.insert(found.figures.begin(),
                       {share_figure(measured, shares), factor_figure(measured, factors)});
  return found;
}

}  // namespace attnlab::random_features
