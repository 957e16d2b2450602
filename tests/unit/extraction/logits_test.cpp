// The box of logits against its definition, and what its answers show.
#include "core/extraction/learn/logits.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/extraction/learn/logit_box.h"
#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

LogitModel model_of(std::uint32_t index, std::size_t words, std::size_t hidden,
                    HiddenNorm norm = HiddenNorm::kRms) {
  RandomStream stream = stream_of(index);
  return random_logit_model(stream, words, hidden, norm);
}

/// U norm(z) of the definition for a prompt of words, in plain loops and long double.
std::vector<double> plain_logits(const LogitModel& model, const std::vector<std::size_t>& prompt) {
  using Vector = std::vector<long double>;
  const std::size_t d = model.hidden();
  const auto embedding = [&](std::size_t word) {
    Vector e(d);
    for (std::size_t j = 0; j < d; ++j) e[j] = model.embedding(word, j);
    return e;
  };
  const Vector query = embedding(prompt.back());
  Vector h = query, weights;
  long double total = 0;
  for (const std::size_t word : prompt) {
    const Vector key = embedding(word);
    long double score = 0;
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) score += key[i] * model.weight(i, j) * query[j];
    }
    weights.push_back(std::exp(score));
    total += weights.back();
  }
  for (std::size_t k = 0; k < prompt.size(); ++k) {
    const Vector e = embedding(prompt[k]);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) h[i] += weights[k] / total * model.value(i, j) * e[j];
    }
  }
  long double mean = 0, squares = 0;
  if (model.norm == HiddenNorm::kLayer) {
    for (const long double x : h) mean += x / static_cast<long double>(d);
  }
  for (long double& x : h) {
    x -= mean;
    squares += x * x / static_cast<long double>(d);
  }
  std::vector<double> logits;
  for (std::size_t word = 0; word < model.words(); ++word) {
    long double sum = 0;
    for (std::size_t j = 0; j < d; ++j) sum += model.unembedding(word, j) * h[j];
    logits.push_back(static_cast<double>(sum / std::sqrt(squares)));
  }
  return logits;
}

QueryBatch prompts_of(std::size_t words, const std::vector<std::vector<std::size_t>>& prompts) {
  QueryBatch batch(words);
  for (const auto& prompt : prompts) {
    std::vector<std::uint32_t> members;
    for (const std::size_t word : prompt) {
      batch.new_token()[word] = 1;
      members.push_back(static_cast<std::uint32_t>(batch.token_count() - 1));
    }
    batch.query(members);
  }
  return batch;
}

const std::vector<std::vector<std::size_t>> kPrompts = {{0, 1}, {3, 3, 2}, {4, 6, 5, 0, 1}, {6}};

/// Everything that n answers of this kind tell.
struct Asked {
  LogitVectors known;
  LogitSpectrum spectrum;
  Outcome outcome;
  std::size_t questions = 0;
};
Asked asked(Oracle& oracle, LogitOptions options, std::uint32_t index = 0) {
  Asked result;
  Inquiry<Outcome> inquiry = ask_logits(result.known, options, stream_of(1000 + index));
  result.outcome = finish(inquiry, oracle);
  result.questions = oracle.learning_queries();
  if (result.outcome.status == ExtractionStatus::kRecovered) {
    result.spectrum = read_spectrum(result.known, singular_values(tall_matrix(result.known)));
  }
  return result;
}
Asked asked(const LogitModel& model, LogitAnswer answer, std::size_t vectors,
            std::uint32_t index = 0) {
  LogitOracle oracle(model, answer);
  return asked(
      oracle,
      {.token = model.words(), .logits = model.words(), .vectors = vectors, .top = answer.top},
      index);
}

Grain digits(int count) {
  return {GrainKind::kDigits, 0, count};
}

double largest_difference(const Matrix<double>& a, const Matrix<double>& b) {
  double largest = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    largest = std::max(largest, std::abs(a.values()[k] - b.values()[k]));
  }
  return largest;
}

