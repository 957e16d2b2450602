// extract-twins: two pairs of heads that no question of two tokens can distinguish, live.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/multi_head.h"
#include "core/extraction/report.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kReach = 3;
constexpr int kPoints = 121;
constexpr double kSame = 1e-12;

/// {(w, 1), (-w, 1)} for tokens of one number.
std::vector<Head> opposite_heads(double w) {
  std::vector<Head> heads;
  for (const double sign : {1.0, -1.0}) {
    heads.push_back({Matrix<double>(1, 1), {1.0}});
    heads.back().weight(0, 0) = sign * w;
  }
  return heads;
}

/// Answers to [t; y] or [t, a; y] for kPoints values of t.
struct Curve {
  std::vector<double> t, answers;
};

Curve answers_of(double w, bool third, const RunSpec& spec) {
  Curve curve;
  QueryBatch batch(1);
  const double fixed = spec.parameters.real("third-token");
  const double asked = spec.parameters.real("query-token");
  const std::uint32_t a = batch.token({&fixed, 1}), y = batch.token({&asked, 1});
  for (int i = 0; i < kPoints; ++i) {
    const double t = kReach * (2.0 * i / (kPoints - 1) - 1);
    const std::uint32_t moving = batch.token({&t, 1});
    if (third) {
      batch.query({moving, a, y});
    } else {
      batch.query({moving, y});
    }
    curve.t.push_back(t);
  }
  HeadsOracle box(opposite_heads(w));
  const Expected<std::vector<double>> answers = box.ask(batch);
  curve.answers = answers ? *answers : std::vector<double>(curve.t.size(), kUnknown);
  return curve;
}

struct Comparison {
  Curve first, second;
  double gap = 0;  // largest difference

  int differing() const {
    int count = 0;
    for (std::size_t i = 0; i < first.answers.size(); ++i) {
      count += std::abs(first.answers[i] - second.answers[i]) > kSame;
    }
    return count;
  }
};

Comparison compare(const RunSpec& spec, bool third) {
  Comparison both{answers_of(spec.parameters.real("weight"), third, spec),
                  answers_of(spec.parameters.real("other-weight"), third, spec)};
  for (std::size_t i = 0; i < both.first.answers.size(); ++i) {
    both.gap = larger_gap(both.gap, std::abs(both.first.answers[i] - both.second.answers[i]));
  }
  return both;
}

bool same_set(const RunSpec& spec) {
  return std::abs(spec.parameters.real("weight")) == std::abs(spec.parameters.real("other-weight"));
}

Claim claim_of(const RunSpec& spec, const Comparison& two, const Comparison& three) {
  Claim claim{
      "B5",
      "{(W, v), (−W, v)} and {(W′, v), (−W′, v)} answer every question of two tokens alike, "
      "and differ for three.",
      ClaimStatus::kUndecided,
      "Largest difference over " + std::to_string(kPoints) + " questions: two tokens " +
          short_text(two.gap) + ", three tokens " + short_text(three.gap) + "."};
  const double w = spec.parameters.real("weight"), other = spec.parameters.real("other-weight");
  if (two.gap > kSame) {
    apply(judge_universal(two.differing(), kPoints, "question", "questions"), claim);
  } else if (same_set(spec)) {
    claim.evidence += " W′ = ±W is the same set of heads: move W′.";
  } else if (spec.parameters.real("query-token") == 0) {
    claim.evidence += " A query token of 0 scores all keys alike: choose another one.";
  } else if (three.gap > kSame) {
    apply(judge_universal(0, kPoints, "question", "questions"), claim);
    claim.evidence += " The distance of the parameters is " +
                      short_text(parameter_distance(opposite_heads(w), opposite_heads(other))) +
                      ".";
  }
  return claim;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput>) {
  const Comparison two = compare(spec, false), three = compare(spec, true);
  Result result;
  Table table{"answers",
              "Answers of both pairs to a question whose first token t moves",
              {{"tokens", "tokens", "", ColumnType::kWhole},
               {"t", "t", "", ColumnType::kNumber},
               {"first", "with W", "", ColumnType::kNumber},
               {"second", "with W′", "", ColumnType::kNumber},
               {"difference", "difference", "", ColumnType::kNumber}},
              {}};
  for (const Comparison* part : {&two, &three}) {
    for (std::size_t i = 0; i < part->first.t.size(); i += 10) {
      const double a = part->first.answers[i], b = part->second.answers[i];
      table.rows.push_back({std::int64_t{part == &two ? 2 : 3}, real_cell(part->first.t[i]),
                            real_cell(a), real_cell(b), real_cell(b - a)});
    }
  }
  result.tables.push_back(std::move(table));
  result.claims.push_back(claim_of(spec, two, three));
  result.summary = "With two tokens the pairs differ by at most " + short_text(two.gap) +
                   ", with three tokens by up to " + short_text(three.gap) + ".";
  return result;
}

