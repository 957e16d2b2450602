// Places for the labels of a plot: spread along its edge without overlap, or where it is emptiest.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/picture/plot_layout.h"

namespace attnlab {
namespace {

/// Length of the part of the segment inside the box (Liang and Barsky's clipping).
float length_inside(const Segment& segment, const Box& box) {
  const float dx = segment.x1 - segment.x0, dy = segment.y1 - segment.y0;
  float from = 0, to = 1;
  const float p[] = {-dx, dx, -dy, dy};
  const float q[] = {segment.x0 - box.x0, box.x1 - segment.x0, segment.y0 - box.y0,
                     box.y1 - segment.y0};
  for (int edge = 0; edge < 4; ++edge) {
    if (p[edge] == 0) {
      if (q[edge] < 0) return 0;
      continue;
    }
    const float t = q[edge] / p[edge];
    if (p[edge] < 0) {
      from = std::max(from, t);
    } else {
      to = std::min(to, t);
    }
  }
  return from < to ? (to - from) * std::hypot(dx, dy) : 0;
}

float shared_area(const Box& a, const Box& b) {
  const float w = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const float h = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  return w > 0 && h > 0 ? w * h : 0;
}

/// Isotonic regression by pooling neighbours that are in the wrong order.
std::vector<float> increasing(const std::vector<float>& values) {
  struct Pool {
    float sum;
    std::size_t count;
    float mean() const { return sum / static_cast<float>(count); }
  };
  std::vector<Pool> pools;
  for (const float value : values) {
    pools.push_back({value, 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().count += last.count;
    }
  }
  std::vector<float> result;
  for (const Pool& pool : pools) result.insert(result.end(), pool.count, pool.mean());
  return result;
}

}  // namespace

std::vector<float> spread_labels(std::span<const LabelWish> wishes, float lo, float hi, float gap) {
  const std::size_t n = wishes.size();
  std::vector<float> centres(n);
  if (n == 0) return centres;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return wishes[a].centre < wishes[b].centre;
  });
  // offset[i]: how far label i's centre must at least be from label 0's centre.
  std::vector<float> offset(n, 0.0f), wish(n);
  for (std::size_t i = 1; i < n; ++i)
    offset[i] = offset[i - 1] + (wishes[order[i - 1]].size + wishes[order[i]].size) / 2 + gap;
  for (std::size_t i = 0; i < n; ++i) wish[i] = wishes[order[i]].centre - offset[i];
  const float lowest = lo + wishes[order[0]].size / 2;
  const float highest = hi - wishes[order[n - 1]].size / 2 - offset[n - 1];
  const std::vector<float> best = increasing(wish);
  const float squeeze = highest < lowest && offset[n - 1] > 0
                            ? std::max(0.0f, offset[n - 1] + highest - lowest) / offset[n - 1]
                            : 1.0f;
  for (std::size_t i = 0; i < n; ++i)
    centres[order[i]] = highest < lowest ? lowest + squeeze * offset[i]
                                         : std::clamp(best[i], lowest, highest) + offset[i];
  return centres;
}

std::size_t least_crowded(std::span<const Box> candidates, std::span<const Box> taken,
                          std::span<const Segment> lines) {
  std::size_t best = 0;
  float best_cost = 1e30f;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    float cost = 0;
    for (const Box& box : taken) cost += shared_area(candidates[i], box);
    // A line through a word costs as much as a strip of its text height covered.
    for (const Segment& line : lines)
      cost += length_inside(line, candidates[i]) * candidates[i].height() / 2;
    if (cost < best_cost) best_cost = cost, best = i;
  }
  return best;
}

}  // namespace attnlab
