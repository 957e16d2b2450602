// rf-function: its curves are those of the layers it trains, and the target's g without its mean.
#include "core/random_features/learned_function.h"
#include "core/random_features/own_target.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "core/random_features/experiments.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

Findings found(const Values& values) {
  const RunSpec spec = test::spec_with(named("rf-function"), values);
  return named("rf-function").find(spec, {});
}

TrainedLayer trained(const char* model, std::size_t heads, std::size_t samples) {
  const RandomFeatureModel& known = *find_random_feature_model(model);
  return train_layer(std::get<RandomFeatureLayer>(make_layer(known, {2, 3, heads, 2.0}, 7, 0)),
                     {find_target("correlation-value"), 2}, samples, 1e-2);
}

double degrees(double angle) {
  return angle * std::numbers::pi / 180;
}

/// ReLU attention in double from the heads' matrices: no code of FeatureBlock.
double slow_output(const TrainedLayer& layer, const std::vector<double>& angles) {
  const auto token = [&](std::size_t i, std::size_t a) {
    return a == 2 ? 1.0 : a == 0 ? std::cos(degrees(angles[i])) : std::sin(degrees(angles[i]));
  };
  double sum = layer.constant;
  const std::size_t keys = angles.size() - 1;
  for (std::size_t m = 0; m < layer.layer.units; ++m) {
    const Matrix<float> matrix = head_matrix(layer.layer, m);
    const std::vector<double> value = layer.value_of(m);
    for (std::size_t i = 1; i <= keys; ++i) {
      double score = 0, read = 0;
      for (std::size_t a = 0; a < 3; ++a) {
        read += value[a] * token(i, a);
        for (std::size_t b = 0; b < 3; ++b)
          score += token(0, a) * static_cast<double>(matrix(a, b)) * token(i, b);
      }
      sum += std::max(score, 0.0) / static_cast<double>(keys) * read;
    }
  }
  return sum;
}

constexpr const char* kModels[] = {"rfa", "brfa", "rf-invariant", "rfmlp"};

}  // namespace

TEST_CASE("a learned curve is the output of the layer, evaluated slowly") {
  const TokenBatch prompt = prompt_with_query(7, 4, 3, 50);
  for (const char* model : {"rfa", "brfa"}) {
    const TrainedLayer layer = trained(model, 20, 80);
    const Matrix<double> curves = learned_curves(layer, prompt);
    for (std::size_t place = 0; place < 3; ++place) {
      std::vector<double> slow;
      double mean = 0;
      for (std::size_t i = 0; i + 1 < kCurveAngles; ++i) {
        std::vector<double> angles = {50};
        for (std::size_t key = 1; key <= 3; ++key) angles.push_back(angle_of(prompt.token(0, key)));
        angles[1 + place] = curve_angle(i);
        slow.push_back(3 * slow_output(layer, angles));
        mean += slow.back() / static_cast<double>(kCurveAngles - 1);
      }
      double difference = 0;
      for (std::size_t i = 0; i < slow.size(); ++i)
        difference = std::max(difference, std::abs(curves(place, i) - (slow[i] - mean)));
      CAPTURE(model);
      CHECK(difference < 1e-4);
      CHECK(mean_square(curves.row(place)) > 1e-3);
    }
  }
}

TEST_CASE("the target's curve is g minus its mean over one turn") {
  const TokenBatch prompt = prompt_with_query(7, 0, 3, 50);
  const TargetDraw draw = draw_target(7, 0, 2);
  const Matrix<double> curves = target_curves({find_target("correlation-power"), 2}, draw, prompt);
  // cos^2(t - 50 degrees) - 1/2 = cos(2 (t - 50 degrees)) / 2
  for (std::size_t place = 0; place < 3; ++place)
    for (std::size_t i = 0; i < kCurveAngles; ++i)
      CHECK(std::abs(curves(place, i) - 0.5 * std::cos(2 * degrees(curve_angle(i) - 50))) < 1e-6);
  CHECK(mean_square(curves.row(1)) == doctest::Approx(1.0 / 8).epsilon(1e-6));
}

TEST_CASE("a formula's curve at a place is what the key at this place adds") {
  const TokenBatch prompt = prompt_with_query(7, 0, 3, 50);
  const TargetDraw draw = draw_target(7, 0, 2);
  const double own = std::atan2(draw.beta[1], draw.beta[0]);
  const Matrix<double> second =
      target_curves({&own_target(), 0, "sum((i==2)*dot(b1,x))"}, draw, prompt);
  for (std::size_t i = 0; i < kCurveAngles; ++i) {
    CHECK(std::abs(second(0, i)) < 1e-12);
    CHECK(std::abs(second(1, i) - 3 * std::cos(degrees(curve_angle(i)) - own)) < 1e-6);
    CHECK(std::abs(second(2, i)) < 1e-12);
  }
}

TEST_CASE("the targets of rf-function are means over keys, and its curve is what a key adds") {
  const TokenBatch batch = draw_sphere_tokens(3, 4, 0, 20, 5, 2);
  const TargetDraw draw = draw_target(3, 0, 2);
  for (const Target& target : targets()) {
    double worst = 0;
    for (std::size_t s = 0; s < batch.count; ++s) {
      double sum = 0;
      for (std::size_t i = 1; i <= 5; ++i) {
        const float one[] = {batch.token(s, 0)[0], batch.token(s, 0)[1], batch.token(s, i)[0],
                             batch.token(s, i)[1]};
        sum += target.value(draw, one, 1, 2, 3) / 5;
      }
      worst = std::max(worst, std::abs(sum - target.value(draw, batch.sample(s), 5, 2, 3)));
    }
    CAPTURE(target.id);
    if (target.mean_over_keys) CHECK(worst < 1e-12);
  }
  CHECK_FALSE(find_target("maximum")->mean_over_keys);
  CHECK_FALSE(find_target("query-power")->mean_over_keys);
}

