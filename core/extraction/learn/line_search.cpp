#include "core/extraction/learn/line_search.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"

namespace attnlab::extraction {
namespace {

/// An end of a segment: value there, slope into the segment, error of the slope.
struct End {
  double t = 0, value = 0, slope = 0, slope_error = 0;
  double line(double at) const { return value + slope * (at - t); }
};
struct Segment {
  End left, right;
};

constexpr double kSmallestSegment = 1e-9;  // of the line's range
constexpr int kSlopeTries = 8;

/// The three times of a slope measurement around `at` or on one side of it.
std::vector<double> slope_times(double at, double step, int side) {
  return {at + step * (side - 1), at + step * side, at + step * (side + 1)};
}

}  // namespace

Inquiry<std::vector<double>> Residual::at(Matrix<double> points, std::uint64_t& counter) {
  QueryBatch batch(points.cols());
  for (std::size_t i = 0; i < points.rows(); ++i) batch.query({batch.token(points.row(i))});
  counter += batch.size();
  std::vector<double> values = co_await ask(batch);
  for (std::size_t i = 0; i < values.size(); ++i) {
    finite_ = finite_ && std::isfinite(values[i]);
    double size = std::abs(values[i]);
    for (const AbsAffine::Kink& kink : known_.kinks) {
      const double part = 0.5 * kink.strength * std::abs(kink.side(points.row(i)));
      values[i] -= part;
      size += std::abs(part);
    }
    largest_ = std::max(largest_, size);
  }
  co_return values;
}

Inquiry<std::vector<double>> Residual::on_line(std::vector<double> start,
                                               std::vector<double> direction,
                                               std::vector<double> times, std::uint64_t& counter) {
  Matrix<double> points(times.size(), start.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    std::ranges::copy(start, points.row(i).begin());
    add_scaled(times[i], direction, points.row(i));
  }
  Inquiry<std::vector<double>> asking = at(std::move(points), counter);
  std::vector<double> values = co_await asking;
  co_return values;
}

namespace {

/// Value and slope at a point near `at`, from a stencil without kinks: left of `at` for side -1,
/// right of it for 1, around it for 0. The point may be a little beside `at`.
Inquiry<End> measure_end(Residual& rest, const std::vector<double>& start,
                         const std::vector<double>& direction, double at, double step, int side,
                         std::uint64_t& counter) {
  End end;
  for (int attempt = 0; attempt < kSlopeTries; ++attempt) {
    const std::vector<double> times = slope_times(at, step, side);
    Inquiry<std::vector<double>> asking = rest.on_line(start, direction, times, counter);
    const std::vector<double> f = co_await asking;
    end = {times[1], f[1], (f[2] - f[0]) / (2 * step), 4 * rest.rounding() / step};
    if (std::abs(f[2] - 2 * f[1] + f[0]) <= 16 * rest.rounding() || !rest.finite()) break;
    if (side == 0) at += 3 * step;  // a kink is near: step aside and look more closely
    step /= 8;
  }
  co_return end;
}

}  // namespace

Inquiry<std::vector<LineKink>> find_kinks(Residual& rest, std::vector<double> start,
                                          std::vector<double> direction, double range,
                                          RandomStream& stream, std::uint64_t& counter) {
  std::vector<LineKink> kinks;
  Inquiry<End> first = measure_end(rest, start, direction, -range, range / 256, 1, counter);
  const End left_end = co_await first;
  Inquiry<End> last = measure_end(rest, start, direction, range, range / 256, -1, counter);
  const End right_end = co_await last;
  std::vector<Segment> open = {{left_end, right_end}};
  while (!open.empty() && rest.finite() && kinks.size() < 4096) {
    const Segment segment = open.back();
    open.pop_back();
    const End &l = segment.left, &r = segment.right;
    const double length = r.t - l.t;
    if (length < kSmallestSegment * range) continue;
    const double noise = 32 * (rest.rounding() + (l.slope_error + r.slope_error) * length);
    const double difference = r.slope - l.slope;
    const double slope_noise = 16 * (l.slope_error + r.slope_error);
    std::vector<double> asked;
    if (std::abs(difference) <= slope_noise && std::abs(l.line(r.t) - r.value) <= noise) {
      // The ends agree with one affine function: accept that after a test at one point inside.
      const std::vector<double> inside = {l.t + length * (0.25 + 0.5 * stream.uniform())};
      Inquiry<std::vector<double>> asking = rest.on_line(start, direction, inside, counter);
      const std::vector<double> f = co_await asking;
      if (std::abs(f[0] - l.line(inside[0])) <= noise) continue;
    } else if (std::abs(difference) > slope_noise) {
      const double at = (l.value - l.slope * l.t - r.value + r.slope * r.t) / difference;
      const double eta = std::min(at - l.t, r.t - at) / 64;
      if (eta > 0 && std::abs(difference) * eta > 8 * noise) {
        const std::vector<double> near = {at - eta, at, at + eta};
        Inquiry<std::vector<double>> asking = rest.on_line(start, direction, near, counter);
        const std::vector<double> f = co_await asking;
        if (std::abs(f[0] - l.line(near[0])) <= noise && std::abs(f[1] - l.line(at)) <= noise &&
            std::abs(f[2] - r.line(near[2])) <= noise) {
          kinks.push_back({at, difference, 0});
          continue;
        }
      }
    }
    const double middle = l.t + length * (0.4 + 0.2 * stream.uniform());
    Inquiry<End> splitting = measure_end(rest, start, direction, middle, length / 256, 0, counter);
    const End split = co_await splitting;
    open.push_back({l, split});
    open.push_back({split, r});
  }
  std::ranges::sort(kinks, {}, &LineKink::at);
  for (std::size_t k = 0; k < kinks.size(); ++k) {
    const double left = k == 0 ? -range : kinks[k - 1].at;
    const double right = k + 1 == kinks.size() ? range : kinks[k + 1].at;
    kinks[k].room = std::min(kinks[k].at - left, right - kinks[k].at);
  }
  co_return kinks;
}

}  // namespace attnlab::extraction
