#include "core/extraction/learn/network.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/line_search.h"

namespace attnlab::extraction {
namespace {

constexpr int kNormalTries = 3;  // few: another line will meet the kink again
constexpr double kVagueSlope = 1e-2;
constexpr std::size_t kMostLines = 60;
constexpr std::size_t kFewestLines = 6;  // a line nearly parallel to a hyperplane misses it
// A residual of the last fit above this share of the largest answer shows a missing hyperplane. A
// complete fit has about 1e-15; a neuron whose output weight is 1e-5 of the others has more.
constexpr double kMisfit = 1e-11;

/// Gradients of the residual on both sides of a kink give its normal and strength; false when they
/// do not fit the jump along the line, which happens when a stencil met another kink.
Inquiry<bool> measure_normal(Residual& rest, const std::vector<double>& point,
                             const std::vector<double>& direction, const LineKink& kink, double eta,
                             double step, AbsAffine::Kink& found, std::uint64_t& counter) {
  const std::size_t dim = point.size();
  Matrix<double> points(2 * (dim + 1), dim);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    std::ranges::copy(point, points.row(i).begin());
    add_scaled(i <= dim ? eta : -eta, direction, points.row(i));
    const std::size_t axis = i % (dim + 1);
    if (axis < dim) points(i, axis) += step;
  }
  Inquiry<std::vector<double>> asking = rest.at(std::move(points), counter);
  const std::vector<double> f = co_await asking;
  std::vector<double> jump(dim);
  for (std::size_t i = 0; i < dim; ++i) {
    jump[i] = ((f[i] - f[dim]) - (f[dim + 1 + i] - f[2 * dim + 1])) / step;
  }
  const double strength = std::copysign(norm(jump), kink.jump);
  if (!(std::abs(dot(jump, direction) - kink.jump) <=
        1e-3 * std::abs(kink.jump) + 8 * rest.rounding() / step)) {
    co_return false;
  }
  found.strength = strength;
  found.normal = std::move(jump);
  for (double& entry : found.normal) entry /= strength;
  found.offset = -dot(found.normal, point);
  co_return true;
}

/// A kink of one hidden layer is a whole hyperplane: at two of three random points of it the second
/// difference across it must be its strength.
Inquiry<bool> retest(Residual& rest, const AbsAffine::Kink& kink, RandomStream& stream,
                     std::uint64_t& counter) {
  const std::size_t dim = kink.normal.size();
  const double step = 1e-3 * std::max(1.0, std::abs(kink.offset));
  Matrix<double> points(9, dim);
  for (std::size_t p = 0; p < 3; ++p) {
    std::vector<double> z(dim);
    stream.fill_normal(z);
    add_scaled(-kink.side(z), kink.normal, z);
    for (std::size_t s = 0; s < 3; ++s) {
      std::ranges::copy(z, points.row(3 * p + s).begin());
      add_scaled(step * (static_cast<double>(s) - 1), kink.normal, points.row(3 * p + s));
    }
  }
  Inquiry<std::vector<double>> asking = rest.at(std::move(points), counter);
  const std::vector<double> f = co_await asking;
  int passed = 0;
  for (std::size_t p = 0; p < 3; ++p) {
    const double second = f[3 * p] - 2 * f[3 * p + 1] + f[3 * p + 2];
    passed += std::abs(second - kink.strength * step) <=
              1e-2 * std::abs(kink.strength) * step + 16 * rest.rounding();
  }
  co_return passed >= 2;
}

/// At fixed sides g is linear in (strength normal, strength offset, slope, constant): one row each.
Matrix<double> sided_rows(const AbsAffine& known, const Matrix<double>& points) {
  const std::size_t dim = points.cols(), block = dim + 1;
  Matrix<double> rows(points.rows(), block * (known.kinks.size() + 1));
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t j = 0; j <= known.kinks.size(); ++j) {
      const double factor = j == known.kinks.size()                  ? 1
                            : known.kinks[j].side(points.row(i)) < 0 ? -0.5
                                                                     : 0.5;
      add_scaled(factor, points.row(i), rows.row(i).subspan(j * block, dim));
      rows(i, j * block + dim) = factor;
    }
  }
  return rows;
}

void take_solution(std::span<const double> x, std::size_t dim, AbsAffine& known) {
  const std::size_t block = dim + 1;
  for (std::size_t j = 0; j < known.kinks.size(); ++j) {
    AbsAffine::Kink& kink = known.kinks[j];
    const auto part = x.subspan(j * block, dim);
    const double strength = std::copysign(norm(part), kink.strength);
    kink.normal.assign(part.begin(), part.end());
    for (double& entry : kink.normal) entry /= strength;
    kink.offset = x[j * block + dim] / strength;
    kink.strength = strength;
  }
  const auto affine = x.subspan(known.kinks.size() * block, dim);
  known.slope.assign(affine.begin(), affine.end());
  known.constant = x[known.kinks.size() * block + dim];
}

