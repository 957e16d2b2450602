// extract-multi-head: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/base/text.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/multi_head.h"
#include "core/extraction/report.h"

namespace attnlab::extraction {
namespace {

constexpr double kSameFunction = 1e-12, kDifferentParameters = 1, kExactHeads = 1e-6;
constexpr std::size_t kLongest = 4;  // twins are compared at lengths 1 .. 4

struct Setup {
  std::vector<std::int64_t> dims, heads;
  std::vector<double> shifts;
  std::size_t trials = 1;
  double scale = 3;
  /// Job 0 compares twins; the others recover heads.
  std::size_t jobs() const { return 1 + dims.size() * heads.size() * trials; }
};

Setup read_setup(const ParameterSet& parameters) {
  return {parameters.integers("dim"), parameters.integers("heads"), parameters.reals("shift"),
          static_cast<std::size_t>(parameters.integer("trials")), parameters.real("weight-scale")};
}

struct JobName {
  std::size_t dim = 0, heads = 0, trial = 0;
};

JobName job_name(const Setup& setup, std::size_t index) {
  --index;
  JobName job;
  job.trial = index % setup.trials;
  index /= setup.trials;
  job.dim = static_cast<std::size_t>(setup.dims[index % setup.dims.size()]);
  job.heads = static_cast<std::size_t>(setup.heads[index / setup.dims.size()]);
  return job;
}

/// Rows of the table `twins`: extra = length, shift, distance, gap, longest length that agrees.
std::vector<RecoveryRow> twin_rows(const Setup& setup, std::uint64_t seed) {
  std::vector<RecoveryRow> rows;
  const auto dim = static_cast<std::size_t>(setup.dims.front());
  for (const double shift : setup.shifts) {
    RandomStream stream(seed, hash_name("extract/twins"), 0);
    for (const TwinHeads& twins : twin_heads(stream, dim, setup.scale, shift)) {
      if (twins.id != "mirrored" && shift != setup.shifts.front()) continue;
      for (std::size_t length = 1; length <= kLongest; ++length) {
        RecoveryRow row;
        row.method = twins.id;
        row.dim = static_cast<double>(dim);
        row.evidence = twins.reason;
        row.extra = {static_cast<double>(length), twins.id == "mirrored" ? shift : kUnknown,
                     parameter_distance(twins.first, twins.second),
                     length_gap(twins.first, twins.second, length, 100,
                                RandomStream(seed, hash_name("extract/twin-inputs"), 0)),
                     twins.longest == 0 ? kUnknown : static_cast<double>(twins.longest)};
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

RecoveryRow row_of(const JobName& job, const std::vector<Head>& truth,
                   const MultiHeadKnowledge& known, Oracle& oracle, const Outcome& outcome,
                   MatrixPair& shown) {
  RecoveryRow row;
  row.method = "rational-function";
  row.dim = static_cast<double>(job.dim);
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.check_queries = static_cast<double>(oracle.checking_queries());
  row.repeated = static_cast<double>(known.repeated);
  const double d = row.dim, h = static_cast<double>(job.heads);
  row.predicted_queries = 4 * h * d * d - 2 * h + 1;
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
  row.extra = {h, static_cast<double>(known.heads.size()), known.condition};
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
  row.function_gap = function_gap(first, second, RandomStream(7, hash_name("extract/gap"), 0));
  return row;
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  const Setup setup = read_setup(spec.parameters);
  if (index >= setup.jobs()) co_return Error{"this run has no job " + std::to_string(index)};
  JobReport report;
  if (index == 0) {
    report.rows = twin_rows(setup, spec.seed);
    co_return JobResult{encode(report)};
  }
  const JobName job = job_name(setup, index);
  std::vector<Head> truth, copy;
  for (std::uint32_t h = 0; h < job.heads; ++h) {
    RandomStream stream(spec.seed, hash_name("extract/head"), static_cast<std::uint32_t>(job.trial),
                        static_cast<std::uint32_t>(job.dim * 16) + h);
    Head head{random_weight(stream, job.dim, job.dim, setup.scale), std::vector<double>(job.dim)};
    stream.fill_normal(head.value);
    copy.push_back(head.clone());
    truth.push_back(std::move(head));
  }
  HeadsOracle oracle(std::move(copy));
  MultiHeadKnowledge known;
  MultiHeadOptions options;
  options.heads = job.heads;
  options.worst_condition = 1e11;
  options.seed = spec.seed + job.trial;
  const double expected = static_cast<double>(2 * job.heads * job.dim * job.dim + 4 * job.dim);
  const auto progress = [&oracle, expected] {
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / expected));
  };
  Steps<Outcome> learning =
      learn_from(oracle, learn_heads(known, job.dim, options), kProbeStep, progress);
  const Outcome outcome = co_await learning;
  report.rows.push_back(row_of(job, truth, known, oracle, outcome, report.matrices));
  co_return JobResult{encode(report)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const Setup setup = read_setup(spec.parameters);
  Plan plan;
  plan.memory_parameter = "dim";
  plan.job_bytes = 1e6;
  plan.jobs.push_back({"heads that cannot be told apart", 1e6});
  for (std::size_t i = 1; i < setup.jobs(); ++i) {
    const JobName job = job_name(setup, i);
    const double d = static_cast<double>(job.dim);
    plan.jobs.push_back({std::to_string(job.heads) + " heads, d = " + std::to_string(job.dim) +
                             ", trial " + std::to_string(job.trial + 1) + " of " +
                             std::to_string(setup.trials),
                         2e4 * d * d * std::pow(3.0, static_cast<double>(job.heads))});
  }
  return plan;
}

std::string range_text(double low, double high) {
  return short_text(low) + " to " + short_text(high);
}

Claim twin_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5",
              "Heads are not determined: with the same W, without value or cancelling, different "
              "parameters give the same answers at every length.",
              ClaimStatus::kUndecided, "The comparison is not finished yet."};
  double gap = 0, least = INFINITY, most = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method == "mirrored") continue;
    gap = std::max(gap, row.extra[3]);
    least = std::min(least, row.extra[2]);
    most = std::max(most, row.extra[2]);
  }
  if (!std::isfinite(least)) return claim;
  claim.status = gap < kSameFunction && least > kDifferentParameters ? ClaimStatus::kHolds
                                                                     : ClaimStatus::kFails;
  claim.evidence = "Three pairs at lengths 1 to 4: largest function gap " + short_text(gap) +
                   ", parameter distance " + range_text(least, most) + ".";
  return claim;
}

Claim mirrored_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5", "Two tokens cannot tell {(W, v), (−W, v)} from {(W′, v), (−W′, v)}; three can.",
              ClaimStatus::kUndecided, "The comparison is not finished yet."};
  double shift = 0, distance = 0, two = 0, three = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method != "mirrored") continue;
    if (row.extra[0] <= 2) two = std::max(two, row.extra[3]);
    if (row.extra[0] == 3 && row.extra[1] >= shift) {
      shift = row.extra[1];
      distance = row.extra[2];
      three = row.extra[3];
    }
  }
  if (distance == 0) {
    claim.evidence = shift == 0 && !rows.empty() ? "Needs a shift above 0." : claim.evidence;
    return claim;
  }
  claim.status = two < kSameFunction && three > 1e6 * std::max(two, 1e-16) ? ClaimStatus::kHolds
                                                                           : ClaimStatus::kFails;
  claim.evidence = "Gap at one and two tokens " + short_text(two) +
                   " for every W′; at three tokens " + short_text(three) +
                   " for the farthest one (distance " + short_text(distance) + ").";
  return claim;
}

