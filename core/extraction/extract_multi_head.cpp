// extract-multi-head: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/multi_head.h"
#include "core/extraction/recovery.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kSameFunction = 1e-12, kExactHeads = 1e-6;
constexpr double kDifferentParameters = 1e-6;  // distance over size: far above rounding
constexpr double kToldApart = 1e6;             // gap at three tokens over the gap at two
constexpr std::size_t kLongest = 4;            // twins are compared at lengths 1 .. 4

/// Job 0 compares twins; the others recover heads.
const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"heads", "dim", "trials"},
      .method = "rational-function",
      .memory_parameter = "dim",
      .jobs_before = 1,
      .extra = {{"heads", "heads H", "", ColumnType::kNumber},
                {"heads_found", "heads found", "", ColumnType::kNumber},
                {"condition", "condition", "", ColumnType::kNumber}}};
  return description;
}

/// RecoveryRow::extra of the rows that job 0 makes, for the table `twins`.
enum TwinColumn : std::size_t {
  kLength,
  kShift,     ///< NaN but for "mirrored"
  kDistance,  ///< of the parameters
  kSize,      ///< of the parameters: the larger distance from no heads at all
  kGap,
  kTwinColumns
};

std::vector<RecoveryRow> twin_rows(const RunSpec& spec) {
  std::vector<RecoveryRow> rows;
  const auto dim = static_cast<std::size_t>(spec.parameters.integers("dim").front());
  const std::vector<double>& shifts = spec.parameters.reals("shift");
  for (const double shift : shifts) {
    RandomStream stream(spec.seed, hash_name("extract/twins"), 0);
    for (const TwinHeads& twins :
         twin_heads(stream, dim, spec.parameters.real("weight-scale"), shift)) {
      if (twins.id != "mirrored" && shift != shifts.front()) continue;
      for (std::size_t length = 1; length <= kLongest; ++length) {
        RecoveryRow row;
        row.method = twins.id;
        row.dim = static_cast<double>(dim);
        row.evidence = twins.reason;
        row.extra = {
            static_cast<double>(length), twins.id == "mirrored" ? shift : kUnknown,
            parameter_distance(twins.first, twins.second),
            std::max(parameter_distance(twins.first, {}), parameter_distance(twins.second, {})),
            length_gap(twins.first, twins.second, length, 100,
                       RandomStream(spec.seed, hash_name("extract/twin-inputs"), 0))};
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

/// `found` in the order that is nearest to `truth`.
std::vector<Head> aligned(const std::vector<Head>& found, const std::vector<Head>& truth) {
  std::vector<std::size_t> order(found.size()), best;
  std::iota(order.begin(), order.end(), std::size_t{0});
  double least = INFINITY;
  const auto arranged = [&] {
    std::vector<Head> heads;
    for (const std::size_t h : order) heads.push_back(found[h].clone());
    return heads;
  };
  do {
    const std::vector<Head> heads = arranged();
    double sum = 0;
    for (std::size_t h = 0; h < heads.size(); ++h) {
      std::vector<Head> a, b;
      a.push_back(heads[h].clone());
      b.push_back(truth[h].clone());
      sum += parameter_distance(a, b);
    }
    if (sum < least || best.empty()) {
      least = sum;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  order = best;
  return arranged();
}

double count_of_paper(double heads, double dim) {
  return 4 * heads * dim * dim - 2 * heads + 1;
}

RecoveryRow heads_row(const RecoveryJob& job, const std::vector<Head>& truth,
                      const MultiHeadKnowledge& known, const Oracle& oracle, const Outcome& outcome,
                      MatrixPair& shown) {
  RecoveryRow row = row_of(job, oracle, outcome);
  row.repeated = static_cast<double>(known.repeated);
  const double count = static_cast<double>(truth.size());
  row.predicted_queries = count_of_paper(count, row.dim);
  row.extra = {count, static_cast<double>(known.heads.size()), known.condition};
  if (known.heads.size() != truth.size()) return row;
  const std::vector<Head> heads = aligned(known.heads, truth);
  row.v_error = row.w_error = 0;
  for (std::size_t k = 0; k < heads.size(); ++k) {
    row.v_error = std::max(row.v_error, largest_relative_error(heads[k].value, truth[k].value));
    row.w_error = std::max(
        row.w_error, largest_relative_error(heads[k].weight.values(), truth[k].weight.values()));
  }
  shown = matrix_pair(truth[0].weight, heads[0].weight);
  std::vector<Head> a, b;
  for (std::size_t k = 0; k < heads.size(); ++k) {
    a.push_back(truth[k].clone());
    b.push_back(heads[k].clone());
  }
  HeadsOracle first(std::move(a)), second(std::move(b));
  row.function_gap = function_gap(first, second, job.gap_stream());
  return row;
}

JobNeeds needs(const RunSpec&, const RecoveryJob& job) {
  const double d = static_cast<double>(job.dim);
  return {2e4 * d * d * std::pow(3.0, job.axis.at("heads")), 1e6};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  Plan plan = recovery().plan(spec, needs);
  plan.jobs.insert(plan.jobs.begin(), {"heads that cannot be told apart", 1e6});
  return plan;
}

std::string range_text(double low, double high) {
  return short_text(low) + " to " + short_text(high);
}

/// Pairs of different parameters show it; distances are relative to the size of the parameters,
/// so that small heads count as large ones do.
Claim twin_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5",
              "Heads are not determined: with the same W, without value or cancelling, different "
              "parameters give the same answers at every length.",
              ClaimStatus::kUndecided, "The comparison is not finished yet."};
  double gap = 0, least = INFINITY, most = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method == "mirrored") continue;
    gap = std::max(gap, row.extra[kGap]);
    const double distance = row.extra[kDistance] / row.extra[kSize];
    least = std::min(least, distance);
    most = std::max(most, distance);
  }
  if (!std::isfinite(least)) return claim;
  // The pairs are exact by construction: a gap above rounding or no distance refutes the sentence.
  claim.status = gap < kSameFunction && least > kDifferentParameters ? ClaimStatus::kHolds
                                                                     : ClaimStatus::kFails;
  claim.judged = "One pair with a distance far above rounding shows that there are such heads.";
  claim.evidence = "Three pairs at lengths 1 to 4: largest function gap " + short_text(gap) +
                   ", distance of the parameters " + range_text(least, most) +
                   " of their size (more than " + short_text(kDifferentParameters) + " is wanted).";
  return claim;
}

Claim mirrored_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5", "Two tokens cannot tell {(W, v), (−W, v)} from {(W′, v), (−W′, v)}; three can.",
              ClaimStatus::kUndecided, "The comparison is not finished yet."};
  double shift = 0, distance = 0, two = 0, three = 0;
  int tries = 0, told = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method != "mirrored") continue;
    if (row.extra[kLength] <= 2) {
      two = std::max(two, row.extra[kGap]);
      ++tries;
      told += row.extra[kGap] >= kSameFunction;
    }
    if (row.extra[kLength] == 3 && row.extra[kShift] >= shift) {
      shift = row.extra[kShift];
      distance = row.extra[kDistance];
      three = row.extra[kGap];
    }
  }
  if (distance == 0) {
    claim.evidence = shift == 0 && !rows.empty() ? "Needs a shift above 0." : claim.evidence;
    return claim;
  }
  if (told > 0 || three > kToldApart * std::max(two, 1e-16)) {
    apply(judge_universal(told, tries, "comparison", "comparisons"), claim);
  }
  claim.evidence = "Gap at one and two tokens at most " + short_text(two) +
                   " for every W′; at three tokens " + short_text(three) +
                   " for the farthest one (distance " + short_text(distance) + ").";
  return claim;
}

