// Binomial tails and exact bounds against closed forms and tables.
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

#include "core/numerics/binomial.h"

using namespace attnlab;

TEST_CASE("binomial tails of few tries are the sums written out") {
  CHECK(binomial_upper_tail(2, 2, 0.3) == doctest::Approx(0.09).epsilon(1e-13));
  CHECK(binomial_upper_tail(1, 2, 0.3) == doctest::Approx(0.51).epsilon(1e-13));
  CHECK(binomial_upper_tail(3, 5, 0.5) == doctest::Approx(0.5).epsilon(1e-13));
  CHECK(binomial_upper_tail(0, 5, 0.5) == 1);
  CHECK(binomial_upper_tail(6, 5, 0.5) == 0);
  CHECK(binomial_upper_tail(3, 5, 1) == 1);
  CHECK(binomial_upper_tail(3, 5, 0) == 0);
  CHECK(std::isnan(binomial_upper_tail(3, 5, 1.5)));
}

TEST_CASE("a binomial tail and its complement add to one, also for many tries") {
  for (const double share : {0.001, 0.2, 0.5, 0.9}) {
    for (const int successes : {1, 40, 500, 900, 1000}) {
      CAPTURE(share);
      CAPTURE(successes);
      const double above = binomial_upper_tail(successes, 1000, share);
      const double below = binomial_upper_tail(1000 - successes + 1, 1000, 1 - share);
      CHECK(above + below == doctest::Approx(1).epsilon(1e-11));
    }
  }
}

TEST_CASE("exact bounds: the closed form without failures, and published intervals") {
  // n of n: the lower bound is tail^(1/n).
  for (const int tries : {1, 4, 5, 40}) {
    CHECK(share_lower_bound(tries, tries, 0.025) ==
          doctest::Approx(std::pow(0.025, 1.0 / tries)).epsilon(1e-12));
    CHECK(share_upper_bound(tries, tries, 0.025) == 1);
    CHECK(share_lower_bound(0, tries, 0.025) == 0);
  }
  // 10 of 20 and 15 of 148 (Agresti and Coull 1998; Newcombe 1998, table I).
  CHECK(share_lower_bound(10, 20, 0.025) == doctest::Approx(0.2720).epsilon(1e-3));
  CHECK(share_upper_bound(10, 20, 0.025) == doctest::Approx(0.7280).epsilon(1e-3));
  CHECK(share_lower_bound(15, 148, 0.025) == doctest::Approx(0.0578).epsilon(2e-3));
  CHECK(share_upper_bound(15, 148, 0.025) == doctest::Approx(0.1617).epsilon(2e-3));
}
