#include "core/random_features/theory.h"

#include <cmath>
#include <optional>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

constexpr const char* kBound = "Õ(√B(f) · [n^−½ + √(d²/(δM))])";
constexpr const char* kPaper = "order of the paper's upper bound as we know it; constants unknown";
constexpr const char* kOurOrder = "derived here; order of an upper bound, constants unknown";
constexpr const char* kOurExact = "derived here; exact";
constexpr const char* kEstimated = "a least-squares estimate on fresh samples";
constexpr const char* kOnlyShape =
    "an upper bound up to constants, drawn for how it falls or grows; its height means nothing";

struct TheoryRow {
  std::optional<TargetCase> target;  ///< empty: of every target
  std::string quantity;
  double value;
  std::string formula, source;
};

std::optional<std::string> target_id(const TheoryRow& row) {
  if (!row.target) return std::nullopt;
  return std::string(row.target->target->id);
}

Cell degree(const TheoryRow& row) {
  if (!row.target || row.target->target->number == TargetNumber::kNone) return {};
  return whole_cell(row.target->number);
}

void add_norms(std::vector<TheoryRow>& rows, const TargetCase& item, const LayerSizes& layer) {
  const TargetNorms* norms = item.target->norms;
  if (norms == nullptr) return;
  rows.push_back({item, "rfa_norm", norms->rfa(layer.dim, item.number),
                  std::string(norms->rfa_formula), kPaper});
  if (norms->brfa != nullptr) {
    rows.push_back({item, "brfa_norm", norms->brfa(layer.dim, item.number),
                    std::string(norms->brfa_formula), kPaper});
  }
  rows.push_back({item, "rfmlp_norm_over_rfa_norm", norms->rfmlp_over_rfa(layer.keys, item.number),
                  std::string(norms->rfmlp_over_rfa_formula), kOurOrder});
  rows.push_back({item, "variance", norms->variance(layer.keys, layer.dim, item.number),
                  "Var f, the unit of test errors", kOurExact});
}

Series guide(std::string id, std::string label, std::string note) {
  Series series;
  series.id = std::move(id);
  series.label = std::move(label);
  series.note = std::move(note);
  series.role = SeriesRole::kTheory;
  series.colour = kColourReference;
  return series;
}

/// From (sqrt(first last), 1) downwards with slope -1/2.
Series falling_guide(const char* id, std::string note, double first, double last) {
  Series series = guide(id, "slope −½", std::move(note));
  const double middle = std::sqrt(first * last);
  series.points = {{middle, 1.0, 0, 0}, {last, std::sqrt(middle / last), 0, 0}};
  return series;
}

}  // namespace

bool within_theory(const Sweep& sweep) {
  return sweep.variants.front().layer.tokens.unit_length();
}

Table theory_table(const Sweep& sweep) {
  const LayerSizes& layer = sweep.variants.front().layer;
  std::vector<TheoryRow> rows;
  for (const TargetCase& item : sweep.cases) {
    if (const auto affine = affine_level_of(item, layer.keys, layer.dim, layer.tokens)) {
      const char* formula = "variance left by the best affine function / variance";
      const bool exact = affine->std_error == 0;
      rows.push_back(
          {item, "affine_level", affine->level, formula, exact ? kOurExact : kEstimated});
      if (!exact)
        rows.push_back({item, "affine_level_std_error", affine->std_error,
                        "standard error of the affine level", kEstimated});
    }
    if (within_theory(sweep)) add_norms(rows, item, layer);
  }
  for (const char* exponent : {"exponent_of_n", "exponent_of_heads"}) {
    if (!within_theory(sweep)) break;
    rows.push_back({{}, exponent, -0.5, std::string("RFA's excess risk: ") + kBound, kPaper});
  }
  const RowTable<TheoryRow> table{
      "theory",
      "Exact levels (ours), and orders of upper bounds up to constants: they say how the need for "
      "samples grows, not how large it is",
      {column<&target_id>("target", "target"), column<&degree>("degree", "degree or frequency"),
       column<&TheoryRow::quantity>("quantity", "quantity"),
       column<&TheoryRow::value>("value", "value"),
       column<&TheoryRow::formula>("formula", "formula"),
       column<&TheoryRow::source>("source", "source")}};
  return table.of(rows);
}

