// rf-inside: the numbers shown for a head are those that the layer computes, and attention ignores
// the order of the keys.
#include "core/random_features/inside.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/random_features/experiments.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;

namespace {

TrainedLayer trained(const char* model) {
  const RandomFeatureModel& known = *find_random_feature_model(model);
  return train_layer(std::get<RandomFeatureLayer>(make_layer(known, {4, 5, 12, 2.0}, 5, 0)),
                     {find_target("mean-power"), 2}, 200);
}

Result reduced(const std::vector<std::pair<std::string, std::string>>& values) {
  const RunSpec spec = test::spec_with(named("rf-inside"), values);
  return named("rf-inside").find(spec, {}).result;
}

constexpr const char* kModels[] = {"rfa",          "brfa",    "rfa-softmax",
                                   "brfa-softmax", "rfa-exp", "brfa-exp"};

}  // namespace

TEST_CASE(
    "the mean label plus the contributions of all heads and keys is the output of the layer") {
  const TokenBatch batch = draw_sphere_tokens(5, 6, 0, 3, 5, 4);
  for (const char* model : kModels) {
    const TrainedLayer layer = trained(model);
    const std::vector<double> outputs = layer.outputs(batch);
    for (std::size_t sample = 0; sample < batch.count; ++sample) {
      double sum = layer.constant, size = 0;
      for (std::size_t head = 0; head < layer.layer.units; ++head) {
        for (const double adds : look_inside(layer, head, batch, sample).contributions) {
          sum += adds;
          size += std::abs(adds);
        }
      }
      CAPTURE(model);
      CHECK(std::abs(sum - outputs[sample]) < 1e-5 * (1 + size));
    }
  }
}

TEST_CASE("reordering the keys changes every attention model by rounding, the network by a lot") {
  const TokenBatch batch = draw_sphere_tokens(5, 6, 0, 50, 5, 4);
  const std::vector<std::size_t> order = order_of({5, 1, 4, 2, 3}, 5);
  CHECK(order == std::vector<std::size_t>{1, 3, 4, 2, 0});
  for (const char* model : kModels) {
    const OrderEffect effect = order_effect(trained(model), batch, order);
    CAPTURE(model);
    CHECK(effect.deviation > 0.01);
    CHECK(effect.largest_change < 1e-3 * effect.deviation);
  }
  const OrderEffect effect = order_effect(trained("rfmlp"), batch, order);
  CHECK(effect.largest_change > 0.1 * effect.deviation);
}

TEST_CASE("softmax weights sum to one, ReLU weights are the positive scores over N") {
  const TokenBatch batch = draw_sphere_tokens(5, 6, 0, 1, 5, 4);
  const HeadOnSample soft = look_inside(trained("rfa-softmax"), 3, batch, 0);
  double sum = 0;
  for (const double weight : soft.weights) sum += weight;
  CHECK(sum == doctest::Approx(1).epsilon(1e-12));
  const HeadOnSample relu = look_inside(trained("rfa"), 3, batch, 0);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(relu.weights[i] == doctest::Approx(std::max(relu.scores[i], 0.0) / 5));
  }
}

TEST_CASE("the claim on order is undecided until a key is moved, and then judged by the change") {
  const Result own = reduced({});
  CHECK(own.claims[0].status == ClaimStatus::kUndecided);
  const Result moved = reduced({{"places", "6,5,4,3,2,1,7,8,9,10,11,12"}});
  CHECK(moved.claims[0].status == ClaimStatus::kNoCounterexample);
  CHECK(moved.summary.find("largest change") != std::string::npos);
  for (const auto& row : own.tables[0].rows) CHECK(std::get<double>(row[1]) == 0);
}

TEST_CASE("rf-inside shows the smallest and the largest layer") {
  for (const char* model : kModels) {
    const Result smallest =
        reduced({{"model", model}, {"dim", "1"}, {"keys", "1"}, {"heads", "1"}});
    CHECK(smallest.tables[1].rows.size() == 1);
  }
  const Result late = reduced({{"heads", "2"}, {"head", "9"}, {"keys", "12"}, {"dim", "8"}});
  CHECK(late.tables[1].rows.size() == 12);
  CHECK(late.notes.size() == 1);
  const RunSpec spec = test::spec_with(named("rf-inside"), {});
  const std::vector<Figure> figures = findings_of(spec).figures;
  REQUIRE(figures.size() == 2);
  CHECK(figures[0].handles.size() == 6);
  CHECK(figures[1].maps().panels.size() == 3);
}