/// A box that says whatever the test wants.
class SaysOracle : public Oracle {
 public:
  SaysOracle(std::size_t dim, std::size_t width, std::function<double(std::size_t)> entry)
      : dim_(dim), width_(width), entry_(std::move(entry)) {}
  std::size_t dim() const override { return dim_; }
  std::size_t width() const override { return width_; }

 protected:
  Expected<void> answer(const QueryBatch&, std::span<double> answers) override {
    for (std::size_t k = 0; k < answers.size(); ++k) answers[k] = entry_(k % width_);
    return {};
  }

 private:
  std::size_t dim_, width_;
  std::function<double(std::size_t)> entry_;
};

}  // namespace

TEST_CASE("the logits are those of the definition, with either norm") {
  for (const HiddenNorm norm : {HiddenNorm::kRms, HiddenNorm::kLayer}) {
    const LogitModel model = model_of(1, 7, 4, norm);
    LogitOracle oracle(model, {});
    const auto answers = oracle.ask(prompts_of(7, kPrompts));
    REQUIRE(answers);
    for (std::size_t i = 0; i < kPrompts.size(); ++i) {
      const std::vector<double> expected = plain_logits(model, kPrompts[i]);
      for (std::size_t word = 0; word < 7; ++word) {
        CHECK(std::abs((*answers)[7 * i + word] - expected[word]) < 1e-13);
      }
    }
  }
}

TEST_CASE("a list has the likeliest words and their log-probabilities after the bias") {
  const LogitModel model = model_of(2, 7, 4);
  LogitOracle oracle(model, {{}, 3});
  QueryBatch batch(7);
  const QueryBatch prompts = prompts_of(7, kPrompts);
  for (std::uint32_t t = 0; t < prompts.token_count(); ++t) batch.token(prompts.token_values(t));
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    batch.query(prompts[i]);
    if (i != 1) batch.bias(static_cast<std::uint32_t>(i), 2.5);
  }
  const auto answers = oracle.ask(batch);
  REQUIRE(answers);
  for (std::size_t i = 0; i < kPrompts.size(); ++i) {
    std::vector<double> logits = plain_logits(model, kPrompts[i]);
    if (i != 1) logits[i] += 2.5;
    long double total = 0;
    for (const double logit : logits) total += std::exp(static_cast<long double>(logit));
    for (std::size_t k = 0; k < 3; ++k) {
      const auto best = std::max_element(logits.begin(), logits.end());
      CHECK((*answers)[6 * i + 2 * k] == static_cast<double>(best - logits.begin()));
      const double chance = static_cast<double>(*best - std::log(total));
      CHECK(std::abs((*answers)[6 * i + 2 * k + 1] - chance) < 1e-13);
      *best = -INFINITY;
    }
  }
}

TEST_CASE("the largest sine of two planes at an angle is the sine of that angle") {
  for (const double angle : {1.0, 1e-3, 1e-9, 0.0}) {
    Matrix<double> a(5, 2), b(5, 2);
    a(0, 0) = b(0, 0) = a(1, 1) = 1;
    b(1, 1) = std::cos(angle);
    b(2, 1) = std::sin(angle);
    CHECK(largest_sine(a, b) == doctest::Approx(std::sin(angle)).epsilon(1e-12));
  }
  CHECK(std::isnan(largest_sine(Matrix<double>(5, 2), Matrix<double>(5, 1))));
}

TEST_CASE("exact logits have rank d with RMS norm and d - 1 with layer norm, in the space of U") {
  for (const std::size_t d : {3u, 8u, 16u}) {
    for (const HiddenNorm norm : {HiddenNorm::kRms, HiddenNorm::kLayer}) {
      for (const std::size_t vectors : {d + 1, 2 * d, 6 * d}) {
        const auto seed = static_cast<std::uint32_t>(d);
        const LogitModel model = model_of(seed, 3 * d, d, norm);
        const Asked found = asked(model, {}, vectors, seed);
        CAPTURE(found.spectrum.evidence);
        CHECK(found.spectrum.status == RankStatus::kFound);
        CHECK(found.spectrum.rank == d - (norm == HiddenNorm::kLayer ? 1 : 0));
        CHECK(largest_sine(found.spectrum.space, column_space(model, false)) < 1e-12);
        CHECK(found.questions == vectors);
      }
    }
  }
}

