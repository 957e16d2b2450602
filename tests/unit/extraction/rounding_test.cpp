// Heads behind rounded answers: the errors that the law predicts, and the errors that are reached.
#include "core/extraction/learn/rounding.h"

#include <doctest/doctest.h>

#include "core/extraction/learn/black_box.h"
#include "core/extraction/learn/shifted_probes.h"
#include "core/extraction/learn/single_head.h"
#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

/// A box that rounds its answers to a grain.
class RoundingOracle : public Oracle {
 public:
  RoundingOracle(Head head, Grain grain) : inner_(std::move(head)), grain_(grain) {}
  std::size_t dim() const override { return inner_.dim(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override {
    const Expected<std::vector<double>> exact = inner_.ask(batch);
    if (!exact) return exact.error();
    for (std::size_t i = 0; i < answers.size(); ++i) answers[i] = rounded((*exact)[i]);
    return {};
  }
  virtual double rounded(double answer) const { return grain_.round(answer); }
  const Grain& grain() const { return grain_; }

 private:
  HeadsOracle inner_;
  Grain grain_;
};

/// A box that rounds its answers towards 0.
class CuttingOracle : public RoundingOracle {
 public:
  using RoundingOracle::RoundingOracle;

 protected:
  double rounded(double answer) const override {
    const double nearest = grain().round(answer);
    if (std::abs(nearest) <= std::abs(answer)) return nearest;
    return grain().round(nearest - std::copysign(0.75 * grain().at(answer), nearest));
  }
};

/// A box whose softmax works in single precision.
class SingleArithmetic : public Oracle {
 public:
  explicit SingleArithmetic(Head head, Grain printed = {})
      : head_(std::move(head)), printed_(printed) {}
  std::size_t dim() const override { return head_.value.size(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override {
    for (std::size_t n = 0; n < batch.size(); ++n) {
      const auto query = batch.token_values(batch[n].back());
      float sum = 0, total = 0, largest = -INFINITY;
      std::vector<float> logits, values;
      for (const std::uint32_t token : batch[n]) {
        const auto key = batch.token_values(token);
        float logit = 0, value = 0;
        for (std::size_t i = 0; i < key.size(); ++i) {
          const auto entry = static_cast<float>(key[i]);
          float image = 0;
          for (std::size_t j = 0; j < key.size(); ++j) {
            image += static_cast<float>(head_.weight(i, j)) * static_cast<float>(query[j]);
          }
          logit += entry * image;
          value += static_cast<float>(head_.value[i]) * entry;
        }
        logits.push_back(logit);
        values.push_back(value);
        largest = std::max(largest, logit);
      }
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const float weight = std::exp(logits[i] - largest);
        sum += weight;
        total += weight * values[i];
      }
      answers[n] = printed_.round(total / sum);
    }
    return {};
  }

 private:
  Head head_;
  Grain printed_;
};

double size_of_gap(std::span<const double> a, std::span<const double> b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares / static_cast<double>(a.size()));
}

double size_of(std::span<const double> a) {
  return norm(a) / std::sqrt(static_cast<double>(a.size()));
}

const std::vector<Grain> kGrains = {{GrainKind::kStep, 1e-4, 0}, {GrainKind::kStep, 0.05, 0},
                                    {GrainKind::kDigits, 0, 3},  {GrainKind::kDigits, 0, 6},
                                    {GrainKind::kBits, 0, 8},    {GrainKind::kBits, 0, 11},
                                    {GrainKind::kBits, 0, 24},   {GrainKind::kPowers, 0, 0, 0.01}};

}  // namespace

TEST_CASE(
    "rounding: the law says how well one head is known, whatever the grain, dimension and probes") {
  for (const Grain& grain : kGrains) {
    for (const std::size_t dim : {2, 5, 16}) {
      for (const double probe : {32.0, 1024.0}) {
        double reached = 0, said = 0, reached_value = 0, said_value = 0;
        for (std::uint32_t index = 0; index < 12; ++index) {
          const Head head = random_head(dim, 40 + index);
          ProbePlan plan = plan_probes(Grain{}, HeadKnowledge(dim));
          HeadKnowledge truth(dim);
          truth.value = head.value;
          truth.weight = head.weight.clone();
          plan.largest = plan_probes(Grain{}, truth).largest;
          plan.probe = plan.value = probe;
          plan.query = 1 / (probe * plan.largest);
          RoundingOracle box(Head{head.weight.clone(), head.value}, grain);
          HeadKnowledge known(dim);
          SingleHeadOptions options;
          options.probe_norm = options.value_length = probe;
          options.largest_form = plan.largest;
          Inquiry<Outcome> learner = learn_single_head(known, options);
          finish(learner, box);
          const HeadError error = rounding_error(grain, head, plan);
          said += error.weight * error.weight;
          said_value += error.value * error.value;
          reached += std::pow(size_of_gap(known.weight.values(), head.weight.values()), 2);
          reached_value += std::pow(size_of_gap(known.value, head.value), 2);
        }
        CAPTURE(grain.text());
        CAPTURE(dim);
        CAPTURE(probe);
        const double ratio = std::sqrt(reached / said);
        CHECK_MESSAGE(ratio > 0.5, ratio);
        CHECK_MESSAGE(ratio < 2, ratio);
        CHECK(std::sqrt(reached_value / said_value) > 0.5);
        CHECK(std::sqrt(reached_value / said_value) < 2);
      }
    }
  }
}

TEST_CASE(
    "rounding: longer probes recover digits lost to a step, shifted ones digits lost to floating "
    "point") {
  for (const Grain& grain : kGrains) {
    const bool floating = grain.kind != GrainKind::kStep;
    double plain = 0, refined = 0, said = 0, value = 0, said_value = 0, asked[2] = {};
    const int trials = 12;
    for (std::uint32_t index = 0; index < trials; ++index) {
      const Head head = random_head(8, 80 + index);
      for (const bool wins : {false, true}) {
        RoundingOracle box(Head{head.weight.clone(), head.value}, grain);
        if (!wins && !floating) {
          HeadKnowledge known(8);
          Inquiry<Outcome> learner = learn_single_head(known, {});
          finish(learner, box);
          plain += std::pow(size_of_gap(known.weight.values(), head.weight.values()), 2) / trials;
          asked[0] += static_cast<double>(box.learning_queries()) / trials;
          continue;
        }
        BoxKnowledge known(8);
        Inquiry<Outcome> learner = learn_black_box(known, {.shifts = wins});
        const Outcome& outcome = finish(learner, box);
        asked[wins] += static_cast<double>(box.learning_queries()) / trials;
        const double error = size_of_gap(known.learned.head.weight.values(), head.weight.values());
        (wins ? refined : plain) += error * error / trials;
        if (!wins) continue;
        CHECK_MESSAGE(outcome.status == ExtractionStatus::kRecovered, outcome.evidence);
        said += std::pow(known.error.weight, 2) / trials;
        value += std::pow(size_of_gap(known.learned.head.value, head.value), 2) / trials;
        said_value += std::pow(known.error.value, 2) / trials;
      }
    }
    MESSAGE(grain.text(), ": ", std::sqrt(plain), " after ", asked[0], " queries, ",
            std::sqrt(refined), " (said ", std::sqrt(said), ") after ", asked[1], "; v to ",
            std::sqrt(value), " (said ", std::sqrt(said_value), ")");
    CHECK(refined < 1e-6 * plain);
    if (std::sqrt(refined) > 1e-14) CHECK(std::sqrt(refined / said) > 1.0 / 3);
    CHECK(std::sqrt(refined / said) < 3);
    // With three digits one of the heads fits a box that cuts digits as well, and that is said.
    // So do several heads with steps of the logarithm: the bound for v is then a hundred times
    // wider.
    CHECK(std::sqrt(value / said_value) > (grain.kind == GrainKind::kPowers ? 1.0 / 500 : 1.0 / 8));
    CHECK(std::sqrt(value / said_value) < 3);
  }
}

TEST_CASE(
    "rounding: a box that works in single precision is recovered, and its stated error holds") {
  for (std::uint32_t index = 0; index < 20; ++index) {
    const Head head = random_head(6, 120 + index);
    SingleArithmetic box(Head{head.weight.clone(), head.value});
    BoxKnowledge known(6);
    Inquiry<Outcome> learner = learn_black_box(known, {});
    const Outcome& outcome = finish(learner, box);
    CHECK_MESSAGE(outcome.status == ExtractionStatus::kRecovered, outcome.evidence);
    const double reached = size_of_gap(known.learned.head.weight.values(), head.weight.values());
    CHECK_MESSAGE(reached < known.bound.weight, reached << " said " << known.bound.weight);
    CHECK(reached < 1e-4 * size_of(head.weight.values()));
  }
}

TEST_CASE("rounding: the stated bound holds for two grains and for computing in float32") {
  const Grain exact, six{GrainKind::kStep, 1e-6, 0}, four{GrainKind::kStep, 1e-4, 0};
  const Grain digits{GrainKind::kDigits, 0, 6};
  struct Case {
    bool computes;
    Grain grain;  // of what is printed; of a box that computes in double: both at once
  };
  for (const auto& [computes, grain] :
       {Case{false, {GrainKind::kBits, 1e-6, 24}}, Case{false, {GrainKind::kBits, 1e-3, 11}},
        Case{false, {GrainKind::kDigits, 1e-4, 4}}, Case{false, {GrainKind::kBits, 0, 16}},
        Case{true, exact}, Case{true, six}, Case{true, four}, Case{true, digits}}) {
    for (const std::size_t dim : {2, 6}) {
      double said = 0, reached = 0;
      for (std::uint32_t index = 0; index < 20; ++index) {
        const Head head = random_head(dim, 160 + index);
        SingleArithmetic single(Head{head.weight.clone(), head.value}, grain);
        RoundingOracle rounding(Head{head.weight.clone(), head.value}, grain);
        BoxKnowledge known(dim);
        Inquiry<Outcome> learner = learn_black_box(known, {});
        const Outcome& outcome = computes ? finish(learner, single) : finish(learner, rounding);
        CAPTURE(grain.text());
        CAPTURE(computes);
        CAPTURE(dim);
        CHECK_MESSAGE(outcome.status == ExtractionStatus::kRecovered, outcome.evidence);
        const double weight = size_of_gap(known.learned.head.weight.values(), head.weight.values());
        const double value = size_of_gap(known.learned.head.value, head.value);
        CHECK_MESSAGE(weight <= known.bound.weight, weight << " said " << known.bound.weight);
        CHECK_MESSAGE(value <= known.bound.value, value << " said " << known.bound.value);
        said += known.bound.weight * known.bound.weight;
        reached += weight * weight;
      }
      // A bound, but not a careless one. At the last digits of a double many times the error is
      // one digit.
      CHECK(std::sqrt(said) < 8 * std::sqrt(reached) + 5e-14 * std::sqrt(20.0));
    }
  }
}

TEST_CASE("rounding: the stated bound of v holds where bits are cut") {
  const Grain grain{GrainKind::kBits, 0, 16};
  for (const std::size_t dim : {1, 2, 8}) {
    for (std::uint32_t index = 0; index < 40; ++index) {
      Head head = random_head(dim, 200 + index);
      for (double& v : head.value) v *= 0.1;
      CuttingOracle box(Head{head.weight.clone(), head.value}, grain);
      BoxKnowledge known(dim);
      Inquiry<Outcome> learner = learn_black_box(known, {});
      const Outcome& outcome = finish(learner, box);
      CAPTURE(dim);
      CHECK_MESSAGE(outcome.status == ExtractionStatus::kRecovered, outcome.evidence);
      const double value = size_of_gap(known.learned.head.value, head.value);
      CHECK_MESSAGE(value <= known.bound.value, value << " said " << known.bound.value);
    }
  }
}

TEST_CASE("rounding: answers too coarse for any head are reported as such") {
  // With one significant digit hardly any difference between answers remains.
  const Head head = random_head(4, 7);
  RoundingOracle box(Head{head.weight.clone(), head.value}, {GrainKind::kDigits, 0, 1});
  BoxKnowledge known(4);
  Inquiry<Outcome> learner = learn_black_box(known, {.shifts = false});
  const Outcome& outcome = finish(learner, box);
  CHECK(outcome.status != ExtractionStatus::kRecovered);
  CHECK_MESSAGE(outcome.evidence.find("1 significant digit") != std::string::npos,
                outcome.evidence);
}