Series curve_series(const Curve& curve, std::string id, std::string label, std::string note,
                    int variant, int colour) {
  Series series;
  series.id = std::move(id);
  series.label = std::move(label);
  series.note = std::move(note);
  series.role = SeriesRole::kCurve;
  series.variant = variant;
  series.colour = colour;
  for (std::size_t i = 0; i < curve.t.size(); ++i) {
    series.points.push_back({curve.t[i], curve.answers[i], 0, 0});
  }
  return series;
}

Handle weight_handle(const char* parameter, double value, double y, std::string label, int colour) {
  Handle handle;
  handle.parameter = parameter;
  handle.y_item = Handle::kFixed;
  handle.x = value;
  handle.y = y;
  handle.help = label + " = " + short_text(value) + ": drag it sideways";
  handle.label = std::move(label);
  handle.colour = colour;
  return handle;
}

Figure comparison_figure(const RunSpec& spec, bool third) {
  const Comparison both = compare(spec, third);
  Figure figure;
  figure.id = third ? "three-tokens" : "two-tokens";
  figure.title = third ? "And with three tokens?" : "Can two tokens tell the pairs apart?";
  figure.subtitle = third ? "The question is [t, a; y]: the curves differ, and cross where tokens "
                            "are equally spaced; they are the same only at W′ = ±W."
                          : "The question is [t; y]: both answer t + y, whatever W and W′ are.";
  figure.invitation = "Drag W and W′.";
  figure.x = {"first token t (and W, W′)", false, -kReach, kReach, {-3, -2, -1, 0, 1, 2, 3}};
  // Room for every answer: a pair's answer lies between -2 * 3 and 2 * 3.
  figure.y = {"answer", false, -8, 7, {-6, -4, -2, 0, 2, 4, 6}};
  figure.draw_lines().series.push_back(
      curve_series(both.first, "first", "W", "{(W, v), (−W, v)} with v = 1", 0, kColourRfa));
  figure.draw_lines().series.push_back(
      curve_series(both.second, "second", "W′", "{(W′, v), (−W′, v)} with v = 1", 1, kColourBrfa));
  figure.handles = {
      weight_handle("weight", spec.parameters.real("weight"), -7, "W", kColourRfa),
      weight_handle("other-weight", spec.parameters.real("other-weight"), -7, "W′", kColourBrfa)};
  figure.table = "answers";
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result&) {
  return {comparison_figure(spec, true), comparison_figure(spec, false)};
}

Expected<Plan> plan(const RunSpec&) {
  return Plan{};
}

}  // namespace

Experiment TwinsExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-twins";
  experiment.family = "B";
  experiment.title = "Hidden pairs";
  experiment.question = "What can two tokens not tell apart?";
  experiment.summary =
      "The sum of two heads with opposite W answers v·(x + y) to any two tokens, because the two "
      "softmax weights of a token add up to 1. So no question of two tokens says anything about W. "
      "A third token does. Tokens have one number here; the same holds for any W in any dimension.";
  const auto real = [](const char* name, const char* label, const char* symbol, const char* help,
                       double value) {
    return described({.name = name,
                      .label = label,
                      .symbol = symbol,
                      .help = help,
                      .min = -kReach,
                      .max = kReach,
                      .default_value = value,
                      .primary = true});
  };
  experiment.schema.parameters = {
      real("weight", "First pair", "W", "the first pair is (W, v) and (−W, v)", 0.5),
      real("other-weight", "Second pair", "W′", "the second pair is (W′, v) and (−W′, v)", 2),
      real("third-token", "Third token", "a", "the extra token in questions of three tokens", 1.5),
      real("query-token", "Query token", "y", "the last token", -1),
  };
  experiment.layer = heads_layer_text(experiment.schema);
  experiment.presets = {
      {"drag",
       "Drag W′",
       "Two pairs of heads, far apart in their parameters. In the first figure questions have "
       "three tokens and the curves differ; in the second they have two and the curves are the "
       "same, wherever you drag W and W′.",
       {}},
      {"same",
       "The same pair twice",
       "W′ = −W: the pair in another order. No question of any length tells the two apart.",
       {{"other-weight", "-0.5"}}},
  };
  experiment.plan = plan;
  return experiment;
}

Findings TwinsExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