Claim recovery_claim(const RunSpec& spec, const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5", "Longer queries determine the heads up to order (canonical form).",
              ClaimStatus::kUndecided, "No trial is finished yet."};
  int seen = 0, good = 0, forbidden = 0, fewer = 0;
  double error = 0;
  std::string why;
  for (const RecoveryRow& row : rows) {
    ++seen;
    fewer += row.queries <= row.predicted_queries;
    if (is_recovered(row) && row.w_error < kExactHeads) {
      ++good;
      error = std::max(error, row.w_error);
    } else {
      forbidden += row.status == "not-identifiable";
      if (why.empty()) why = " H = " + short_text(row.more(0)) + ": " + row.evidence;
    }
  }
  if (seen == 0) return claim;
  const int decided = seen - forbidden;  // double precision forbids the others
  if (decided > 0) apply(judge_universal(decided - good, decided, "box", "boxes"), claim);
  claim.evidence = std::to_string(good) + " of " +
                   counted(static_cast<std::size_t>(seen), "trial") + ": every W to 1e-6" +
                   (good > 0 ? " (worst " + short_text(error) + ")" : "") + "; " +
                   std::to_string(fewer) + " with at most 4Hd² − 2H + 1 queries." + why;
  const std::vector<std::int64_t>& heads = spec.parameters.integers("heads");
  if (heads.size() == 1) claim.evidence += " H = " + std::to_string(heads[0]) + ".";
  return claim;
}

