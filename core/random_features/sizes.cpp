// rf-sizes: samples needed over the dimension of the tokens and the number of keys.
#include <algorithm>
#include <limits>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/target_map.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Dimensions and numbers of keys, each once, in order.
struct Grid {
  std::vector<double> dims, keys;
  explicit Grid(const Sweep& sweep) {
    const auto add = [](std::vector<double>& values, std::size_t size) {
      const auto value = static_cast<double>(size);
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    };
    for (const LayerVariant& variant : sweep.variants) {
      add(dims, variant.layer.dim);
      add(keys, variant.layer.keys);
    }
  }
  std::size_t cell(const CurveRow& row) const {
    const auto place = [](const std::vector<double>& values, double value) {
      return static_cast<std::size_t>(std::find(values.begin(), values.end(), value) -
                                      values.begin());
    };
    return place(dims, row.dim) * keys.size() + place(keys, row.keys);
  }
};

HeatPanel grid_panel(const Grid& grid, std::string id, std::string title) {
  HeatPanel panel;
  panel.id = std::move(id);
  panel.title = std::move(title);
  panel.x.label = "keys N";
  panel.y.label = "dimension d";
  for (const double keys : grid.keys) panel.x_labels.push_back(short_text(keys));
  for (const double dim : grid.dims) panel.y_labels.push_back(short_text(dim));
  panel.rows = grid.dims.size();
  panel.columns = grid.keys.size();
  panel.logarithmic = true;
  panel.values.assign(panel.rows * panel.columns, kNaN);
  panel.texts.assign(panel.values.size(), {});
  panel.notes.assign(panel.values.size(), {});
  return panel;
}

std::string between_text(double low, double high) {
  return short_text(low) + " to " + short_text(high);
}

HeatPanel needed_panel(const MeasuredSweep& measured, const RandomFeatureModel& model) {
  const Sweep& sweep = measured.sweep;
  const Grid grid(sweep);
  HeatPanel panel =
      grid_panel(grid, std::string(model.id), std::string(model.label) + ": samples to error 0.5");
  panel.value_label = "samples";
  panel.scale_group = "needed";
  for (const NeededRow& row : measured.needed) {
    if (row.model != &model || row.target != sweep.cases.front()) continue;
    const std::size_t cell = grid.cell(row);
    panel.values[cell] = row.n_half;
    panel.notes[cell] = row.status;
    if (row.status == "reached") {
      panel.notes[cell] = between_text(row.low, row.high) + " within one standard error";
    } else if (row.status == "not reached") {
      panel.texts[cell] = "> " + short_text(static_cast<double>(sweep.stages.back().back()));
    } else {
      panel.texts[cell] = "< " + short_text(static_cast<double>(sweep.stages.front().front()));
    }
  }
  return panel;
}

HeatPanel factor_panel(const Sweep& sweep, const std::vector<FactorRow>& rows,
                       const RandomFeatureModel& model, const RandomFeatureModel& rival) {
  const Grid grid(sweep);
  HeatPanel panel = grid_panel(
      grid, std::string(rival.id) + "/" + std::string(model.id),
      std::string(rival.label) + "'s samples for one of " + std::string(model.label) + "'s");
  panel.value_label = "factor";
  for (const FactorRow& row : rows) {
    if (row.model != &model || row.rival != &rival) continue;
    if (row.target != sweep.cases.front()) continue;
    const std::size_t cell = grid.cell(row);
    if (row.kind == FactorKind::kMeasured) panel.values[cell] = row.factor;
    if (row.kind == FactorKind::kAtLeast) panel.texts[cell] = "≥ " + short_text(row.factor);
    if (row.kind == FactorKind::kAtMost) panel.texts[cell] = "≤ " + short_text(row.factor);
    panel.notes[cell] = interval_text(row);
  }
  return panel;
}

Figure sizes_figure(const MeasuredSweep& measured, std::size_t case_index) {
  MeasuredSweep one{only_case(measured.sweep, case_index), {}, {}, {}, measured.needed, {}};
  Figure figure;
  figure.id = "sizes";
  figure.title = "Samples for " + one.sweep.cases.front().words() + " over d and N";
  figure.subtitle = sizes_text(one.sweep) + ".  " + protocol_text(one.sweep) +
                    "  Hatched: outside the sizes.  Hover a cell for its interval.";
  figure.table = "samples_needed";
  figure.empty_text = "Press Run: small n first.";
  for (const RandomFeatureModel* model : one.sweep.models) {
    figure.draw_maps().panels.push_back(needed_panel(one, *model));
  }
  return figure;
}