TEST_CASE("with d vectors or fewer the rank is not told") {
  const LogitModel model = model_of(3, 40, 12);
  for (const std::size_t vectors : {4u, 12u}) {
    const Asked found = asked(model, {}, vectors);
    CHECK(found.spectrum.status == RankStatus::kTooFew);
    CHECK(found.spectrum.evidence.find("more vectors are needed") != std::string::npos);
  }
}

TEST_CASE("lists with a bias give all logits up to a constant, with the questions that are said") {
  const LogitModel model = model_of(4, 33, 6);
  Matrix<double> expected = asked(model, {}, 20).known.rows.clone();
  for (std::size_t i = 0; i < expected.rows(); ++i) {
    double mean = 0;
    for (const double y : expected.row(i)) mean += y / 33;
    for (double& y : expected.row(i)) y -= mean;
  }
  for (const std::size_t top : {2u, 5u, 17u, 32u}) {
    CAPTURE(top);
    const Asked found = asked(model, {{}, top}, 20);
    REQUIRE(found.outcome.status == ExtractionStatus::kRecovered);
    CHECK(largest_difference(found.known.rows, expected) < 1e-13);
    CHECK(found.known.repeated == 0);
    CHECK(found.known.grain.exact());  // y + 16 has a step, the answers have none
    std::size_t more = 0;              // lists of k - 1 further words until none is left
    for (std::size_t left = 33 - top; left > 0; left -= std::min(left, top - 1)) ++more;
    CHECK(found.questions == 20 * (1 + more));
    CHECK(questions_per_vector(33, top) == 1 + more);
    CHECK(found.spectrum.rank == 6);
    CHECK(largest_sine(found.spectrum.space, column_space(model, true)) < 1e-12);
  }
}

TEST_CASE("logits that are further apart than the first bias cost repeated questions only") {
  LogitModel model = model_of(5, 20, 4);
  for (double& entry : model.unembedding.values()) entry *= 30;
  const Asked found = asked(model, {{}, 4}, 12);
  REQUIRE(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(found.known.repeated > 0);
  CHECK(found.questions == 12 * questions_per_vector(20, 4) + found.known.repeated);
  CHECK(found.spectrum.status == RankStatus::kFound);
  CHECK(found.spectrum.rank == 4);
  CHECK(largest_sine(found.spectrum.space, column_space(model, true)) < 1e-12);
}

TEST_CASE("the learner finds the grain of the logits, and rounding stays below the noise's edge") {
  const Grain grains[] = {digits(1),
                          digits(2),
                          digits(4),
                          digits(6),
                          {GrainKind::kBits, 0, 24},
                          {GrainKind::kBits, 0, 8}};
  double closest = 0;
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const LogitModel model = model_of(100 + seed, 48, 4 + seed % 9);
    const Matrix<double> exact = asked(model, {}, 32, seed).known.rows.clone();
    for (const Grain& grain : grains) {
      CAPTURE(grain.text());
      const Asked found = asked(model, {grain, 0}, 32, seed);
      CHECK(found.known.grain == grain);
      Matrix<double> error = found.known.rows.clone();
      for (std::size_t k = 0; k < error.size(); ++k) error.values()[k] -= exact.values()[k];
      const double largest = singular_values(transposed(error)).values.front();
      CHECK(largest <= found.spectrum.noise);
      closest = std::max(closest, largest / found.spectrum.noise);
    }
  }
  CHECK(closest > 0.5);  // the edge is no empty promise
}

