// extract-logits: its tables and claims.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/extract_logits.h"
#include "core/extraction/learn/grain.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"

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
      [](const LogitRow& row) { return is_top(row.answers) && row.vectors > row.dim; },
      [](const LogitRow& row) {
        return row.found() && row.queries - row.repeated == row.predicted_queries;
      });
  claim.evidence += share_texts(sizes, is_top);
  std::int64_t most = 0, repeated = 0;
  for (const LogitRow& row : rows) {
    if (!is_top(row.answers)) continue;
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

}  // namespace

std::vector<const LogitRow*> shown_rows(const RunSpec& spec, const std::vector<LogitRow>& rows) {
  std::vector<const LogitRow*> shown;
  const double dim = dims_of(spec).back();
  for (const LogitRow& row : rows) {
    if (static_cast<double>(row.dim) == dim && !row.values.empty()) shown.push_back(&row);
  }
  return shown;
}

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
  findings.figures = logit_figures(spec, rows, sizes);
}

}  // namespace attnlab::extraction