Figure factors_figure(const MeasuredSweep& measured, const std::vector<FactorRow>& rows,
                      std::size_t case_index) {
  const Sweep one = only_case(measured.sweep, case_index);
  Figure figure;
  figure.id = "factors";
  figure.title = "How many samples does attention save on " + one.cases.front().words() + "?";
  figure.subtitle = sizes_text(one) + ".  " + protocol_text(one) +
                    "  Factor over paired trials.  Hatched: a crossing lies outside the sizes, and "
                    "a bound is given where there is one.  Hover a cell for its interval.";
  figure.table = "samples_factor";
  figure.empty_text = "Press Run: small n first.";
  for (const Rivals& rivals : rivals_of(one)) {
    for (const RandomFeatureModel* rival : {rivals.invariant, rivals.network}) {
      if (rival == nullptr) continue;
      figure.draw_maps().panels.push_back(factor_panel(one, rows, *rivals.attention, *rival));
    }
  }
  return figure;
}

constexpr Varied kVariedSizes[] = {Varied::kDim, Varied::kPairKeys};

}  // namespace

Experiment sizes_face() {
  Experiment experiment;
  experiment.id = "rf-sizes";
  experiment.title = "Dimension and number of keys";
  experiment.question = "Which costs samples: longer tokens or more of them?";
  experiment.summary =
      "Every cell is a learning curve: the dimension d of the tokens downwards, the number N of "
      "keys to the right, and in it the samples that a model needs for half of the target's "
      "variance. What has to be learned about one key grows with d. A model that treats the keys "
      "alike learns it once; RFMLP learns it for every place.";
  experiment.schema =
      sweep_schema(SweptQuantity::kSizes, {{"models", names({"rfa", "rf-invariant", "rfmlp"})},
                                           {"dim", integers({4, 6, 8, 12})},
                                           {"keys", integers({2, 4, 8, 16})},
                                           {"heads", std::int64_t{200}},
                                           {"samples", integers({16, 32, 64, 128, 256, 512})},
                                           {"test-samples", std::int64_t{1024}},
                                           {"trials", std::int64_t{3}}});
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = {
      {"squares",
       "Average of squares",
       "Half of the target takes RFA about 45 samples at d = 4, 130 at d = 8 and 270 at d = 12, "
       "for "
       "any number of keys: it has to learn the d(d+1)/2 entries of ββᵀ, once. RF-invariant needs "
       "about as many, and up to 1.6 times for d = 12. RFMLP has as many entries for every place: "
       "80 samples for two keys at d = 4, 220 for four, and beyond 512 for eight. Next: values "
       "weighted by the query.",
       {}},
      {"read-the-query",
       "Values weighted by the query",
       "Here more keys make it easier: their mean comes close to ⟨β,x₀⟩/d, which is linear in the "
       "query. With two keys most of the target is scatter, and the samples grow fast with d: 54 "
       "for "
       "RFA at d = 4, 420 at d = 8, beyond 512 at d = 12. BRFA needs far fewer as soon as there "
       "are "
       "four keys (d = 8: 59, where RFA needs 370). Next: degree 3.",
       {{"target", "correlation-value"}, {"degree", "1"}, {"models", "rfa,brfa,rf-invariant"}}},
  };
  return experiment;
}

Findings sizes_findings(const MeasuredSweep& measured) {
  const std::vector<FactorRow> factors = rival_rows(measured.sweep, measured.curves);
  Findings found;
  found.result.tables = {samples_needed_table(measured.needed, kVariedSizes),
                         rival_factor_table(factors, kVariedSizes),
                         test_error_table(measured.errors, measured.varied)};
  found.result.claims = sizes_claims(measured.sweep, measured.curves);
  const std::size_t cases = measured.sweep.cases.size();
  for (std::size_t j = 0; j < cases; ++j) {
    for (Figure figure : {sizes_figure(measured, j), factors_figure(measured, factors, j)}) {
      if (figure.draw_maps().panels.empty()) continue;
      if (cases > 1) figure.id = part_id(figure.id, measured.sweep.cases[j].name());
      found.figures.push_back(std::move(figure));
    }
  }
  return found;
}

}  // namespace attnlab::random_features
