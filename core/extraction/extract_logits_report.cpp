// extract-logits: its tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/extraction/extract_logits.h"
#include "core/extraction/learn/grain.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"
#include "core/numerics/binomial.h"

namespace attnlab::extraction {
namespace {

constexpr double kExactSine = 1e-12;

const RowTable<LogitRow>& recovery_table() {
  static const RowTable<LogitRow> table{
      "recovery",
      "The hidden size and the column space of U, as the logits show them. Error of the column "
      "space: sine of its largest principal angle with the true one",
      {column<&LogitRow::dim>("dim", "d"), column<&LogitRow::logits>("logits", "L"),
       column<&LogitRow::norm>("norm", "norm"), column<&LogitRow::answers>("answers", "answers"),
       column<&LogitRow::trial>("trial", "trial"),
       column<&LogitRow::queries>("queries", "questions"),
       column<&LogitRow::hidden_found>("hidden_found", "hidden size found"),
       column<&LogitRow::column_space_error>("column_space_error", "error of the column space"),
       column<&LogitRow::status>("status", "status"),
       column<&LogitRow::accuracy>("accuracy", "stated bound of the error"),
       column<&LogitRow::rank>("rank", "singular values above the noise"),
       column<&LogitRow::noise>("noise", "largest singular value of the noise"),
       column<&LogitRow::gap>("gap", "smallest above / noise"),
       column<&LogitRow::vectors>("vectors", "vectors"),
       column<&LogitRow::predicted_queries>("predicted_queries", "predicted"),
       column<&LogitRow::repeated>("repeated", "repeated"),
       column<&LogitRow::evidence>("evidence", "evidence")}};
  return table;
}

/// The trials of one size and one kind of answers.
struct SizeRow {
  std::int64_t dim = 0;
  std::string answers;
  double digits = 0;
  std::int64_t trials = 0, found = 0, undecided = 0, wrong = 0;
  std::vector<double> errors = {}, accuracies = {};

