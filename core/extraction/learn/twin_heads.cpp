// Different heads with the same answers.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/multi_head.h"

namespace attnlab::extraction {
namespace {

Head random_head(RandomStream& stream, std::size_t dim, double scale) {
  Head head{random_weight(stream, dim, dim, scale), std::vector<double>(dim)};
  stream.fill_normal(head.value);
  return head;
}

Head with_value(const Head& head, std::vector<double> value) {
  return {head.weight.clone(), std::move(value)};
}

std::vector<double> scaled_value(std::vector<double> value, double factor) {
  for (double& entry : value) entry *= factor;
  return value;
}

Head negated_weight(const Head& head) {
  Head result = head.clone();
  for (double& entry : result.weight.values()) entry = -entry;
  return result;
}

std::vector<Head> set_of(Head a, Head b) {
  std::vector<Head> heads;
  heads.push_back(std::move(a));
  heads.push_back(std::move(b));
  return heads;
}

double distance(const Head& a, const Head& b) {
  double weight = 0, value = 0;
  for (std::size_t i = 0; i < a.weight.size(); ++i) {
    weight += std::pow(a.weight.values()[i] - b.weight.values()[i], 2);
  }
  for (std::size_t i = 0; i < a.value.size(); ++i) value += std::pow(a.value[i] - b.value[i], 2);
  return std::sqrt(weight) + std::sqrt(value);
}

}  // namespace

std::vector<Head> canonical_heads(const std::vector<Head>& heads, double tolerance) {
  std::vector<Head> merged;
  double size = 0;
  for (const Head& head : heads) {
    size = std::max(size, largest_magnitude(head.value));
    const auto same = std::ranges::find_if(merged, [&](const Head& other) {
      double gap = 0;
      for (std::size_t i = 0; i < head.weight.size(); ++i) {
        gap = larger_gap(gap, std::abs(head.weight.values()[i] - other.weight.values()[i]));
      }
      return gap <= tolerance;
    });
    if (same == merged.end()) {
      merged.push_back(head.clone());
    } else {
      add_scaled(1, head.value, same->value);
    }
  }
  std::erase_if(
      merged, [&](const Head& head) { return largest_magnitude(head.value) <= tolerance * size; });
  return merged;
}

std::vector<TwinHeads> twin_heads(RandomStream& stream, std::size_t dim, double scale,
                                  double shift) {
  const Head a = random_head(stream, dim, scale), b = random_head(stream, dim, scale);
  const Head other = random_head(stream, dim, scale * std::sqrt(static_cast<double>(dim)));
  std::vector<TwinHeads> twins;
  const std::vector<double> nothing(dim, 0.0);

  // The same W: only the sum of the values counts.
  std::vector<double> more = a.value, less(dim, 0.0);
  add_scaled(1, b.value, more);
  add_scaled(-1, b.value, less);
  twins.push_back({"split", "Two heads share W: only the sum of their values counts.",
                   set_of(a.clone(), with_value(a, nothing)),
                   set_of(with_value(a, more), with_value(a, less)), 0});
  twins.push_back({"dead", "A head with v = 0 may have any W.",
                   set_of(a.clone(), with_value(b, nothing)),
                   set_of(a.clone(), with_value(other, nothing)), 0});
  twins.push_back({"cancelling", "(W, q) and (W, −q) cancel whatever W and q are.",
                   set_of(b.clone(), with_value(b, scaled_value(b.value, -1))),
                   set_of(other.clone(), with_value(other, scaled_value(other.value, -1))), 0});
  Head turned = a.clone();
  const Head move = random_head(stream, dim, 1);
  const double length = norm(move.weight.values());
  add_scaled(shift * std::sqrt(static_cast<double>(dim)) / length, move.weight.values(),
             turned.weight.values());
  twins.push_back(
      {"mirrored",
       "(W, v) and (−W, v): for two tokens the two softmaxes add up to 1, whatever W is; "
       "three tokens reveal W.",
       set_of(a.clone(), negated_weight(a)), set_of(turned.clone(), negated_weight(turned)), 2});
  return twins;
}

double parameter_distance(const std::vector<Head>& a, const std::vector<Head>& b) {
  const std::size_t count = std::max(a.size(), b.size());
  if (count == 0) return 0;
  const std::size_t dim = (a.empty() ? b : a)[0].value.size();
  const Head zero{Matrix<double>(dim, dim), std::vector<double>(dim, 0.0)};
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  double least = INFINITY;
  do {
    double sum = 0;
    for (std::size_t h = 0; h < count; ++h) {
      sum += distance(h < a.size() ? a[h] : zero, order[h] < b.size() ? b[order[h]] : zero);
    }
    least = std::min(least, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

double length_gap(const std::vector<Head>& a, const std::vector<Head>& b, std::size_t length,
                  std::size_t count, RandomStream stream) {
  const std::size_t dim = a.at(0).value.size();
  QueryBatch batch(dim, QueryPurpose::kCheck);
  std::vector<double> token(dim);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::uint32_t> members;
    for (std::size_t n = 0; n < length; ++n) {
      stream.fill_normal(token);
      members.push_back(batch.token(token));
    }
    batch.query(members);
  }
  const auto clones = [](const std::vector<Head>& heads) {
    std::vector<Head> copy;
    for (const Head& head : heads) copy.push_back(head.clone());
    return copy;
  };
  HeadsOracle first(clones(a)), second(clones(b));
  const std::vector<double> f = *first.ask(batch), g = *second.ask(batch);
  double mean = 0, variance = 0, gap = 0;
  for (const double value : f) mean += value / static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    variance += (f[i] - mean) * (f[i] - mean) / static_cast<double>(count);
    gap = larger_gap(gap, std::abs(f[i] - g[i]));
  }
  return variance > 1e-24 ? gap / std::sqrt(variance) : gap;
}

}  // namespace attnlab::extraction