TEST_CASE("a rounded list has errors that its words share, and the edge counts them") {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const LogitModel model = model_of(200 + seed, 40, 6);
    const Matrix<double> exact = asked(model, {{}, 5}, 24, seed).known.rows.clone();
    const Asked found = asked(model, {digits(3), 5}, 24, seed);
    REQUIRE(found.outcome.status == ExtractionStatus::kRecovered);
    Matrix<double> error = found.known.rows.clone();
    for (std::size_t k = 0; k < error.size(); ++k) error.values()[k] -= exact.values()[k];
    const double largest = singular_values(transposed(error)).values.front();
    CHECK(largest <= found.spectrum.noise);
    CHECK(largest >= 0.1 * found.spectrum.noise);
  }
}

TEST_CASE("coarse answers never show a wrong hidden size, and what is found is as exact as said") {
  int found_some = 0, hidden_some = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const std::size_t d = 3 + seed % 12;
    const HiddenNorm norm = seed % 2 == 0 ? HiddenNorm::kRms : HiddenNorm::kLayer;
    const LogitModel model = model_of(300 + seed, d + 2 + seed % 30, d, norm);
    for (const int count : {1, 2, 3}) {
      const Asked answer = asked(model, {digits(count), 0}, d + 1 + seed % 25, seed);
      const LogitSpectrum& spectrum = answer.spectrum;
      CAPTURE(d);
      CAPTURE(count);
      CAPTURE(spectrum.evidence);
      hidden_some += spectrum.status == RankStatus::kNoiseHides;
      if (spectrum.status != RankStatus::kFound) continue;
      ++found_some;
      CHECK(spectrum.rank == d - (norm == HiddenNorm::kLayer ? 1 : 0));
      CHECK(largest_sine(spectrum.space, column_space(model, false)) <= spectrum.accuracy);
    }
  }
  CHECK(found_some > 20);
  CHECK(hidden_some > 20);
}

TEST_CASE("a direction far below the noise cannot be seen: the rank is that of the others") {
  LogitModel model = model_of(6, 64, 8);
  for (std::size_t word = 0; word < 64; ++word) model.unembedding(word, 3) *= 1e-7;
  CHECK(asked(model, {digits(4), 0}, 48).spectrum.rank == 7);
  CHECK(asked(model, {}, 48).spectrum.rank == 8);
}

TEST_CASE("answers that are no logits or no lists of words end with one sentence") {
  const LogitOptions full{.token = 8, .logits = 8, .vectors = 4},
      top{.token = 8, .logits = 8, .vectors = 4, .top = 3};
  SaysOracle nan(8, 8, [](std::size_t) { return NAN; });
  CHECK(asked(nan, full).outcome.evidence == "An answer is not a list of L numbers.");
  SaysOracle narrow(8, 7, [](std::size_t) { return 1.0; });
  CHECK(asked(narrow, full).outcome.evidence == "An answer is not a list of L numbers.");
  const std::string no_list = "An answer is not a list of 3 words with log-probabilities.";
  SaysOracle same_word(8, 6, [](std::size_t k) { return k % 2 == 0 ? 1.0 : -1.0; });
  SaysOracle no_word(8, 6, [](std::size_t k) { return k % 2 == 0 ? 8.0 + double(k) : -1.0; });
  SaysOracle half_word(8, 6, [](std::size_t k) { return k % 2 == 0 ? 0.5 + double(k) : -1.0; });
  SaysOracle likely(8, 6, [](std::size_t k) { return k % 2 == 0 ? double(k) : 0.5; });
  SaysOracle short_list(8, 4, [](std::size_t k) { return k % 2 == 0 ? double(k) : -1.0; });
  for (SaysOracle* box : {&same_word, &no_word, &half_word, &likely, &short_list}) {
    const Asked answer = asked(*box, top);
    CHECK(answer.outcome.status == ExtractionStatus::kNotAMatch);
    CHECK(answer.outcome.evidence == no_list);
  }
  SaysOracle deaf(8, 6,
                  [](std::size_t k) { return k % 2 == 0 ? double(k / 2) : -1.0 - double(k); });
  CHECK(asked(deaf, top).outcome.evidence ==
        "A logit bias of 1048576 does not bring a word into the list.");
}
