// extract-logits: its figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/extraction/extract_logits.h"
#include "core/findings/palette.h"

namespace attnlab::extraction {
namespace {

int case_colour(const std::string& answers) {
  return is_exact(answers)       ? kColourRfa
         : is_top(answers)       ? kColourBrfa
         : answers == "float32"  ? kColourSoftmax
         : answers == "bfloat16" ? kColourExponential
                                 : kColourRfmlp;
}

Figure spectrum_figure(const RunSpec& spec, const std::vector<const LogitRow*>& shown) {
  const std::int64_t dim = static_cast<std::int64_t>(dims_of(spec).back());
  const bool layer = hidden_norm(spec.parameters) == HiddenNorm::kLayer;
  const std::int64_t rank = layer ? dim - 1 : dim;
  Figure figure;
  figure.id = "singular-values";
  figure.title = "How many dimensions do the logits have?";
  figure.subtitle =
      "Singular values of " +
      counted(static_cast<std::size_t>(spec.parameters.integer("queries")), "vector") + " of " +
      std::to_string(spec.parameters.integer("logits")) + " logits, one model of hidden size " +
      std::to_string(dim) + (layer ? " with layer norm." : " with RMS norm.") +
      " Beyond the gap there is only rounding.";
  figure.x = {"index of the singular value", false, 0, 0, {}};
  figure.y = {"singular value", true, 0, 0, {}};
  figure.table = "singular_values";
  figure.empty_text = "Press Run: the singular values of the first model appear.";
  figure.draw_lines().references = {
      {true, static_cast<double>(rank) + 0.5,
       layer ? "d − 1 = " + std::to_string(rank) : "d = " + std::to_string(rank)}};
  std::map<int, int> variants;
  for (const LogitRow* row : shown) {
    Series series;
    series.id = row->answers;
    series.label = row->answers;
    series.note = row->evidence;
    series.colour = case_colour(row->answers);
    series.variant = variants[series.colour]++;
    for (std::size_t k = 0; k < row->values.size(); ++k) {
      if (row->values[k] > 0) {
        series.points.push_back({static_cast<double>(k + 1), row->values[k], 0, 1});
      }
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

/// From 0 to beyond the most digits of the run.
Axis digits_axis(const RunSpec& spec) {
  double most = 0;
  for (const LogitCase& one : logit_cases(spec.parameters)) most = std::max(most, one.digits);
  return {"significant decimal digits of an answer", false, 0, std::floor(most) + 1, {}};
}

std::string spread_text(const RunSpec& spec) {
  return "L = " + std::to_string(spec.parameters.integer("logits")) +
         ", n = " + std::to_string(spec.parameters.integer("queries")) + " vectors, " +
         counted(static_cast<std::size_t>(spec.parameters.integer("trials")), "trial");
}

/// A curve over digits of each d, and a curve of its own for each other kind of answers.
template <class Value>
std::vector<Series> digit_series(const RunSpec& spec, const std::vector<SizeRow>& sizes,
                                 Value value) {
  std::vector<Series> result;
  const std::vector<double> dims = dims_of(spec);
  for (std::size_t k = 0; k < dims.size(); ++k) {
    std::map<std::string, std::size_t> place;
    for (const SizeRow& size : sizes) {
      if (static_cast<double>(size.dim) != dims[k]) continue;
      const std::string kind = size.is_digits() ? "digits" : size.answers;
      if (!place.contains(kind)) {
        place[kind] = result.size();
        Series series;
        series.label = kind + (dims.size() > 1 ? ", d = " + short_text(dims[k]) : "");
        series.id = kind + "/" + short_text(dims[k]);
        series.colour = case_colour(size.answers);
        series.variant = static_cast<int>(k);
        result.push_back(std::move(series));
      }
      const FigurePoint point = value(size);
      if (point.count > 0) result[place[kind]].points.push_back(point);
    }
  }
  return result;
}

FigurePoint mean_point(double x, std::vector<double> values) {
  if (values.empty()) return {};
  Groups groups;
  groups[x] = std::move(values);
  return mean_points(std::move(groups)).front();
}

Figure error_figure(const RunSpec& spec, const std::vector<SizeRow>& sizes) {
  Figure figure;
  figure.id = "column-space";
  figure.title = "How well do rounded logits show the column space of U?";
  figure.subtitle = "Sine of the largest angle; models whose hidden size was found. " +
                    spread_text(spec) +
                    "; bars: ±1 standard error. float32 has 7.2 digits, "
                    "bfloat16 2.4, a double 16.";
  figure.x = digits_axis(spec);
  figure.y = {"sine of the largest principal angle", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished model adds to the points.";
  std::vector<Series> bounds = digit_series(spec, sizes, [](const SizeRow& size) {
    return size.is_digits() ? mean_point(size.digits, size.accuracies) : FigurePoint{};
  });
  std::vector<Series>& series = figure.draw_lines().series;
  series = digit_series(spec, sizes,
                        [](const SizeRow& size) { return mean_point(size.digits, size.errors); });
  for (Series& bound : bounds) {
    if (bound.points.empty()) continue;
    bound.id = "bound/" + bound.id;
    bound.label = "stated bound" + bound.label.substr(std::string("digits").size());
    bound.note = "largest singular value of the noise over the smallest above it, mean over trials";
    bound.role = SeriesRole::kExact;
    bound.colour = kColourReference;
    for (FigurePoint& point : bound.points) point.error = 0;
    series.push_back(std::move(bound));
  }
  return figure;
}

Figure share_figure(const RunSpec& spec, const std::vector<SizeRow>& sizes) {
  Figure figure;
  figure.id = "hidden-size";
  figure.title = "From how many digits on is the hidden size known?";
  figure.subtitle = "Share of models whose hidden size was found; the others are undecided. " +
                    spread_text(spec) + "; bars: ±1 binomial standard error.";
  figure.x = digits_axis(spec);
  figure.y = {"share of models whose hidden size is found", false, 0, 1, {}};
  figure.table = "hidden_size";
  figure.empty_text = "Press Run: each finished model moves the shares.";
  figure.draw_lines().series = digit_series(spec, sizes, [](const SizeRow& size) {
    return FigurePoint{size.digits, size.share(), size.std_error(), static_cast<int>(size.trials)};
  });
  return figure;
}

/// The rank that the answers show against the hidden size.
Figure rank_figure(const RunSpec& spec, const std::vector<LogitRow>& rows) {
  const std::vector<double> dims = dims_of(spec);
  const bool layer = hidden_norm(spec.parameters) == HiddenNorm::kLayer;
  Figure figure;
  figure.id = "rank";
  figure.title = "Which rank do the logits show?";
  figure.subtitle = "Rank found, mean over the models in which it is decided. " +
                    spread_text(spec) + "; bars: ±1 standard error.";
  figure.x = {"hidden size d", false, 0, dims.back(), {}};
  figure.y = {"rank found", false, 0, dims.back(), {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished model adds to the points.";
  std::map<int, int> variants;
  std::vector<Series>& all = figure.draw_lines().series;
  for (const LogitCase& one : logit_cases(spec.parameters)) {
    Groups groups;
    for (const LogitRow& row : rows) {
      if (row.answers != one.name || !row.hidden_found) continue;
      groups[static_cast<double>(row.dim)].push_back(static_cast<double>(row.rank));
    }
    Series series;
    series.id = series.label = one.name;
    series.colour = case_colour(one.name);
    series.variant = variants[series.colour]++;
    series.points = mean_points(std::move(groups));
    all.push_back(std::move(series));
  }
  all.push_back(
      layer ? count_line("expected", "d − 1", "rank with layer norm", dims,
                         [](double d) { return d - 1; })
            : count_line("expected", "d", "rank with RMS norm", dims, [](double d) { return d; }));
  return figure;
}

}  // namespace

std::vector<Figure> logit_figures(const RunSpec& spec, const std::vector<LogitRow>& rows,
                                  const std::vector<SizeRow>& sizes) {
  std::vector<Figure> figures = {spectrum_figure(spec, shown_rows(spec, rows)),
                                 error_figure(spec, sizes), share_figure(spec, sizes)};
  if (dims_of(spec).size() > 1) {
    figures.insert(figures.begin() + 1, rank_figure(spec, rows));
  }
  return figures;
}

}  // namespace attnlab::extraction