/// What job 0 found.
std::vector<RecoveryRow> twins_of(const Recovered& recovered) {
  if (recovered.reports.empty() || recovered.reports.front().index != 0) return {};
  std::vector<RecoveryRow> rows = recovered.reports.front().report.rows;
  std::erase_if(rows, [](const RecoveryRow& row) { return row.extra.size() != kTwinColumns; });
  return rows;
}

Table twin_table(const std::vector<RecoveryRow>& rows) {
  Table table{"twins",
              "Pairs of different heads and how far their answers differ, by length of the query",
              {{"kind", "kind", "", ColumnType::kText},
               {"length", "tokens N", "", ColumnType::kWhole},
               {"shift", "shift of W′", "", ColumnType::kNumber},
               {"parameter_distance", "parameter distance", "", ColumnType::kNumber},
               {"function_gap", "function gap", "", ColumnType::kNumber},
               {"reason", "reason", "", ColumnType::kText},
               {"parameter_size", "parameter size", "", ColumnType::kNumber}},
              {}};
  for (const RecoveryRow& row : rows) {
    table.rows.push_back({row.method, static_cast<std::int64_t>(row.extra[kLength]),
                          real_cell(row.extra[kShift]), real_cell(row.extra[kDistance]),
                          real_cell(row.extra[kGap]), row.evidence, real_cell(row.extra[kSize])});
  }
  return table;
}