/// The numbers of `known` in the order of sided_rows.
std::vector<double> numbers_of(const AbsAffine& known) {
  std::vector<double> x;
  for (const AbsAffine::Kink& kink : known.kinks) {
    for (const double entry : kink.normal) x.push_back(kink.strength * entry);
    x.push_back(kink.strength * kink.offset);
  }
  x.insert(x.end(), known.slope.begin(), known.slope.end());
  x.push_back(known.constant);
  return x;
}

/// Half as many points again as there are unknowns, in groups: one around the origin, and one
/// around the nearest point of every hyperplane. A hyperplane's group has one more point behind it
/// (seen from the origin) than one side has unknowns: where few points of other groups are behind
/// it, too, its own group alone determines it.
Matrix<double> polish_points(const AbsAffine& known, RandomStream& stream) {
  const std::size_t dim = known.slope.size(), behind = dim + 2, group = behind + (dim + 1) / 2;
  Matrix<double> points(group * (known.kinks.size() + 1), dim);
  stream.fill_normal(points.values());
  for (double& entry : points.values()) entry *= 1.5;
  for (std::size_t j = 0; j < known.kinks.size(); ++j) {
    const AbsAffine::Kink& kink = known.kinks[j];
    for (std::size_t i = 0; i < group; ++i) {
      const auto point = points.row(j * group + i);
      const double height = dot(kink.normal, point);  // reflected to the side it belongs on
      const bool is_behind = (height < 0) != (kink.offset < 0);
      const double reflection = is_behind == (i < behind) ? 0 : -2 * height;
      add_scaled(reflection - kink.offset, kink.normal, point);
    }
  }
  return points;
}

/// Largest |rows x - f| / largest |f|.
double misfit(const Matrix<double>& rows, std::span<const double> x, std::span<const double> f) {
  double worst = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    worst = larger_gap(worst, std::abs(dot(rows.row(i), x) - f[i]));
  }
  const double largest = largest_magnitude(f);
  return largest > 0 ? worst / largest : worst;
}

enum class Fit { kGood, kMisses, kFailed };

/// Fits the affine part, then everything at once, to fresh points; numbers that the points do not
/// determine stay as the search left them. kMisses: the points show a hyperplane that the search
/// has not found, and `known` is as before.
Inquiry<Fit> polish(AbsAffine& known, RandomStream& stream, std::uint64_t& counter) {
  const std::size_t dim = known.slope.size();
  const Matrix<double> points = polish_points(known, stream);
  const AbsAffine nothing;
  Residual whole(nothing);
  Inquiry<std::vector<double>> asking = whole.at(points.clone(), counter);
  const std::vector<double> f = co_await asking;
  if (!whole.finite()) co_return Fit::kFailed;
  AbsAffine before = known;
  Matrix<double> affine(points.rows(), dim + 1);
  std::vector<double> rest = f, numbers(dim + 1, 0.0);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    rest[i] -= known(points.row(i));
    std::ranges::copy(points.row(i), affine.row(i).begin());
    affine(i, dim) = 1;
  }
  if (!solve_refined(affine, rest, numbers)) co_return Fit::kFailed;
  known.slope.assign(numbers.begin(), numbers.end() - 1);
  known.constant = numbers.back();
  Matrix<double> rows = sided_rows(known, points);
  double misfitting = 0;
  for (int pass = 0; pass < 3; ++pass) {
    std::vector<double> x = numbers_of(known);
    if (!solve_refined(rows, f, x)) co_return Fit::kFailed;
    misfitting = misfit(rows, x, f);
    take_solution(x, dim, known);
    Matrix<double> after = sided_rows(known, points);
    if (std::ranges::equal(after.values(), rows.values())) break;  // no point changed sides
    rows = std::move(after);
  }
  if (misfitting <= kMisfit) co_return Fit::kGood;
  known = std::move(before);
  co_return Fit::kMisses;
}

}  // namespace

double AbsAffine::Kink::side(std::span<const double> x) const {
  return dot(normal, x) + offset;
}

double AbsAffine::operator()(std::span<const double> x) const {
  double sum = constant + dot(slope, x);
  for (const Kink& kink : kinks) sum += 0.5 * kink.strength * std::abs(kink.side(x));
  return sum;
}

std::vector<double> AbsAffine::gradient(std::span<const double> x) const {
  std::vector<double> result = slope;
  for (const Kink& kink : kinks) {
    add_scaled((kink.side(x) < 0 ? -0.5 : 0.5) * kink.strength, kink.normal, result);
  }
  return result;
}

double AbsAffine::margin(std::span<const double> x) const {
  double nearest = INFINITY;
  for (const Kink& kink : kinks) nearest = std::min(nearest, std::abs(kink.side(x)));
  return nearest;
}

