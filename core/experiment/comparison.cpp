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

void add_series(Figure& figure, const Figure& other, int number, const std::string& difference) {
  const std::vector<Series> own = figure.series;
  for (Series series : other.series) {
    // Theory that is there already says nothing new.
    const bool known = std::any_of(own.begin(), own.end(), [&](const Series& one) {
      return series.role != SeriesRole::kMeasured && one.id == series.id &&
             one.points.size() == series.points.size() &&
             std::equal(one.points.begin(), one.points.end(), series.points.begin(),
                        [](const FigurePoint& a, const FigurePoint& b) {
                          return a.x == b.x && a.y == b.y;
                        });
    });
    if (known || series.points.empty()) continue;
    series.id = "kept-" + std::to_string(number) + "/" + series.id;
    series.label += " (" + difference + ")";
    series.variant += number;
    figure.series.push_back(std::move(series));
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
    if (other == nullptr) continue;
    const std::string difference = difference_text(one.spec, now);
    add_series(figure, *other, number, difference);
    for (HeatPanel panel : other->panels) {
      panel.id = "kept-" + std::to_string(number) + "/" + panel.id;
      panel.title += " (" + difference + ")";
      figure.panels.push_back(std::move(panel));
    }
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