Figure shift_figure(const std::vector<RecoveryRow>& twins) {
  Figure figure;
  figure.id = "mirrored";
  figure.title = "Two tokens cannot see it, three can";
  figure.subtitle =
      "Answers of {(W, v), (−W, v)} against {(W′, v), (−W′, v)}: largest gap over 100 "
      "inputs of N tokens, in standard deviations. Below 1e-12 is rounding.";
  figure.x = {"distance of W′ from W, per √d", true, 0, 0, {}};
  figure.y = {"gap between the answers", true, 1e-17, 10, {}};
  figure.draw_lines().references = {{false, kSameFunction, "rounding"}};
  figure.table = "twins";
  figure.empty_text = "Press Run: the first job compares the pairs.";
  for (std::size_t length = 2; length <= kLongest; ++length) {
    Series series;
    series.id = series.label = "N = " + std::to_string(length);
    series.colour = length == 2 ? kColourRfa : length == 3 ? kColourBrfa : kColourRfmlp;
    for (const RecoveryRow& row : twins) {
      if (row.method != "mirrored" || row.extra[kLength] != static_cast<double>(length)) continue;
      series.points.push_back({row.extra[kShift], std::max(row.extra[kGap], 1e-17), kUnknown, 1});
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

Figure query_figure(const RunSpec& spec, const Recovered& recovered) {
  Figure figure = dimension_figure(
      "queries", "What do more heads cost?",
      "Queries until all heads are known; trials that double precision forbids are not drawn. "
      "Bars: ±1 standard error over trials.",
      "queries");
  figure.empty_text.clear();
  int variant = 0;
  for (const std::int64_t heads : spec.parameters.integers("heads")) {
    const std::string count = std::to_string(heads);
    const double h = static_cast<double>(heads);
    Series measured;
    measured.id = "heads/" + count;
    measured.label = "H = " + count;
    measured.colour = kColourRfa;
    measured.points = mean_points(
        recovered.rows,
        [h](const RecoveryRow& row) { return row.more(0) == h && is_recovered(row); },
        &RecoveryRow::dim, &RecoveryRow::queries);
    Series line = count_line("predicted/" + count, "4Hd² − 2H + 1, H = " + count,
                             "the count of arXiv 2608.03294 for another algorithm; ours takes 0.5 "
                             "to 3 times as many",
                             dims_of(spec), [h](double d) { return count_of_paper(h, d); });
    line.role = SeriesRole::kTheory;
    measured.variant = line.variant = variant++;
    figure.draw_lines().series.push_back(std::move(measured));
    figure.draw_lines().series.push_back(std::move(line));
  }
  return figure;
}

}  // namespace

Experiment MultiHeadExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-multi-head";
  experiment.family = "B";
  experiment.title = "Several heads";
  experiment.question = "Can several heads be told apart?";
  experiment.summary =
      "With several heads, different parameters can give the same answers: heads may split, cancel "
      "or do nothing. With two tokens even a whole family of matrices looks the same; a third "
      "token "
      "tells them apart. What answers do determine is recovered from many copies of one token.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 16,
                 .default_value = integers({3, 4, 6, 8}),
                 .suggested = {3, 4, 6, 8},
                 .primary = true}),
      described({.name = "heads",
                 .label = "Heads",
                 .symbol = "H",
                 .help = "heads in the box; queries have up to 2^(2H−1) + 1 tokens",
                 .min = 1,
                 .max = 4,
                 .default_value = integers({2}),
                 .suggested = {1, 2, 3},
                 .primary = true}),
      described({.name = "shift",
                 .label = "Distance of W′",
                 .help = "how far W′ is from W, per √d: the pair that two tokens cannot "
                         "tell apart",
                 .min = 1e-3,
                 .max = 100,
                 .default_value = reals({0.01, 0.03, 0.1, 0.3, 1, 3}),
                 .suggested = {0.1, 1, 3},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "boxes drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{3},
                 .suggested = {1, 3, 5, 10},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of each W on average",
                 .min = 1e-2,
                 .max = 100,
                 .default_value = 3.0,
                 .suggested = {1, 3, 10},
                 .logarithmic = true}),
  };
  experiment.presets = {
      {"first-look",
       "What can two heads hide?",
       "Move W′ away from W: answers to one and two tokens never change, answers to three tokens "
       "do. "
       "Then two heads are recovered from queries that repeat one token. Next: three heads.",
       {}},
      {"three-heads",
       "How far do three heads go?",
       "Each more head costs digits: the fits behind it are harder to resolve. Watch the error and "
       "the condition number in the table, and the trials that double precision forbids.",
       {{"heads", "1,2,3"}, {"dim", "3,5"}, {"trials", "4"}}}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps MultiHeadExperiment::start(RunSpec spec, std::uint32_t index) {
  JobReport report;
  if (index == 0) {
    report.rows = twin_rows(spec);
    co_return JobResult{encode(report)};
  }
  const Expected<RecoveryJob> planned = recovery().job(spec, index - 1);
  if (!planned) co_return planned.error();
  const RecoveryJob& job = *planned;
  const auto heads = static_cast<std::uint32_t>(job.axis.at("heads"));
  std::vector<Head> truth, copy;
  for (std::uint32_t h = 0; h < heads; ++h) {
    RandomStream stream(spec.seed, hash_name("extract/head"), static_cast<std::uint32_t>(job.trial),
                        static_cast<std::uint32_t>(job.dim * 16) + h);
    Head head{random_weight(stream, job.dim, job.dim, spec.parameters.real("weight-scale")),
              std::vector<double>(job.dim)};
    stream.fill_normal(head.value);
    copy.push_back(head.clone());
    truth.push_back(std::move(head));
  }
  HeadsOracle oracle(std::move(copy));
  MultiHeadKnowledge known;
  MultiHeadOptions options;
  options.heads = heads;
  options.worst_condition = 1e11;
  options.seed = spec.seed + job.trial;
  const double expected = static_cast<double>(2 * heads * job.dim * job.dim + 4 * job.dim);
  const auto progress = [&oracle, expected] {
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / expected));
  };
  Steps<Outcome> learning =
      learn_from(oracle, learn_heads(known, job.dim, options), kProbeStep, progress);
  const Outcome outcome = co_await learning;
  report.rows.push_back(heads_row(job, truth, known, oracle, outcome, report.matrices));
  co_return JobResult{encode(report)};
}

Findings MultiHeadExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Findings findings;
  const Recovered recovered = recovery().read(spec, outputs, findings.result.notes);
  const std::vector<RecoveryRow> twins = twins_of(recovered);
  findings.result.tables = recovery().tables(recovered);
  findings.result.tables.insert(findings.result.tables.begin() + 1, twin_table(twins));
  findings.result.claims = {twin_claim(twins), mirrored_claim(twins),
                            recovery_claim(spec, recovered.finished)};
  findings.figures = {
      shift_figure(twins), query_figure(spec, recovered),
      matrix_figure(shown_matrices(recovered.reports), "W of the first head of one trial.")};
  return findings;
}

}  // namespace attnlab::extraction