FeedForward AbsAffine::as_network() const {
  const std::size_t dim = slope.size(), count = kinks.size();
  FeedForward network{Matrix<double>(count + 2, dim), std::vector<double>(count + 2, 0.0),
                      std::vector<double>(count + 2, 0.0), constant};
  std::vector<double> rest = slope;
  for (std::size_t j = 0; j < count; ++j) {
    // (s/2)|u| = s ReLU(u) - (s/2) u
    std::ranges::copy(kinks[j].normal, network.input.row(j).begin());
    network.bias[j] = kinks[j].offset;
    network.output[j] = kinks[j].strength;
    add_scaled(-0.5 * kinks[j].strength, kinks[j].normal, rest);
    network.constant -= 0.5 * kinks[j].strength * kinks[j].offset;
  }
  std::ranges::copy(rest, network.input.row(count).begin());
  add_scaled(-1, rest, network.input.row(count + 1));
  network.output[count] = 1;
  network.output[count + 1] = -1;
  return network;
}

Inquiry<Outcome> learn_network(AbsAffine& found, NetworkSearch& search, NetworkOptions options) {
  const std::size_t dim = found.slope.size();
  RandomStream stream(options.seed, hash_name("extract/network"), 0);
  Residual rest(found);
  std::vector<double> start(dim), direction(dim);
  double closer_range = 0;  // above 0: of the next line, around `start`
  int quiet = 0;
  while (true) {
    if (quiet >= 2 && search.lines >= kFewestLines) {
      Inquiry<Fit> polishing = polish(found, stream, search.polish_queries);
      const Fit fit = co_await polishing;
      if (fit == Fit::kGood) break;
      if (fit == Fit::kFailed) {
        co_return Outcome{ExtractionStatus::kBudgetExhausted,
                          "The final fit of the network's numbers did not succeed."};
      }
      quiet = 0;
    }
    if (search.lines == kMostLines || search.total() > options.budget ||
        found.kinks.size() > options.most_kinks) {
      co_return Outcome{ExtractionStatus::kBudgetExhausted,
                        "After " + std::to_string(search.lines) + " lines and " +
                            std::to_string(found.kinks.size()) +
                            " hyperplanes the remainder of the network is still not affine."};
    }
    const bool closer = closer_range > 0;
    if (!closer) {
      stream.fill_normal(start);
      stream.fill_sphere(direction);
    }
    // Kinks lie at about sqrt(dim) times a Cauchy variable; longer lines catch the far ones.
    const double range = closer ? closer_range
                                : 16 * std::sqrt(static_cast<double>(dim)) *
                                      std::pow(4.0, static_cast<double>(search.lines % 3));
    closer_range = 0;
    ++search.lines;
    Inquiry<std::vector<LineKink>> looking =
        find_kinks(rest, start, direction, range, stream, search.line_queries);
    const std::vector<LineKink> kinks = co_await looking;
    if (!rest.finite()) {
      co_return Outcome{ExtractionStatus::kNotAMatch, "A single-token answer is not finite."};
    }
    if (!kinks.empty()) {
      quiet = 0;
    } else if (!closer) {
      ++quiet;
    }
    std::vector<double> rejected;
    // Joins the known part only after the line, so that a line has one residual.
    std::vector<AbsAffine::Kink> accepted;
    for (const LineKink& kink : kinks) {
      std::vector<double> point = start;
      add_scaled(kink.at, direction, point);
      double eta = kink.room / 16;
      bool good = false;
      for (int attempt = 0; attempt < kNormalTries && !good; ++attempt, eta /= 6) {
        if (8 * rest.rounding() / (eta / 8) > kVagueSlope * std::abs(kink.jump)) break;
        AbsAffine::Kink candidate;
        Inquiry<bool> measuring = measure_normal(rest, point, direction, kink, eta, eta / 8,
                                                 candidate, search.normal_queries);
        const bool consistent = co_await measuring;
        if (!consistent) continue;
        Inquiry<bool> testing = retest(rest, candidate, stream, search.test_queries);
        good = co_await testing;
        if (good) accepted.push_back(std::move(candidate));
      }
      search.rejected += !good;
      if (!good && dim == 1) rejected = point;
    }
    if (!rejected.empty()) {
      // Two close kinks looked like one. In one dimension they are as close on every line: search a
      // shorter range around them.
      start = std::move(rejected);
      closer_range = range / 16;
    }
    for (AbsAffine::Kink& kink : accepted) found.kinks.push_back(std::move(kink));
  }
  co_return Outcome{ExtractionStatus::kRecovered, counted(found.kinks.size(), "hyperplane") +
                                                      " on " + counted(search.lines, "line") + "."};
}

}  // namespace attnlab::extraction
