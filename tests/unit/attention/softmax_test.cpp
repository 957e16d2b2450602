#include "core/attention/softmax.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/numerics/random.h"

using namespace attnlab;

namespace {

std::vector<double> random_logits(std::size_t count, double scale, std::uint32_t index) {
  RandomStream stream(7, hash_name("test/softmax"), index);
  std::vector<double> logits(count);
  stream.fill_normal(logits);
  for (double& logit : logits) logit *= scale;
  return logits;
}

}  // namespace

TEST_CASE("softmax weights are the exponentials over their sum") {
  for (const std::size_t count : {1, 2, 3, 7, 64}) {
    for (const double scale : {1e-3, 1.0, 30.0}) {
      CAPTURE(count);
      CAPTURE(scale);
      const std::vector<double> logits =
          random_logits(count, scale, static_cast<std::uint32_t>(count));
      std::vector<double> weights = logits;
      softmax(weights);
      long double sum = 0;
      for (const double logit : logits) sum += std::exp(static_cast<long double>(logit));
      double total = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto exact = static_cast<double>(std::exp(static_cast<long double>(logits[i])) / sum);
        // Shifted logits of up to 150 are rounded to half of 2^-45, sums of 64 terms to 64 x 2^-53.
        CHECK(std::abs(weights[i] - exact) <= (0x1p-45 + 70 * 0x1p-53) * exact);
        total += weights[i];
      }
      CHECK(total == doctest::Approx(1).epsilon(1e-14));
    }
  }
}

TEST_CASE("softmax survives logits whose exponentials would overflow, and passes NaN on") {
  std::vector<double> large = {1e300, 1e300, -1e300};
  softmax(large);
  CHECK(large == std::vector<double>{0.5, 0.5, 0});
  std::vector<double> undefined = {0, NAN, 1};
  softmax(undefined);
  for (const double weight : undefined) CHECK(std::isnan(weight));
  std::vector<double> empty;
  softmax(empty);
  CHECK(empty.empty());
}

TEST_CASE("softmax of groups has the bits of every group alone, also where some are empty") {
  const std::vector<std::size_t> ends = {3, 3, 4, 11, 11, 30};
  const std::vector<double> logits = random_logits(ends.back(), 5, 99);
  std::vector<double> together = logits;
  softmax_groups(together, ends);
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    std::vector<double> alone(logits.begin() + static_cast<std::ptrdiff_t>(begin),
                              logits.begin() + static_cast<std::ptrdiff_t>(end));
    softmax(alone);
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(together[begin + i] == alone[i]);
    begin = end;
  }
}