  double share() const { return static_cast<double>(found) / static_cast<double>(trials); }
  double low() const {
    return share_lower_bound(static_cast<int>(found), static_cast<int>(trials), kVerdictTail);
  }
  double high() const {
    return share_upper_bound(static_cast<int>(found), static_cast<int>(trials), kVerdictTail);
  }
  /// Binomial standard error with half a success and half a failure added, so that it is not 0 at
  /// the ends.
  double std_error() const {
    const double count = static_cast<double>(trials) + 1;
    const double p = (static_cast<double>(found) + 0.5) / count;
    return std::sqrt(p * (1 - p) / count);
  }
  double largest_error() const {
    return errors.empty() ? kUnknown : *std::ranges::max_element(errors);
  }
  bool is_digits() const { return answers.starts_with("digits"); }
};

const RowTable<SizeRow>& size_table() {
  static const RowTable<SizeRow> table{
      "hidden_size",
      "Trials in which the hidden size was found, was left undecided, or was wrong; low and high: "
      "exact 95 % interval of the share found",
      {column<&SizeRow::dim>("dim", "d"), column<&SizeRow::answers>("answers", "answers"),
       column<&SizeRow::trials>("trials", "trials"), column<&SizeRow::found>("found", "found"),
       column<&SizeRow::undecided>("undecided", "undecided"),
       column<&SizeRow::wrong>("wrong", "wrong"), column<&SizeRow::share>("share", "share found"),
       column<&SizeRow::low>("low", "from"), column<&SizeRow::high>("high", "to"),
       column<&SizeRow::largest_error>("largest_error", "largest error of the column space")}};
  return table;
}

/// A singular value of the shown trial.
struct SpectrumRow {
  std::int64_t dim = 0;
  std::string answers;
  std::int64_t index = 0;
  double value = 0, noise = 0;
};

const RowTable<SpectrumRow>& spectrum_table() {
  static const RowTable<SpectrumRow> table{
      "singular_values",
      "Singular values of the vectors of logits, in the first trial at the largest d",
      {column<&SpectrumRow::dim>("dim", "d"), column<&SpectrumRow::answers>("answers", "answers"),
       column<&SpectrumRow::index>("index", "index"),
       column<&SpectrumRow::value>("value", "singular value"),
       column<&SpectrumRow::noise>("noise", "largest singular value of the noise")}};
  return table;
}

std::vector<SizeRow> size_rows(const RunSpec& spec, const std::vector<LogitRow>& rows) {
  std::vector<SizeRow> sizes;
  for (const double dim : dims_of(spec)) {
    for (const LogitCase& one : logit_cases(spec.parameters)) {
      SizeRow size{static_cast<std::int64_t>(dim), one.name, one.digits};
      for (const LogitRow& row : rows) {
        if (row.dim != size.dim || row.answers != size.answers) continue;
        ++size.trials;
        size.found += row.found();
        size.wrong += row.wrong();
        size.undecided += !row.hidden_found;
        if (!row.found()) continue;
        size.errors.push_back(row.column_space_error);
        size.accuracies.push_back(row.accuracy);
      }
      if (size.trials > 0) sizes.push_back(std::move(size));
    }
  }
  return sizes;
}

/// Rows of the trial whose spectra are shown.
std::vector<const LogitRow*> shown_rows(const RunSpec& spec, const std::vector<LogitRow>& rows) {
  std::vector<const LogitRow*> shown;
  const double dim = dims_of(spec).back();
  for (const LogitRow& row : rows) {
    if (static_cast<double>(row.dim) == dim && !row.values.empty()) shown.push_back(&row);
  }
  return shown;
}

std::string percent(double share) {
  return told_apart(100 * share, 100).first + " %";
}

std::string share_text(const SizeRow& size) {
  return size.answers + ", d = " + std::to_string(size.dim) + ": " + std::to_string(size.found) +
         " of " + std::to_string(size.trials) + " found (95 %: " + percent(size.low()) + " to " +
         percent(size.high()) + ")" +
         (size.undecided > 0 ? ", " + std::to_string(size.undecided) + " undecided" : "") + ". ";
}

template <class Keep>
std::string share_texts(const std::vector<SizeRow>& sizes, Keep keep) {
  std::string text;
  for (const SizeRow& size : sizes) {
    if (keep(size.answers)) text += share_text(size);
  }
  return text;
}

bool is_exact(std::string_view answers) {
  return answers == "exact";
}
bool is_top(std::string_view answers) {
  return answers.starts_with("top");
}
bool is_rounded(std::string_view answers) {
  return !is_exact(answers) && !is_top(answers);
}

/// A universal claim over the rows that `concerns` names; `agrees` is false for a counterexample.
template <class Concerns, class Agrees>
Claim universal_claim(std::string id, std::string statement, std::string missing,
                      const std::vector<LogitRow>& rows, Concerns concerns, Agrees agrees) {
  Claim claim{std::move(id), std::move(statement), ClaimStatus::kUndecided, std::move(missing)};
  int tries = 0, against = 0;
  for (const LogitRow& row : rows) {
    if (!concerns(row)) continue;
    ++tries;
    against += !agrees(row);
  }
  if (tries == 0) return claim;
  claim.evidence.clear();
  apply(judge_universal(against, tries, "model", "models"), claim);
  return claim;
}

Claim size_claim(const RunSpec& spec, const std::vector<LogitRow>& rows,
                 const std::vector<SizeRow>& sizes) {
  const bool layer = hidden_norm(spec.parameters) == HiddenNorm::kLayer;
  Claim claim = universal_claim(
      "B8",
      std::string("More than d exact vectors of logits have rank ") +
          (layer ? "d − 1 with layer norm without bias" : "d with RMS norm") +
          ": the hidden size comes out exactly (Carlini et al., arXiv 2403.06634; Finlayson et "
          "al., arXiv 2403.09539).",
      "Needs finished trials with more than d vectors.", rows,
      [](const LogitRow& row) { return is_exact(row.answers) && row.vectors > row.dim; },
      [](const LogitRow& row) { return row.found(); });
  claim.evidence += share_texts(sizes, is_exact);
  return claim;
}

Claim rounded_claim(const std::vector<LogitRow>& rows, const std::vector<SizeRow>& sizes) {
  Claim claim = universal_claim(
      "B8",
      "Rounded answers never show a wrong hidden size: where the noise hides the gap, the learner "
      "says so (ours).",
      "Needs finished trials with rounded answers.", rows,
      [](const LogitRow& row) { return is_rounded(row.answers); },
      [](const LogitRow& row) { return !row.wrong(); });
  claim.evidence += share_texts(sizes, is_rounded);
  return claim;
}

Claim top_claim(const std::vector<LogitRow>& rows, const std::vector<SizeRow>& sizes) {
  Claim claim = universal_claim(
      "B8",
      "Lists of the k likeliest words with a logit bias show the same hidden size, from one "
      "question and (L − k)/(k − 1) more, rounded up, for each vector, and repeats (after Carlini "
      "et al., arXiv 2403.06634; the count is ours).",
      "Needs finished trials with more than d vectors.", rows,
      [](const LogitRow& row) { return row.is_top() && row.vectors > row.dim; },
      [](const LogitRow& row) {
        return row.found() && row.queries - row.repeated == row.predicted_queries;
      });
  claim.evidence += share_texts(sizes, is_top);
  std::int64_t most = 0, repeated = 0;
  for (const LogitRow& row : rows) {
    if (!row.is_top()) continue;
    most = std::max(most, row.queries);
    repeated = std::max(repeated, row.repeated);
  }
  if (most > 0) {
    claim.evidence += "At most " + std::to_string(most) + " questions, " +
                      std::to_string(repeated) + " of them repeats.";
  }
  return claim;
}

Claim space_claim(const std::vector<LogitRow>& rows, const std::vector<SizeRow>& sizes) {
  Claim claim = universal_claim(
      "B9",
      "The singular vectors span the column space of U: to 1e-12 from exact logits, otherwise to "
      "the noise over the smallest singular value above it (sine of the largest principal angle; "
      "ours).",
      "Needs finished trials in which the hidden size was found.", rows,
      [](const LogitRow& row) { return row.found(); },
      [](const LogitRow& row) {
        return row.column_space_error <= (is_exact(row.answers) ? kExactSine : row.accuracy);
      });
  double closest = 0;
  for (const LogitRow& row : rows) {
    if (row.found() && !is_exact(row.answers)) {
      closest = std::max(closest, row.column_space_error / row.accuracy);
    }
  }
  std::vector<std::string> worst;
  for (const SizeRow& size : sizes) {
    if (size.errors.empty()) continue;
    worst.push_back(size.answers + ", d = " + std::to_string(size.dim) + ": " +
                    told_apart(size.largest_error(), kExactSine).first);
  }
  if (!worst.empty()) claim.evidence += "Largest error: " + join(worst, "; ") + ".";
  if (closest > 0) {
    claim.evidence += " It came up to " + told_apart(closest, 1).first + " of the stated bound.";
  }
  return claim;
}

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
  figure.x = {"significant decimal digits of an answer", false, 0, 17, {}};
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
  figure.x = {"significant decimal digits of an answer", false, 0, 17, {}};
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

std::vector<LogitRow> logit_rows(const ParameterSet& parameters,
                                 const std::vector<RecoveryRow>& rows) {
  const auto whole = [](double value) {
    return std::isfinite(value) ? static_cast<std::int64_t>(std::llround(value)) : 0;
  };
  std::vector<LogitRow> result;
  for (const RecoveryRow& row : rows) {
    LogitRow one;
    one.dim = whole(row.dim);
    one.logits = parameters.integer("logits");
    one.norm = parameters.choice("norm");
    one.answers = row.method;
    one.trial = whole(row.trial);
    one.queries = whole(row.queries);
    if (std::isfinite(row.hidden)) one.hidden_found = whole(row.hidden);
    one.column_space_error = row.more(kLogitSine);
    one.status = row.status;
    one.accuracy = row.more(kLogitAccuracy);
    one.rank = whole(row.more(kLogitRank));
    one.noise = row.more(kLogitNoise);
    one.gap = row.more(kLogitGap);
    one.vectors = parameters.integer("queries");
    one.predicted_queries = whole(row.predicted_queries);
    one.repeated = whole(row.repeated);
    one.evidence = row.evidence;
    if (row.extra.size() > kLogitColumns) {
      one.values.assign(row.extra.begin() + kLogitColumns, row.extra.end());
    }
    result.push_back(std::move(one));
  }
  return result;
}

void add_logit_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  const std::vector<LogitRow> rows = logit_rows(spec.parameters, recovered.rows);
  const std::vector<LogitRow> finished = logit_rows(spec.parameters, recovered.finished);
  const std::vector<SizeRow> sizes = size_rows(spec, rows), judged = size_rows(spec, finished);
  const std::vector<const LogitRow*> shown = shown_rows(spec, rows);
  std::vector<SpectrumRow> spectra;
  for (const LogitRow* row : shown) {
    for (std::size_t k = 0; k < row->values.size(); ++k) {
      spectra.push_back(
          {row->dim, row->answers, static_cast<std::int64_t>(k + 1), row->values[k], row->noise});
    }
  }
  findings.result.tables = {recovery_table().of(rows), size_table().of(sizes),
                            spectrum_table().of(spectra)};
  const std::vector<LogitCase> cases = logit_cases(spec.parameters);
  const auto any = [&cases](bool (*kind)(std::string_view)) {
    return std::ranges::any_of(cases, [&](const LogitCase& one) { return kind(one.name); });
  };
  std::vector<Claim>& claims = findings.result.claims;
  if (any(is_exact)) claims.push_back(size_claim(spec, finished, judged));
  if (any(is_rounded)) claims.push_back(rounded_claim(finished, judged));
  if (any(is_top)) claims.push_back(top_claim(finished, judged));
  claims.push_back(space_claim(finished, judged));
  findings.figures = {spectrum_figure(spec, shown), error_figure(spec, sizes),
                      share_figure(spec, sizes)};
  if (dims_of(spec).size() > 1) {
    findings.figures.insert(findings.figures.begin() + 1, rank_figure(spec, rows));
  }
}

}  // namespace attnlab::extraction
