#include "core/experiment/comparison.h"

#include <algorithm>

namespace attnlab {
namespace {

/// A kept result is compared with other runs of its experiment, not with itself.
bool compared(const KeptResult& kept, const RunSpec& now) {
  return kept.spec.experiment == now.experiment && !(kept.spec == now);
}

const Figure* figure_named(const Findings& findings, const std::string& id) {
  for (const Figure& figure : findings.figures) {
    if (figure.id == id) return &figure;
  }
  return nullptr;
}

/// Adds what a kept result's figure shows to a figure of the same kind.
struct Adding {
  Figure& figure;
  int number;              ///< of the kept result, from 1
  std::string difference;  ///< its parameters that differ

  std::string id(const std::string& own) const {
    return "kept-" + std::to_string(number) + "/" + own;
  }
  void operator()(const LinePlot& other) const;
  void operator()(const HeatMaps& other) const {
    for (HeatPanel panel : other.panels) {
      panel.id = id(panel.id);
      panel.title += " (" + difference + ")";
      figure.draw_maps().panels.push_back(std::move(panel));
    }
  }
  void operator()(const Fields&) const {}    // planes follow the parameters: no result is kept
  void operator()(const Together&) const {}  // is made of figures that have it already
};

void Adding::operator()(const LinePlot& other) const {
  const std::vector<Series> own = figure.lines().series;
  for (Series series : other.series) {
    // A theory curve that is there already is not drawn twice.
    const bool known = std::any_of(own.begin(), own.end(), [&](const Series& one) {
      return series.role != SeriesRole::kMeasured && one.id == series.id &&
             one.points.size() == series.points.size() &&
             std::equal(one.points.begin(), one.points.end(), series.points.begin(),
                        [](const FigurePoint& a, const FigurePoint& b) {
                          return a.x == b.x && a.y == b.y;
                        });
    });
    if (known || series.points.empty()) continue;
    series.id = id(series.id);
    series.label += " (" + difference + ")";
    series.variant += number;
    figure.draw_lines().series.push_back(std::move(series));
  }
}

}  // namespace

std::string difference_text(const RunSpec& run, const RunSpec& other) {
  std::vector<std::string> parts;
  for (const Parameter& parameter : run.experiment->schema.parameters) {
    const std::string text = run.parameters.text(parameter.name);
    if (text != other.parameters.text(parameter.name)) {
      parts.push_back(parameter.name + " = " + text);
    }
  }
  if (run.seed != other.seed) parts.push_back("seed = " + std::to_string(run.seed));
  if (parts.empty()) return "the same parameters";
  std::string text = parts[0];
  if (parts.size() > 1) text += ", " + parts[1];
  if (parts.size() > 2) text += " and " + std::to_string(parts.size() - 2) + " more";
  return text;
}

Figure with_kept(Figure figure, const RunSpec& now, std::span<const KeptResult> kept) {
  int number = 0;
  for (const KeptResult& one : kept) {
    if (!compared(one, now)) continue;
    ++number;
    const Figure* other = figure_named(one.findings, figure.id);
    if (other == nullptr || other->content.index() != figure.content.index()) continue;
    std::visit(Adding{figure, number, difference_text(one.spec, now)}, other->content);
  }
  return figure;
}

Table with_kept(Table table, const RunSpec& now, std::span<const KeptResult> kept) {
  if (std::none_of(kept.begin(), kept.end(),
                   [&](const KeptResult& one) { return compared(one, now); })) {
    return table;
  }
  table.columns.push_back({"run", "run", {}});
  for (std::vector<Cell>& row : table.rows) row.push_back(std::string("now"));
  for (const KeptResult& one : kept) {
    const Table* other = compared(one, now) ? one.findings.result.table(table.name) : nullptr;
    if (other == nullptr || other->columns.size() + 1 != table.columns.size()) continue;
    for (std::vector<Cell> row : other->rows) {
      row.push_back(difference_text(one.spec, now));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace attnlab
