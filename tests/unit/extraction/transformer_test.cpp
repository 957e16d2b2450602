// What claim B2 requires: accuracy and queries at d = k = 16 with biases, even and duplicate
// neurons.
#include "core/extraction/learn/transformer.h"

#include <string>

#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

FeedForward random_network(std::size_t dim, std::size_t hidden, std::uint32_t index, bool biases) {
  RandomStream stream = stream_of(index);
  FeedForward network{Matrix<double>(hidden, dim), std::vector<double>(hidden, 0.0),
                      std::vector<double>(hidden), 0};
  stream.fill_normal(network.input.values());
  for (double& entry : network.input.values()) entry /= std::sqrt(static_cast<double>(dim));
  stream.fill_normal(network.output);
  if (biases) {
    stream.fill_normal(network.bias);
    network.constant = stream.normal();
  }
  return network;
}

FeedForward clone(const FeedForward& network) {
  return {network.input.clone(), network.bias, network.output, network.constant};
}

struct Found {
  Outcome outcome;
  TransformerKnowledge known;
  double network_error = 0, weight_error = 0;
  std::uint64_t queries = 0;
};

Found extract(const FeedForward& network, const Matrix<double>& weight, WeightRoute route) {
  const std::size_t dim = weight.rows();
  TransformerOracle oracle(weight.clone(), clone(network));
  Found found{{}, TransformerKnowledge(dim), 0, 0, 0};
  TransformerOptions options;
  options.route = route;
  Inquiry<Outcome> inquiry = learn_transformer(found.known, options);
  found.outcome = finish(inquiry, oracle);
  found.queries = oracle.learning_queries();
  RandomStream stream = stream_of(999);
  std::vector<double> x(dim), truth, estimate;
  for (int i = 0; i < 200; ++i) {
    stream.fill_normal(x);
    truth.push_back(network(x));
    estimate.push_back(found.known.network(x));
  }
  found.network_error = largest_relative_error(estimate, truth);
  found.weight_error = largest_relative_error(found.known.head.weight.values(), weight.values());
  MESSAGE("d = " << dim << ", k = " << network.output.size() << ": kinks "
                 << found.known.network.kinks.size() << ", FFN error " << found.network_error
                 << ", W error " << found.weight_error << ", queries " << found.queries
                 << " (lines " << found.known.search.line_queries << ", normals "
                 << found.known.search.normal_queries << ", tests "
                 << found.known.search.test_queries << ", polish "
                 << found.known.search.polish_queries << ", repeated " << found.known.head.repeated
                 << "), " << found.outcome.evidence);
  return found;
}

}  // namespace

TEST_CASE("extraction: few neurons are found, also where they are off around the origin") {
  // Query tokens that only touch a hyperplane have no gradient; two quiet lines may miss one.
  for (const std::size_t hidden : {1, 2, 3}) {
    for (const std::size_t dim : {2, 3, 4, 16}) {
      for (std::uint32_t i = 0; i < 24; ++i) {
        CAPTURE(hidden);
        CAPTURE(dim);
        CAPTURE(i);
        const Found found = extract(random_network(dim, hidden, 400 + i, true),
                                    random_head(dim, 500 + i, 1).weight, WeightRoute::kGradient);
        CHECK_MESSAGE(found.outcome.status == ExtractionStatus::kRecovered, found.outcome.evidence);
        CHECK(found.network_error < 1e-11);
        CHECK(found.weight_error < 1e-9);
      }
    }
  }
}

