// Tables and figures of extract-by-hand.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/base/text.h"
#include "core/extraction/by_hand.h"
#include "core/extraction/report.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"

namespace attnlab::extraction {
namespace {

constexpr int kColumnColours[] = {kColourRfa, kColourBrfa};
constexpr const char* kColumnNames[] = {"W e₁", "W e₂"};
constexpr PlaneVector kUnits[] = {{1, 0}, {0, 1}};
constexpr double kGrid = 0.25;

std::string point_text(const PlaneVector& point) {
  return "(" + short_text(point[0]) + ", " + short_text(point[1]) + ")";
}

// --- Tables --------------------------------------------------------------------------------------

struct QuestionRow {
  std::int64_t question;
  double first_1, first_2, query_1, query_2;
  double answer, weight, score;
  std::string lesson;
};

Table question_table(const Interrogation& asked) {
  std::vector<QuestionRow> rows;
  for (const HandAnswer& one : asked.answers) {
    const auto& [first, query] = one.question;
    rows.push_back({static_cast<std::int64_t>(rows.size() + 1), first[0], first[1], query[0],
                    query[1], one.answer, one.weight, one.score,
                    std::string(lesson_text(one.lesson))});
  }
  const RowTable<QuestionRow> table{
      "questions",
      "The questions [a; b] asked, their answers, and what each adds. Weight: of a, from the "
      "answer and v; score: (a − b)ᵀ W b = log(weight / (1 − weight))",
      {column<&QuestionRow::question>("question", "question"),
       column<&QuestionRow::first_1>("first_1", "a₁"),
       column<&QuestionRow::first_2>("first_2", "a₂"),
       column<&QuestionRow::query_1>("query_1", "b₁"),
       column<&QuestionRow::query_2>("query_2", "b₂"),
       column<&QuestionRow::answer>("answer", "answer"),
       column<&QuestionRow::weight>("weight", "weight"),
       column<&QuestionRow::score>("score", "score"),
       column<&QuestionRow::lesson>("lesson", "adds")}};
  return table.of(rows);
}

struct CountRow {
  std::string what;
  std::int64_t unknown, known;
};

Table count_table(const Interrogation& asked) {
  const auto row = [](const char* what, const KnownFunctions& known) {
    return CountRow{what, static_cast<std::int64_t>(known.dim()),
                    static_cast<std::int64_t>(known.rank())};
  };
  const RowTable<CountRow> table{
      "count",
      "Numbers of the head, and how many the answers give so far",
      {column<&CountRow::what>("part", "part"), column<&CountRow::unknown>("unknown", "numbers"),
       column<&CountRow::known>("known", "known")}};
  const std::vector<CountRow> rows{row("v", asked.values), row("W", asked.scores)};
  return table.of(rows);
}

MatrixPair known_matrix(const HandPicture& picture) {
  Matrix<double> known(2, 2);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      std::array<double, 4> entry{};
      entry[2 * i + j] = 1;
      const KnownFunctions& scores = picture.asked.scores;
      known(i, j) = scores.knows(entry) ? scores.value(entry) : kUnknown;
    }
  }
  return matrix_pair(picture.head.weight, known);
}

// --- The plane -----------------------------------------------------------------------------------

/// The two points where the line leaves the square of the figure, in order of x; none if it misses.
std::vector<FigurePoint> inside(const PlaneLine& line) {
  const double r = kHandReach, length = std::hypot(line.normal[0], line.normal[1]);
  const PlaneVector n{line.normal[0] / length, line.normal[1] / length};
  const double offset = line.offset / length;
  double from = -4 * r, to = 4 * r;  // along (-n2, n1) from the point next to the origin
  const PlaneVector base{offset * n[0], offset * n[1]}, along{-n[1], n[0]};
  for (std::size_t i = 0; i < 2; ++i) {
    if (std::abs(along[i]) < 1e-12) {
      if (std::abs(base[i]) > r) return {};
      continue;
    }
    const double a = (-r - base[i]) / along[i], b = (r - base[i]) / along[i];
    from = std::max(from, std::min(a, b));
    to = std::min(to, std::max(a, b));
  }
  if (from >= to) return {};
  std::vector<FigurePoint> points;
  for (const double t : {from, to}) {
    points.push_back({std::clamp(base[0] + t * along[0], -r, r),
                      std::clamp(base[1] + t * along[1], -r, r), 0, 0});
  }
  if (points[1].x < points[0].x) std::swap(points[0], points[1]);
  return points;
}

Series line_series(const PlaneLine& line, std::string id, std::string label, std::string note) {
  Series series;
  series.id = std::move(id);
  series.label = std::move(label);
  series.note = std::move(note);
  series.role = SeriesRole::kCurve;
  series.colour = kColourReference;
  series.points = inside(line);
  return series;
}

/// A line on which a column of W is.
Series column_series(const PlaneLine& line, std::size_t column, const std::string& id,
                     std::string label, const std::string& because) {
  Series series = line_series(line, id + "/" + std::to_string(column + 1), std::move(label),
                              because + kColumnNames[column] + " is on this line");
  series.colour = kColumnColours[column];
  return series;
}

