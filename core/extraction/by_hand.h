// What the answers of one head say when a person asks: which of them give a number of v or a line
// for W, and which follow from earlier ones. Derivation: docs/derivations-extraction.md, "By hand".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/attention/head.h"
#include "core/experiment/experiment.h"

namespace attnlab::extraction {

/// A token, or a column of W, in the plane.
using PlaneVector = std::array<double, 2>;

/// The question [first; query]. Two equal tokens have equal weights: that is the question [query].
struct HandQuestion {
  PlaneVector first{}, query{};
};

/// Linear functions c.x of an unknown x in R^dim whose values are known: a subspace, spanned by the
/// functions that were added.
class KnownFunctions {
 public:
  explicit KnownFunctions(std::size_t dim) : dim_(dim) {}

  /// Distance of c from the known functions over |c|: 0 known, 1 nothing known; 0 for c = 0.
  double news(std::span<const double> c) const;
  bool knows(std::span<const double> c) const { return news(c) <= kNoNews; }
  /// c.x for a known c; otherwise for the shortest x that agrees with all values.
  double value(std::span<const double> c) const;
  /// Bound on the error of value(c) for a known c, from the errors that `add` was given.
  double error(std::span<const double> c) const;
  /// Takes over c.x = value, which is wrong by at most `error`. False, without a change, if c is
  /// known already.
  bool add(std::span<const double> c, double value, double error);

  std::size_t rank() const { return known_.size(); }
  std::size_t dim() const { return dim_; }

 private:
  /// Below it, what is new in a function is taken for rounding.
  static constexpr double kNoNews = 1e-6;

  struct Direction {
    std::vector<double> unit;  // orthogonal to the other directions
    double value = 0, error = 0;
  };
  /// The part of c outside the known directions.
  std::vector<double> remainder(std::span<const double> c) const;

  std::size_t dim_;
  std::vector<Direction> known_;
};

/// What one answer adds to the answers before it.
enum class Lesson {
  kValue,       ///< a value v.x
  kEquation,    ///< an equation for W, linear because v is known
  kNothing,     ///< nothing: it follows from the answers before it
  kValueFirst,  ///< nothing yet: v must be known for these tokens
  kSameValue,   ///< nothing: both tokens have the same value, so that no weight shows
  kSaturated,   ///< nothing: one weight is so near to 0 or 1 that rounding hides the score
};
/// "a value of v", "an equation for W", "nothing new", ...: for tables.
std::string_view lesson_text(Lesson lesson);

struct HandAnswer {
  HandQuestion question;
  double answer = 0;
  double weight = 0;  ///< of the first token; NaN where it cannot be computed from known values
  double score = 0;   ///< (first - query)^T W query from the weight; NaN likewise
  Lesson lesson = Lesson::kNothing;
};

/// The difference of both tokens: the score is difference^T W query.
PlaneVector difference_of(const HandQuestion& question);
/// The function of W (row-major) that is difference^T W query.
std::array<double, 4> score_function(const PlaneVector& difference, const PlaneVector& query);

/// d^2 + d for d = 2.
inline constexpr std::size_t kHandUnknowns = 6;

/// All questions and what follows from their answers.
struct Interrogation {
  std::vector<HandAnswer> answers;  ///< in the order of the questions
  KnownFunctions values{2};         ///< of v
  KnownFunctions scores{4};         ///< of W, row-major
  std::size_t learned() const { return values.rank() + scores.rank(); }
  bool complete() const { return learned() == kHandUnknowns; }
};

/// Asks the head (of dimension 2), first for the values of v, then for lines: the order of the
/// questions decides only which of several dependent ones counts.
Interrogation interrogate(const Head& head, std::span<const HandQuestion> questions);

/// A line normal.x = offset of the plane.
struct PlaneLine {
  PlaneVector normal{};
  double offset = 0;
};

/// What all answers together say of W q, for a vector q: `rank` 0: nothing, 1: it is on the line,
/// 2: it is the point.
struct ImageKnowledge {
  std::size_t rank = 0;
  PlaneLine line;
  PlaneVector point{};
};
ImageKnowledge image_knowledge(const Interrogation& known, const PlaneVector& q);

/// The line on which W q is because of a question, if all answers together determine one. For its
/// own query token the answer does, unless it gave no equation. Empty: none.
std::optional<PlaneLine> line_of(const Interrogation& known, const HandQuestion& question,
                                 const PlaneVector& q);

/// Where a first token teaches nothing next to this query token: on lines through the query token.
struct BlindLines {
  std::optional<PlaneLine> known;       ///< the score follows from the answers
  std::optional<PlaneLine> same_value;  ///< both tokens have the same value
};
BlindLines blind_lines(const Interrogation& known, const PlaneVector& query);

/// A hidden head of dimension 2: entries of W uniform on [-1.5, 1.5], entries of v with sizes
/// uniform on [0.5, 1.5] and random signs. Head 0 of a seed is the one that the reader asks.
Head draw_hand_head(std::uint64_t seed, std::uint32_t index);

/// Everything that the experiment shows.
struct HandPicture {
  Head head;
  HandQuestion present;        ///< the question under the handles
  Interrogation asked;         ///< the questions asked
  Interrogation with_present;  ///< and the present one
  const HandAnswer& preview() const { return with_present.answers.back(); }
};

std::vector<Table> hand_tables(const HandPicture& picture);
std::vector<Figure> hand_figures(const HandPicture& picture);

/// Tokens and columns of W are drawn in [-kHandReach, kHandReach]^2.
inline constexpr double kHandReach = 2;

}  // namespace attnlab::extraction