TEST_CASE("extraction: the final fit sees every hyperplane from both sides, however far it is") {
  // 34 unknowns. Behind a hyperplane at distance 2 or more, hardly any points around the origin
  // help: its own group of points has to determine all 17 numbers of the neuron.
  constexpr std::size_t dim = 16;
  double worst_weight = 0, worst_neuron = 0;
  for (const double offset : {-20.0, -8.0, -2.3, -1.0, 1.0, 2.3}) {
    for (std::uint32_t i = 0; i < 16; ++i) {
      CAPTURE(offset);
      CAPTURE(i);
      FeedForward network{Matrix<double>(1, dim), {offset}, {1}, 0.5};
      stream_of(700 + i).fill_sphere(network.input.row(0));
      const Found found =
          extract(network, random_head(dim, 720 + i, 1).weight, WeightRoute::kGradient);
      REQUIRE_MESSAGE(found.outcome.status == ExtractionStatus::kRecovered, found.outcome.evidence);
      REQUIRE(found.known.network.kinks.size() == 1);
      const AbsAffine::Kink& kink = found.known.network.kinks[0];
      const double sign = std::copysign(1, dot(kink.normal, network.input.row(0)));
      std::vector<double> error(network.input.row(0).begin(), network.input.row(0).end());
      add_scaled(-sign, kink.normal, error);
      worst_neuron = std::max({worst_neuron, largest_magnitude(error),
                               std::abs(sign * kink.offset - offset) / std::abs(offset)});
      worst_weight = std::max(worst_weight, found.weight_error);
    }
  }
  MESSAGE("largest error of a neuron " << worst_neuron << ", of W " << worst_weight);
  CHECK(worst_neuron < 1e-13);  // 17 numbers from 18 points: a condition number of 100 or so
  CHECK(worst_weight < 1e-10);
}

TEST_CASE("extraction: a neuron of small output weight is found, because the last fit misses it") {
  for (std::uint32_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    FeedForward network = random_network(4, 8, 750 + i, true);
    network.output[3] = 2e-5;
    const Found found = extract(network, random_head(4, 760 + i, 1).weight, WeightRoute::kGradient);
    CHECK_MESSAGE(found.outcome.status == ExtractionStatus::kRecovered, found.outcome.evidence);
    CHECK(found.known.network.kinks.size() == 8);
    CHECK(found.network_error < 1e-11);
  }
}

TEST_CASE("extraction: close kinks of opposite sign are told apart in one dimension, too") {
  // From afar they look like one kink at another place, on every line.
  for (const double gap : {0.3, 0.08, 0.01, 0.001}) {
    CAPTURE(gap);
    FeedForward network{Matrix<double>(2, 1), {0.4, 0.4 + gap}, {-0.65, 0.06}, 0.4};
    network.input(0, 0) = network.input(1, 0) = 1;
    const Found found = extract(network, random_head(1, 530).weight, WeightRoute::kGradient);
    CHECK_MESSAGE(found.outcome.status == ExtractionStatus::kRecovered, found.outcome.evidence);
    CHECK(found.known.network.kinks.size() == 2);
  }
}

TEST_CASE("extraction: a neuron far out is read with short probes where W saturates the softmax") {
  // Off for |x| < 3: query tokens cannot be short, and their logits are about 3 |W| |a|.
  FeedForward network{Matrix<double>(1, 4), {-3}, {1}, 0.5};
  network.input(0, 0) = 1;
  for (const double scale : {0.01, 1.0, 100.0}) {
    CAPTURE(scale);
    const Found found = extract(network, random_head(4, 520, scale).weight, WeightRoute::kGradient);
    CHECK_MESSAGE(found.outcome.status == ExtractionStatus::kRecovered, found.outcome.evidence);
    CHECK(found.weight_error < 1e-9);
  }
}