Claim recovery_claim(const Setup& setup, const std::vector<RecoveryRow>& rows) {
  Claim claim{"B5", "Longer queries determine the heads up to order (canonical form).",
              ClaimStatus::kUndecided, "No trial is finished yet."};
  std::size_t seen = 0, good = 0, forbidden = 0, fewer = 0;
  double error = 0;
  std::string why;
  for (const RecoveryRow& row : rows) {
    ++seen;
    fewer += row.queries <= row.predicted_queries;
    if (row.status == "recovered" && row.w_error < kExactHeads) {
      ++good;
      error = std::max(error, row.w_error);
    } else {
      forbidden += row.status == "not-identifiable";
      if (why.empty()) why = " H = " + short_text(row.extra[0]) + ": " + row.evidence;
    }
  }
  if (seen == 0) return claim;
  claim.status = good == seen               ? ClaimStatus::kHolds
                 : good + forbidden == seen ? ClaimStatus::kUndecided
                                            : ClaimStatus::kFails;
  claim.evidence = std::to_string(good) + " of " + std::to_string(seen) +
                   " trials give every W to 1e-6" +
                   (good > 0 ? " (worst " + short_text(error) + ")" : "") + "; " +
                   std::to_string(fewer) + " with at most 4Hd² − 2H + 1 queries." + why;
  if (setup.heads.size() == 1) claim.evidence += " H = " + std::to_string(setup.heads[0]) + ".";
  return claim;
}

struct Split {
  std::vector<RecoveryRow> twins;
  std::vector<DecodedReport> recoveries;
};

Split split_reports(std::vector<DecodedReport> reports) {
  Split split;
  for (DecodedReport& decoded : reports) {
    if (decoded.index > 0) {
      split.recoveries.push_back(std::move(decoded));
      continue;
    }
    for (RecoveryRow& row : decoded.report.rows) {
      if (row.extra.size() == 5) split.twins.push_back(std::move(row));
    }
  }
  return split;
}