TEST_CASE("invariant models have one curve for all places, the network has one for each") {
  const TokenBatch prompt = prompt_with_query(7, 4, 3, 50);
  for (const char* model : kModels) {
    const Matrix<double> curves = learned_curves(trained(model, 20, 40), prompt);
    const double size = std::sqrt(mean_square(curves.row(0)));
    CAPTURE(model);
    CHECK(size > 0.01);
    if (std::string_view(model) == "rfmlp")
      CHECK(spread_of(curves) > 0.1 * size);
    else
      CHECK(spread_of(curves) < 1e-3 * size);
  }
}

TEST_CASE("fits with fewer and with more samples than features solve the normal equations") {
  for (const std::size_t samples :
       {std::size_t{20}, std::size_t{59}, std::size_t{60}, std::size_t{90}}) {
    const TrainedLayer layer = trained("rfa", 20, samples);  // 60 features
    CHECK(layer.fitted);
    const TokenBatch train = training_batch(layer.layer, samples);
    const std::vector<double> labels =
        labels_of(layer.layer, {find_target("correlation-value"), 2}, train);
    const std::vector<double> outputs = layer.outputs(train);
    Matrix<float> features(samples, 60);
    FeatureBlock(layer.layer, 0, 20).apply(train, 0, features.view());
    double trace = 0;
    for (const float value : features.values()) trace += static_cast<double>(value * value);
    const double ridge = 1e-2 * trace / static_cast<double>(samples);
    for (std::size_t j = 0; j < 60; ++j) {
      double gradient = ridge * layer.values[j];
      for (std::size_t i = 0; i < samples; ++i)
        gradient += static_cast<double>(features(i, j)) * (outputs[i] - labels[i]);
      CAPTURE(samples);
      CHECK(std::abs(gradient) < 1e-4);
    }
  }
}

TEST_CASE("attention is nearer the target than the network with few samples") {
  const Findings few = found({});
  REQUIRE(few.result.claims.size() == 2);
  CHECK(few.result.claims[0].status == ClaimStatus::kNoCounterexample);
  CHECK(few.result.claims[1].status == ClaimStatus::kHolds);
  const Findings network = found({{"models", "rfmlp"}});
  REQUIRE(network.result.claims.size() == 1);
  CHECK(network.result.claims[0].status == ClaimStatus::kUndecided);
}

TEST_CASE("rf-function shows the smallest and the largest layers") {
  for (const Values& values :
       {Values{{"keys", "1"}, {"heads", "2"}, {"samples", "2"}, {"ridge", "10"}},
        Values{{"keys", "8"},
               {"heads", "200"},
               {"samples", "400"},
               {"ridge", "1e-4"},
               {"prompt", "200"},
               {"query", "360"},
               {"models", "rfa,brfa,rf-invariant,rfmlp"}},
        Values{{"target", "mean-cosine"}, {"frequency", "16"}}}) {
    const Findings all = found(values);
    CHECK(all.result.notes.empty());
    REQUIRE(all.figures.size() == 1);
    REQUIRE(all.figures[0].handles.size() == 1);
    for (const Series& series : all.figures[0].lines().series)
      for (const FigurePoint& point : series.points)
        REQUIRE((std::isfinite(point.x) && std::isfinite(point.y)));
  }
}

TEST_CASE("A1 in rf-function counts layers: the places of one are no independent tries") {
  const Result result = found({{"models", "rfa,brfa,rfmlp"}, {"keys", "8"}}).result;
  const Claim& claim = result.claims.front();
  CHECK(claim.status == ClaimStatus::kNoCounterexample);
  CHECK(claim.judged.find("2 layers") != std::string::npos);
}

TEST_CASE("a layer that could not be fitted gives no verdict") {
  // The one head has no positive score in both samples, so that all its features are 0.
  for (const char* keys : {"1", "2"}) {
    const Result result = found({{"keys", keys}, {"heads", "1"}, {"samples", "2"}}).result;
    REQUIRE(!result.notes.empty());
    for (const Claim& claim : result.claims) CHECK(claim.status == ClaimStatus::kUndecided);
  }
}

TEST_CASE("the angle of a token is the one that made it") {
  for (const double angle : {0.0, 12.0, 90.0, 179.0, 181.0, 300.0, 359.0}) {
    const TokenBatch prompt = prompt_with_query(1, 0, 2, angle);
    CHECK(std::abs(angle_of(prompt.token(0, 0)) - angle) < 1e-4);
  }
}

TEST_CASE("A2 in rf-function: 50 times the test samples contradict few of the verdicts") {
  // The claim is about the samples and weights of its seed, so every seed is compared with itself.
  // Of settings with 1, 2 and 4 keys this one has the most wrong verdicts (docs/calibration.md).
  int decided = 0, contradicted = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto status = [&](const char* test_samples) {
      RunSpec spec = test::spec_with(named("rf-function"), {{"samples", "30"},
                                                            {"heads", "10"},
                                                            {"keys", "2"},
                                                            {"models", "rfa,rfmlp"},
                                                            {"test-samples", test_samples}});
      spec.seed = seed;
      return claim_of(named("rf-function").find(spec, {}).result.claims, "A2").status;
    };
    const ClaimStatus few = status("200"), many = status("10000");
    if (few == ClaimStatus::kUndecided) continue;
    ++decided;
    if (many != ClaimStatus::kUndecided && many != few) ++contradicted;
  }
  // Both tails have at most 2.5 %; more than 18 of 200 at 5 % have a probability below 1 %.
  CHECK(contradicted <= 18);
  CHECK(decided > 100);
}