std::vector<Series> affine_series(const Sweep& sweep, double first, double last) {
  std::vector<Series> all;
  const LayerSizes& layer = sweep.variants.front().layer;
  for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
    const TargetCase& item = sweep.cases[j];
    const auto affine = affine_level_of(item, layer.keys, layer.dim, layer.tokens);
    // An estimate within its error of 0 is no line either.
    if (!affine || affine->level < 1e-3 + 3 * affine->std_error) continue;
    const double level = affine->level;
    const bool exact = affine->std_error == 0;
    Series series;
    series.id = "affine/" + item.name();
    series.label = "best affine " + affine->text();
    series.note =
        std::string(exact ? "exact, derived here" : "a least-squares estimate on fresh samples") +
        ": the part of the variance that the best affine function of all tokens leaves; a network "
        "cannot go below it before it leaves the affine regime";
    series.role = SeriesRole::kExact;
    series.colour = kColourReference;
    series.variant = static_cast<int>(j);
    series.points = {{first, level, 0, 0}, {last, level, 0, 0}};
    all.push_back(std::move(series));
  }
  return all;
}

Series samples_guide(double first, double last) {
  return falling_guide("bound-slope",
                       std::string("order in n of the paper's bound on RFA's excess risk, ") +
                           kBound + ": " + kOnlyShape,
                       first, last);
}

Series heads_guide(double first, double last) {
  return falling_guide("bound-slope",
                       std::string("order in M of the paper's bound on RFA's excess risk, ") +
                           kBound + ": " + kOnlyShape,
                       first, last);
}

Series degree_guide(const Sweep& sweep, const Target& target, double anchor) {
  if (target.norms == nullptr || !within_theory(sweep)) return {};
  const LayerSizes& layer = sweep.variants.front().layer;
  const std::string formula(target.norms->rfa_formula);
  Series series = guide(
      "norm/" + std::string(target.id), "bound, B(f) / Var f",
      "samples that the paper's bound for RFA, as we know it, asks for, n ~ B(f) / Var f with "
      "B(f) = " +
          formula + ": " + kOnlyShape);
  double first = 0;
  for (const TargetCase& item : sweep.cases) {
    if (item.target != &target) continue;
    const double need = target.norms->rfa(layer.dim, item.number) /
                        target.norms->variance(layer.keys, layer.dim, item.number);
    if (!std::isfinite(need)) continue;  // a function that is constant at d = 1
    if (first == 0) first = need;
    series.points.push_back({item.number, anchor * need / first, 0, 0});
  }
  return series;
}

std::vector<Series> length_guides(const Sweep& sweep, double anchor) {
  std::vector<Series> all;
  const TargetCase& item = sweep.cases.front();
  if (item.target->norms == nullptr || !within_theory(sweep)) return all;
  const TargetNorms& norms = *item.target->norms;
  Series attention = guide("norm/rfa", "RFA's bound, B(f) / Var f",
                           std::string("the paper's bound for RFA, as we know it, does not contain "
                                       "N, but the variance that errors are measured in does: ") +
                               kOnlyShape);
  Series network =
      guide("norm/rfmlp", "RFMLP's bound, B(f) / Var f",
            "derived here: RFMLP's norm is about " + std::string(norms.rfmlp_over_rfa_formula) +
                " times RFA's: " + kOnlyShape);
  double first_attention = 0, first_network = 0;
  for (const LayerVariant& variant : sweep.variants) {
    const LayerSizes& layer = variant.layer;
    const double need =
        norms.rfa(layer.dim, item.number) / norms.variance(layer.keys, layer.dim, item.number);
    const double network_need = need * norms.rfmlp_over_rfa(layer.keys, item.number);
    if (!std::isfinite(need)) continue;  // a function that is constant at d = 1
    if (attention.points.empty()) {
      first_attention = need;
      first_network = network_need;
    }
    attention.points.push_back({variant.value, anchor * need / first_attention, 0, 0});
    network.points.push_back({variant.value, anchor * network_need / first_network, 0, 0});
  }
  all.push_back(std::move(attention));
  all.push_back(std::move(network));
  return all;
}

}  // namespace attnlab::random_features
