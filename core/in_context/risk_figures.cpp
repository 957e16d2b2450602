// The figures of risk_figures.h.
#include "core/in_context/risk_figures.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/in_context/parameters.h"

namespace attnlab::in_context {
namespace {

/// Measured risks below are 0 up to rounding and have no place on a logarithmic axis.
constexpr double kRounding = 1e-12;

/// What a curve shows of one row of a table.
struct CurvePoint {
  std::string predictor, variant;
  std::size_t heads;
  double length, value, y, error;
  int prompts;
};

std::vector<CurvePoint> risk_points(const std::vector<MeasuredCell>& cells) {
  std::vector<CurvePoint> points;
  for (const RiskRow& row : risk_rows(cells)) {
    points.push_back({row.predictor, row.variant, row.heads.value_or(0), row.length(), row.value(),
                      row.risk, row.std_error, static_cast<int>(row.prompts.value_or(0))});
  }
  return points;
}

std::vector<CurvePoint> ratio_points(const RiskStudy& study,
                                     const std::vector<MeasuredCell>& cells) {
  std::vector<CurvePoint> points;
  for (const RatioRow& row : ratio_rows(study, cells)) {
    points.push_back({"softmax", std::string(row.variant()), row.heads,
                      static_cast<double>(row.prompt_length()), row.value(), row.ratio,
                      row.std_error, static_cast<int>(row.prompts)});
  }
  return points;
}

struct Style {
  std::string label, note;
  int colour;
  SeriesRole role;
};

Style style_of(const std::string& predictor, std::size_t heads) {
  if (predictor == "softmax") {
    return {heads_text(heads),
            "the best set of " + heads_text(heads) +
                " found, f = Σ a·S(b), measured on prompts "
                "that had no part in the choice",
            heads_colour(heads), SeriesRole::kMeasured};
  }
  if (predictor == "given") {
    return {"by hand", "the heads given by hand, the same at every point", kColourInvariant,
            SeriesRole::kMeasured};
  }
  if (predictor == "linear") {
    return {"linear", "linear attention: one gradient step with the best step size, exact",
            kColourSoftmax, SeriesRole::kExact};
  }
  if (predictor == "ols") {
    return {"least squares", "exact where the setting allows, else measured", kColourReference,
            SeriesRole::kExact};
  }
  if (predictor == "debiased") {
    return {
        "debiased",
        "linear attention with the means of x and y removed, exact; local examples with the mean "
        "label added back",
        kColourDebiased, SeriesRole::kExact};
  }
  if (predictor == "kernel") {
    return {"kernel",
            "kernel smoothing: labels weighted by exp(−|x − q|²/2h²) with the best bandwidth h",
            kColourKernel, SeriesRole::kMeasured};
  }
  if (predictor == "ridge") {
    return {"ridge", "ridge regression at its best ridge parameter, without the prior mean",
            kColourRidge, SeriesRole::kMeasured};
  }
  return {"Bayes", "the posterior mean: no predictor is better", kColourBiasedSoftmax,
          SeriesRole::kMeasured};
}

/// Series key: curves differ in predictor, heads, and whatever is not on the horizontal axis.
struct Key {
  std::string predictor;
  std::size_t heads;
  std::string variant;
  double other;  ///< value or prompt length
  auto operator<=>(const Key&) const = default;
};

/// False for curves that another one hides; the table has them. Ridge differs from Bayes only where
/// there is a prior mean, and debiased linear attention differs from the plain one by more than
/// O(1/D) of its risk only for local examples.
bool drawn(const RiskStudy& study, const std::string& predictor) {
  if (predictor == "ridge") return study.setting == Setting::kPrior;
  return predictor != "debiased" || study.setting == Setting::kLocal;
}

/// Adds measured curves over x(row), with y scaled by scale(row). Curves of one variant and one
/// other(row) share their dashes; suffix(row) completes the label.
template <class X, class Other, class Scale, class Suffix>
void add_curves(const RiskStudy& study, const std::vector<CurvePoint>& rows, X x, Other other,
                Scale scale, Suffix suffix, Figure& figure) {
  std::map<Key, std::vector<FigurePoint>> curves;
  std::vector<std::pair<std::string, double>> groups;
  std::map<Key, std::string> suffixes;
  for (const CurvePoint& row : rows) {
    if (!drawn(study, row.predictor)) continue;
    const Key key{row.predictor, row.heads, row.variant, other(row)};
    suffixes[key] = suffix(row);
    if (!(row.y > kRounding)) continue;
    const double s = scale(row);
    curves[key].push_back({x(row), s * row.y, s * row.error, row.prompts});
    const auto group = std::make_pair(row.variant, other(row));
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  for (auto& [key, points] : curves) {
    const Style style = style_of(key.predictor, key.heads);
    std::sort(points.begin(), points.end(),
              [](const FigurePoint& a, const FigurePoint& b) { return a.x < b.x; });
    Series series;
    series.id = key.predictor + "/" + std::to_string(key.heads) + "/" + key.variant + "/" +
                short_text(key.other);
    series.label = style.label + suffixes[key];
    series.note = style.note;
    series.role = style.role;
    series.colour = style.colour;
    const auto group =
        std::find(groups.begin(), groups.end(), std::make_pair(key.variant, key.other));
    series.variant = static_cast<int>(group - groups.begin());
    series.points = std::move(points);
    figure.draw_lines().series.push_back(std::move(series));
  }
}

/// Theory curves of one and of many heads for one value and variant.
void add_theory(const RiskStudy& study, const Scenario& base, bool scaled, int variant,
                Figure& figure) {
  const double low = static_cast<double>(study.lengths.front());
  const double high = static_cast<double>(study.lengths.back());
  constexpr int kPoints = 40;
  for (const std::size_t heads : {std::size_t{1}, std::size_t{2}}) {
    const bool wanted = heads == 1 ? study.heads.front() == 1 : study.heads.back() > 1;
    const double constant = heads == 1 ? one_head_theory(base) : many_head_theory(base);
    if (!wanted || !std::isfinite(constant) || !(constant > 0)) continue;
    Series series;
    series.id = "theory/" + std::to_string(heads) + "/" + std::to_string(variant);
    series.label = heads == 1 ? "theory, 1 head" : "theory, many";
    const std::string_view kind = variant_label(base.setting, base.variant);
    if (!kind.empty()) series.label += ", " + std::string(kind);
    series.note =
        "our derivation (docs/derivations.md): leading order C/D with the best shrinkage, "
        "T·C/(T·D + C); approached slowly as D grows";
    series.role = SeriesRole::kTheory;
    series.colour = heads_colour(heads == 1 ? 1 : study.heads[study.heads.front() == 1 ? 1 : 0]);
    series.variant = variant;
    for (int i = 0; i <= kPoints && high > low; ++i) {
      const double length = low * std::pow(high / low, i / static_cast<double>(kPoints));
      const double signal = base.variant == Variant::kReadOut ? 1 : base.task().signal;
      const double risk = shrunk_risk(signal, constant, length);
      series.points.push_back({length, scaled ? length * risk : risk, 0, 0});
    }
    if (!series.points.empty()) figure.draw_lines().series.push_back(std::move(series));
  }
}

Figure length_figure(const RiskStudy& study) {
  Figure figure;
  figure.x.label = "examples in the prompt D";
  figure.x.logarithmic = true;
  for (const std::size_t length : study.lengths) {
    figure.x.ticks.push_back(static_cast<double>(length));
  }
  figure.x.min = figure.x.ticks.front();
  figure.x.max = figure.x.ticks.back();
  figure.y.logarithmic = true;
  figure.table = "risk";
  figure.empty_text = "Press Run: each prompt length adds a point to every curve.";
  figure.subtitle = "Setting: " + std::string(kSettingNames[std::size_t(study.setting)]) + ", " +
                    study_text(study) + ".  Bars: ±1 standard error. Dashed: leading-order theory.";
  return figure;
}

std::string suffix_text(const RiskStudy& study, const CurvePoint& row, bool with_value) {
  std::string text;
  if (with_value && study.values.size() > 1) {
    text += ", " + std::string(value_symbol(study.setting)) + " " + short_text(row.value);
  }
  for (const Variant variant : variants_of(study.setting)) {
    if (row.variant.empty() || variant_name(study.setting, variant) != row.variant) continue;
    text += ", " + std::string(variant_label(study.setting, variant));
  }
  return text;
}

void add_all_theory(const RiskStudy& study, bool scaled, Figure& figure) {
  int variant = 0;
  for (const double value : study.values) {
    for (const Variant kind : variants_of(study.setting)) {
      const double noise = study.setting == Setting::kNoise ? value : study.noise;
      const Scenario scenario{study.setting, kind, value, noise, study.dim, study.lengths.front()};
      if (kind != Variant::kFinite) add_theory(study, scenario, scaled, variant, figure);
      const double floor = risk_floor(scenario);
      if (!scaled && floor > 0) {
        figure.draw_lines().references.push_back(
            {false, floor, "floor of KQ = bI, " + cell_text(scenario)});
      }
      ++variant;
    }
  }
}

/// Ratios of one head's risk to the risks of larger head counts, over the prompt length or the
/// value.
void add_ratios(const RiskStudy& study, const std::vector<MeasuredCell>& cells, bool over_length,
                Figure& figure) {
  const std::vector<CurvePoint> ratios = ratio_points(study, cells);
  const auto length = [](const CurvePoint& row) { return row.length; };
  const auto value = [](const CurvePoint& row) { return row.value; };
  const auto one = [](const CurvePoint&) { return 1.0; };
  const auto suffix = [&](const CurvePoint& row) { return suffix_text(study, row, over_length); };
  if (over_length) {
    add_curves(study, ratios, length, value, one, suffix, figure);
  } else {
    add_curves(study, ratios, value, length, one, suffix, figure);
  }
}

/// The variant for which the theory is drawn over a setting's values, and how labels name it.
Variant theory_variant(Setting setting) {
  return setting == Setting::kCorrelation ? Variant::kInverse : Variant::kPlain;
}
std::string theory_suffix(Setting setting) {
  const std::string_view label = variant_label(setting, theory_variant(setting));
  return label.empty() ? std::string() : ", " + std::string(label);
}

/// The theory's risks of one and of many heads over the swept value, at one prompt length.
void add_scenario_theory(const RiskStudy& study, std::size_t length, int variant, Figure& figure) {
  constexpr int kPoints = 40;
  const double low = study.values.front(), high = study.values.back();
  const Variant kind = theory_variant(study.setting);
  for (const std::size_t heads : {std::size_t{1}, std::size_t{2}}) {
    const bool wanted = heads == 1 ? study.heads.front() == 1 : study.heads.back() > 1;
    if (!wanted || !(high > low)) continue;
    Series series;
    series.id = "theory/" + std::to_string(heads) + "/" + std::to_string(length);
    series.label = (heads == 1 ? "theory, 1 head" : "theory, many") + theory_suffix(study.setting);
    series.note = "our derivation (docs/derivations.md): leading order C/D with the best shrinkage";
    series.role = SeriesRole::kTheory;
    series.colour = heads_colour(heads == 1 ? 1 : study.heads[study.heads.front() == 1 ? 1 : 0]);
    series.variant = variant;
    for (int i = 0; i <= kPoints; ++i) {
      const double value = low + (high - low) * i / kPoints;
      const double noise = study.setting == Setting::kNoise ? value : study.noise;
      const Scenario scenario{study.setting, kind, value, noise, study.dim, length};
      const double constant = heads == 1 ? one_head_theory(scenario) : many_head_theory(scenario);
      const double risk =
          shrunk_risk(scenario.task().signal, constant, static_cast<double>(length));
      if (std::isfinite(risk) && risk > kRounding) series.points.push_back({value, risk, 0, 0});
    }
    if (series.points.size() > 1) figure.draw_lines().series.push_back(std::move(series));
  }
}

}  // namespace

std::vector<Figure> prompt_length_figures(const RiskStudy& study,
                                          const std::vector<MeasuredCell>& cells) {
  const std::vector<CurvePoint> rows = risk_points(cells);
  const auto length = [](const CurvePoint& row) { return row.length; };
  const auto value = [](const CurvePoint& row) { return row.value; };
  const auto suffix = [&](const CurvePoint& row) { return suffix_text(study, row, true); };

  Figure risk = length_figure(study);
  risk.id = "risk";
  risk.title = "How well do one and several heads predict from a prompt?";
  risk.y.label = "risk E(ŷ − θᵀx)²";
  add_curves(
      study, rows, length, value, [](const CurvePoint&) { return 1.0; }, suffix, risk);
  add_all_theory(study, false, risk);

  Figure scaled = length_figure(study);
  scaled.id = "scaled-risk";
  scaled.title = "Do the risks fall like 1/D, and with which constant?";
  scaled.y.label = "D × risk";
  add_curves(study, rows, length, value, length, suffix, scaled);
  add_all_theory(study, true, scaled);

  Figure ratio = length_figure(study);
  ratio.id = "ratio";
  ratio.title = "How many times worse is one head?";
  ratio.y.label = "risk of one head / risk of several";
  ratio.y.logarithmic = false;
  add_ratios(study, cells, true, ratio);
  for (const double v : study.values) {
    const double noise = study.setting == Setting::kNoise ? v : study.noise;
    const Variant kind = theory_variant(study.setting);
    const Scenario scenario{study.setting, kind, v, noise, study.dim, study.lengths.back()};
    const double limit = one_head_theory(scenario) / many_head_theory(scenario);
    if (!std::isfinite(limit)) continue;
    ratio.draw_lines().references.push_back(
        {false, limit,
         "limit for D → ∞" + theory_suffix(study.setting) + ": " + short_text(limit) +
             (study.values.size() > 1 ? " at " + short_text(v) : std::string())});
  }
  return {risk, scaled, ratio};
}

std::vector<Figure> scenario_figures(const RiskStudy& study,
                                     const std::vector<MeasuredCell>& cells) {
  const std::vector<CurvePoint> rows = risk_points(cells);
  const auto value = [](const CurvePoint& row) { return row.value; };
  const auto length = [](const CurvePoint& row) { return row.length; };
  const auto suffix = [&](const CurvePoint& row) {
    return suffix_text(study, row, false) +
           (study.lengths.size() > 1 ? ", D " + short_text(row.length) : std::string());
  };
  Figure figure;
  figure.id = "scenario-risk";
  static constexpr const char* kTitles[] = {"How well do one and several heads predict?",
                                            "How much do noisy labels cost each head count?",
                                            "What do correlated features do to the heads?",
                                            "What if all examples lie near the query?",
                                            "How much is prior knowledge of θ worth?"};
  figure.title = kTitles[std::size_t(study.setting)];
  std::string lengths;
  for (const std::size_t n : study.lengths) {
    lengths += (lengths.empty() ? "" : ", ") + std::to_string(n);
  }
  figure.subtitle = "D = " + lengths + ", " + study_text(study) +
                    ".  Bars: ±1 standard error. Dashed: leading-order theory.";
  figure.x.label = std::string(value_symbol(study.setting));
  if (figure.x.label.empty()) figure.x.label = "value";
  figure.x.ticks = study.values;
  figure.x.min = study.values.front();
  figure.x.max = study.values.back();
  figure.y.label = "risk E(ŷ − θᵀx)²";
  figure.y.logarithmic = true;
  figure.table = "risk";
  figure.empty_text = "Press Run: each value adds a point to every curve.";
  Figure ratio = figure;
  add_curves(
      study, rows, value, length, [](const CurvePoint&) { return 1.0; }, suffix, figure);
  for (std::size_t i = 0; i < study.lengths.size(); ++i)
    add_scenario_theory(study, study.lengths[i], static_cast<int>(i), figure);
  ratio.id = "scenario-ratio";
  ratio.title = "How many times worse is one head?";
  ratio.y.label = "risk of one head / risk of several";
  ratio.y.logarithmic = false;
  add_ratios(study, cells, false, ratio);
  Series limit;
  limit.id = "limit";
  limit.label = "D → ∞" + theory_suffix(study.setting);
  limit.note = "ratio of the leading-order constants, our derivation (docs/derivations.md)";
  limit.role = SeriesRole::kTheory;
  limit.colour = kColourReference;
  for (const double v : study.values) {
    const double noise = study.setting == Setting::kNoise ? v : study.noise;
    const Variant kind = theory_variant(study.setting);
    const Scenario scenario{study.setting, kind, v, noise, study.dim, study.lengths.back()};
    const double at = one_head_theory(scenario) / many_head_theory(scenario);
    if (std::isfinite(at)) limit.points.push_back({v, at, 0, 0});
  }
  if (limit.points.size() > 1) ratio.draw_lines().series.push_back(std::move(limit));
  return {figure, ratio};
}

}  // namespace attnlab::in_context
