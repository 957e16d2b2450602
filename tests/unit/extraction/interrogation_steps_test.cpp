#include "core/extraction/interrogation_steps.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/numerics/random.h"

using namespace attnlab;
using namespace attnlab::extraction;

namespace {

Head random_head(std::size_t dim, double scale) {
  RandomStream stream(3, hash_name("test/steps"), static_cast<std::uint32_t>(dim));
  Head head{Matrix<double>(dim, dim), std::vector<double>(dim)};
  stream.fill_normal(head.weight.values());
  for (double& entry : head.weight.values()) entry *= scale / static_cast<double>(dim);
  stream.fill_normal(head.value);
  return head;
}

std::size_t known_entries(const Matrix<double>& matrix) {
  std::size_t known = 0;
  for (const double entry : matrix.values()) known += !std::isnan(entry);
  return known;
}

AskedHead asked_head(std::size_t dim, ProbeForm form, double scale = 1) {
  SingleHeadOptions options;
  options.form = form;
  return ask_every_question(random_head(dim, scale), options);
}

}  // namespace

TEST_CASE("all answers, read one after the other, give the W that the learner finds") {
  for (const ProbeForm form : {ProbeForm::kPlain, ProbeForm::kRobust, ProbeForm::kGaussian}) {
    for (std::size_t dim = 1; dim <= 8; ++dim) {
      CAPTURE(dim);
      const AskedHead asked = asked_head(dim, form);
      CHECK(asked.questions.size() >= dim * dim + dim);
      const KnownSoFar known = known_after(asked, asked.questions.size());
      // Both solve the same equations; a solve with normal probes loses three digits at most here.
      CHECK(largest_relative_error(known.weight.values(), asked.recovered.values()) < 1e-12);
      CHECK(largest_relative_error(known.value, asked.head.value) == 0);
    }
  }
}

TEST_CASE("an answer to unit vectors gives one entry of W, and d answers to probes a column") {
  for (std::size_t dim = 2; dim <= 6; ++dim) {
    CAPTURE(dim);
    const AskedHead plain = asked_head(dim, ProbeForm::kPlain);
    const AskedHead robust = asked_head(dim, ProbeForm::kRobust);
    REQUIRE(plain.questions.size() == dim * dim + dim);
    for (std::size_t n = 0; n <= plain.questions.size(); ++n) {
      const std::size_t pairs = n > dim ? n - dim : 0;
      CHECK(known_entries(known_after(plain, n).weight) == pairs);
      const KnownSoFar known = known_after(robust, n);
      std::size_t asked_again = 0;
      for (std::size_t k = 0; k < n; ++k) asked_again += robust.questions[k].repeated;
      if (asked_again == 0) {
        CHECK(known_entries(known.forms) == pairs);
        CHECK(known_entries(known.weight) == pairs / dim * dim);
      }
    }
  }
}

TEST_CASE("the number that an answer gives is the form of the hidden W") {
  for (const ProbeForm form : {ProbeForm::kPlain, ProbeForm::kRobust}) {
    const AskedHead asked = asked_head(5, form);
    for (const AskedQuestion& question : asked.questions) {
      if (!question.column) continue;
      std::vector<double> image(5);  // W e_column
      for (std::size_t i = 0; i < 5; ++i) image[i] = asked.head.weight(i, *question.column);
      const double form_of_w = dot(asked.probes.row(question.row), image);
      CHECK(std::abs(question.gives - form_of_w) < 1e-12);
    }
  }
}

TEST_CASE(
    "where the softmax saturates, the simplest form loses entries and the robust one asks again") {
  const AskedHead plain = asked_head(4, ProbeForm::kPlain, 1e4);
  CHECK(known_entries(known_after(plain, plain.questions.size()).weight) < 16);
  const AskedHead robust = asked_head(4, ProbeForm::kRobust, 1e4);
  CHECK(robust.questions.size() > 20);
  const KnownSoFar known = known_after(robust, robust.questions.size());
  CHECK(largest_relative_error(known.weight.values(),
                               asked_head(4, ProbeForm::kRobust, 1e4).head.weight.values()) <
        1e-10);
}