Table twin_table(const std::vector<RecoveryRow>& rows) {
  Table table{"twins",
              "Pairs of different heads and how far their answers differ, by length of the query",
              {{"kind", "kind", ""},
               {"length", "tokens N", ""},
               {"shift", "shift of W′", ""},
               {"parameter_distance", "parameter distance", ""},
               {"function_gap", "function gap", ""},
               {"reason", "reason", ""}},
              {}};
  for (const RecoveryRow& row : rows) {
    table.rows.push_back({row.method, static_cast<std::int64_t>(row.extra[0]),
                          real_cell(row.extra[1]), real_cell(row.extra[2]), real_cell(row.extra[3]),
                          row.evidence});
  }
  return table;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec.parameters);
  Result result;
  const Split split = split_reports(decode_reports(outputs, setup.jobs(), result.notes));
  result.tables.push_back(recovery_table(split.recoveries, {{"heads", "heads H", ""},
                                                            {"heads_found", "heads found", ""},
                                                            {"condition", "condition", ""}}));
  result.tables.push_back(twin_table(split.twins));
  if (const MatrixPair* shown = shown_matrices(split.recoveries)) {
    result.tables.push_back(weight_table(*shown));
  }
  result.claims = {twin_claim(split.twins), mirrored_claim(split.twins),
                   recovery_claim(setup, recovery_rows(split.recoveries))};
  return result;
}

Figure shift_figure(const Result& result) {
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
  const Table* table = result.table("twins");
  for (std::int64_t length = 2; length <= static_cast<std::int64_t>(kLongest); ++length) {
    Series series;
    series.id = series.label = "N = " + std::to_string(length);
    series.colour = length == 2 ? kColourRfa : length == 3 ? kColourBrfa : kColourRfmlp;
    for (const auto& row : table == nullptr ? std::vector<std::vector<Cell>>{} : table->rows) {
      const double shift = number(row[2]);
      if (std::get<std::string>(row[0]) != "mirrored" || number(row[1]) != double(length) ||
          !(shift > 0)) {
        continue;
      }
      series.points.push_back({shift, std::max(number(row[4]), 1e-17), kUnknown, 1});
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

Figure query_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "queries";
  figure.title = "What do more heads cost?";
  figure.subtitle = "Queries until all heads are known. Bars: ±1 standard error over trials.";
  figure.x = {"dimension d", true, 0, 0, {}};
  figure.y = {"queries", true, 0, 0, {}};
  figure.table = "recovery";
  const Table* table = result.table("recovery");
  for (std::size_t k = 0; k < setup.heads.size(); ++k) {
    const std::string count = std::to_string(setup.heads[k]);
    Series measured, predicted;
    measured.id = "heads/" + count;
    measured.label = "H = " + count;
    measured.colour = kColourRfa;
    predicted.id = "predicted/" + count;
    predicted.label = "4Hd² − 2H + 1, H = " + count;
    predicted.role = SeriesRole::kExact;
    predicted.colour = kColourReference;
    measured.variant = predicted.variant = static_cast<int>(k);
    if (table != nullptr) {
      Table part = *table;
      const std::size_t column = table->column("heads");
      std::erase_if(part.rows, [&](const std::vector<Cell>& row) {
        return number(row[column]) != static_cast<double>(setup.heads[k]);
      });
      measured.points = mean_points(part, "rational-function", "dim", "queries", true);
    }
    const double h = static_cast<double>(setup.heads[k]);
    for (const std::int64_t dim : setup.dims) {
      const double d = static_cast<double>(dim);
      predicted.points.push_back({d, 4 * h * d * d - 2 * h + 1, 0, 0});
    }
    figure.draw_lines().series.push_back(std::move(measured));
    figure.draw_lines().series.push_back(std::move(predicted));
  }
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Setup setup = read_setup(spec.parameters);
  return {shift_figure(result), query_figure(setup, result),
          matrix_figure(result, "W of the first head of one trial.")};
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
      primary(integer_list_parameter("dim", "Token dimension", "d", "length of a token", 1, 16,
                                     {3, 4, 6, 8}, {3, 4, 6, 8})),
      primary(integer_list_parameter("heads", "Heads", "H",
                                     "heads in the box; queries have up to 2^(2H−1) + 1 tokens", 1,
                                     4, {2}, {1, 2, 3})),
      primary(real_list_parameter("shift", "Distance of W′", "",
                                  "how far W′ is from W, per √d: the pair that two tokens cannot "
                                  "tell apart",
                                  1e-3, 100, {0.01, 0.03, 0.1, 0.3, 1, 3}, {0.1, 1, 3})),
      primary(integer_parameter("trials", "Trials", "", "boxes drawn independently", 1, 1000, 3,
                                {1, 3, 5, 10})),
      real_parameter("weight-scale", "Size of W", "‖W‖", "Frobenius norm of each W on average",
                     1e-2, 100, 3, {1, 3, 10}),
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
  return start_job(std::move(spec), index);
}

Findings MultiHeadExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