bool same_points(const std::vector<FigurePoint>& a, const std::vector<FigurePoint>& b) {
  return std::ranges::equal(a, b, [](const FigurePoint& p, const FigurePoint& q) {
    return std::hypot(p.x - q.x, p.y - q.y) < 1e-9;
  });
}

/// Without it the question says nothing of the column, though all answers may determine its line.
bool concerns(const HandQuestion& question, std::size_t column) {
  return question.query[column] != 0;
}

/// The lines of the questions asked; questions with the same line share it.
std::vector<Series> asked_lines(const HandPicture& picture, std::size_t column) {
  std::vector<Series> lines;
  const std::vector<HandAnswer>& answers = picture.asked.answers;
  for (std::size_t k = 0; k < answers.size(); ++k) {
    if (answers[k].lesson != Lesson::kEquation || !concerns(answers[k].question, column)) continue;
    const auto line = line_of(picture.asked, answers[k].question, kUnits[column]);
    if (!line) continue;
    const std::string number = std::to_string(k + 1);
    Series fresh = column_series(*line, column, "line-" + number, number, "by this answer ");
    const auto same = std::ranges::find_if(
        lines, [&](const Series& other) { return same_points(other.points, fresh.points); });
    if (same == lines.end()) {
      lines.push_back(std::move(fresh));
    } else {
      same->label += ", " + number;
    }
  }
  return lines;
}

void add_column(const HandPicture& picture, std::size_t column, std::vector<Series>& lines) {
  std::vector<Series> asked = asked_lines(picture, column);
  const ImageKnowledge known = image_knowledge(picture.asked, kUnits[column]);
  if (known.rank == 1 && asked.empty()) {
    asked.push_back(
        column_series(known.line, column, "together", "all", "by all answers together "));
  }
  std::ranges::move(asked, std::back_inserter(lines));
  const auto present = line_of(picture.with_present, picture.present, kUnits[column]);
  if (present && !line_of(picture.asked, picture.present, kUnits[column])) {
    lines.push_back(column_series(*present, column, "present", "this question", "if you ask, "));
    lines.back().role = SeriesRole::kTheory;
  }
  if (known.rank == 2) {
    Series point;
    point.id = "column/" + std::to_string(column + 1);
    point.label = kColumnNames[column];
    point.note = "column " + std::to_string(column + 1) + " of W, as the answers give it";
    point.colour = kColumnColours[column];
    point.points = {{known.point[0], known.point[1], kUnknown, 0}};
    lines.push_back(std::move(point));
  }
}

/// Where the first token would teach nothing.
void add_blind_lines(const HandPicture& picture, std::vector<Series>& lines) {
  const BlindLines blind = blind_lines(picture.asked, picture.present.query);
  if (blind.known) {
    lines.push_back(line_series(*blind.known, "known", "teaches nothing",
                                "with a on this line the answer follows from earlier ones"));
    lines.back().role = SeriesRole::kExact;
  }
  if (blind.same_value) {
    lines.push_back(line_series(*blind.same_value, "same-value", "equal values",
                                "with a on this line both tokens have the same value v·x: the "
                                "answer does not show the weights"));
    lines.back().role = SeriesRole::kExact;
  }
}

Handle token_handle(const char* parameter, const PlaneVector& at, const char* label,
                    const char* name, int colour) {
  Handle handle;
  handle.parameter = parameter;
  handle.x = at[0];
  handle.y = at[1];
  handle.grid = kGrid;
  handle.label = label;
  handle.help = std::string(name) + " " + point_text(at);
  handle.colour = colour;
  return handle;
}

Figure plane_figure(const HandPicture& picture) {
  Figure figure;
  figure.id = "plane";
  figure.title = "Where can W be?";
  figure.subtitle =
      "One plane for tokens and for columns of W. With b = e₁ an answer puts the column W e₁ on a "
      "line with the normal a − b, with b = e₂ the column W e₂; another b mixes them. Dashed: the "
      "line of the present question. Dotted: with a there, it teaches nothing.";
  figure.invitation = "Drag a and b, then press Ask.";
  figure.x = {"first entry", false, -kHandReach, kHandReach, {-2, -1, 0, 1, 2}};
  figure.y = {"second entry", false, -kHandReach, kHandReach, {-2, -1, 0, 1, 2}};
  figure.draw_lines();
  for (std::size_t column = 0; column < 2; ++column) {
    add_column(picture, column, figure.draw_lines().series);
  }
  add_blind_lines(picture, figure.draw_lines().series);
  figure.handles = {
      token_handle("token", picture.present.first, "a", "first token a", kColourSoftmax),
      token_handle("query", picture.present.query, "b", "query token b", kColourReference)};
  figure.table = "questions";
  return figure;
}

Figure hidden_figure(const HandPicture& picture) {
  const MatrixPair pair = known_matrix(picture);
  return matrix_figure(&pair, "Empty: the answers do not determine this entry yet.");
}

}  // namespace

std::vector<Table> hand_tables(const HandPicture& picture) {
  return {question_table(picture.asked), count_table(picture.asked),
          weight_table(known_matrix(picture))};
}

std::vector<Figure> hand_figures(const HandPicture& picture) {
  return {plane_figure(picture), hidden_figure(picture)};
}

}  // namespace attnlab::extraction