TEST_CASE("extraction: constant answers are no check, so that its inputs become longer") {
  FeedForward network{Matrix<double>(1, 3), {-40}, {1}, 0.5};  // off for all usual inputs
  network.input(0, 1) = 1;
  const Matrix<double> weight = random_head(3, 521, 0.1).weight;
  TransformerOracle box(weight.clone(), clone(network));
  for (const bool right : {true, false}) {
    Matrix<double> claimed = weight.clone();
    if (!right) claimed.set_zero();
    TransformerOracle predictor(std::move(claimed), clone(network));
    Inquiry<CheckResult> checking = check_prediction(predictor, stream_of(522), 1e-6);
    const CheckResult check = finish(checking, box);
    CHECK(check.matches == right);
    CHECK(check.scale > 1);
  }
  const FeedForward constant{Matrix<double>(1, 3), {1}, {1.0 / 3}, 0.1};
  TransformerOracle flat(weight.clone(), clone(constant)), same(weight.clone(), clone(constant));
  Inquiry<CheckResult> checking = check_prediction(same, stream_of(523), 1e-6);
  CHECK(finish(checking, flat).matches);  // to rounding
}

TEST_CASE("extraction: a transformer with d = k = 16 and biases falls to at most 3300 queries") {
  for (std::uint32_t i = 0; i < 4; ++i) {
    const Found found = extract(random_network(16, 16, 100 + i, true),
                                random_head(16, 110 + i, 1).weight, WeightRoute::kGradient);
    CHECK(found.outcome.status == ExtractionStatus::kRecovered);
    CHECK(found.network_error < 1e-13);
    CHECK(found.weight_error < 1e-11);
    CHECK(found.queries <= 3300);
  }
}

TEST_CASE("extraction: an even network is solved by the gradient route and not by the odd part") {
  FeedForward network = random_network(8, 8, 120, true);
  for (std::size_t j = 4; j < 8; ++j) {  // neuron j mirrors neuron j - 4
    for (std::size_t i = 0; i < 8; ++i) network.input(j, i) = -network.input(j - 4, i);
    network.bias[j] = -network.bias[j - 4];
    network.output[j] = network.output[j - 4];
  }
  const Matrix<double> weight = random_head(8, 121).weight.clone();
  const Found found = extract(network, weight, WeightRoute::kGradient);
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(found.known.network.kinks.size() == 4);
  CHECK(found.network_error < 1e-13);
  CHECK(found.weight_error < 1e-11);

  std::ranges::fill(network.bias, 0.0);
  network.constant = 0;
  CHECK(extract(network, weight, WeightRoute::kOddPart).outcome.status ==
        ExtractionStatus::kNotIdentifiable);
}

TEST_CASE("extraction: duplicate neurons are one hyperplane") {
  FeedForward network = random_network(8, 6, 130, true);
  std::ranges::copy(network.input.row(0), network.input.row(3).begin());
  network.bias[3] = network.bias[0];
  const Found found = extract(network, random_head(8, 131).weight, WeightRoute::kGradient);
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(found.known.network.kinks.size() == 5);
  CHECK(found.network_error < 1e-13);
  CHECK(found.weight_error < 1e-11);
}

TEST_CASE("extraction: without biases both routes find W") {
  const FeedForward network = random_network(8, 8, 140, false);
  const Matrix<double> weight = random_head(8, 141).weight.clone();
  for (const WeightRoute route : {WeightRoute::kGradient, WeightRoute::kOddPart}) {
    const Found found = extract(network, weight, route);
    CHECK(found.outcome.status == ExtractionStatus::kRecovered);
    CHECK(found.weight_error < 1e-11);
  }
}

TEST_CASE("extraction: small, large and constant networks") {
  CHECK(extract(random_network(1, 3, 150, true), random_head(1, 151).weight, WeightRoute::kGradient)
            .outcome.status == ExtractionStatus::kRecovered);
  CHECK(
      extract(random_network(4, 20, 152, true), random_head(4, 153).weight, WeightRoute::kGradient)
          .outcome.status == ExtractionStatus::kRecovered);
  FeedForward constant = random_network(4, 2, 154, true);
  std::ranges::fill(constant.output, 0.0);
  CHECK(extract(constant, random_head(4, 155).weight, WeightRoute::kGradient).outcome.status ==
        ExtractionStatus::kNotIdentifiable);
}
