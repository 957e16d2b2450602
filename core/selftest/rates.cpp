#include "core/selftest/rates.h"

#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "core/attention/softmax_attention.h"
#include "core/experiment/experiment.h"
#include "core/experiment/registry.h"
#include "core/extraction/single_head.h"
#include "core/in_context/training.h"
#include "core/numerics/cholesky.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"

namespace attnlab {
namespace {

constexpr std::uint32_t kDomain = hash_name("rates");
constexpr double kPeakOperations = 4e6;
enum Peak : int { kNone = -1, kSingle = 0, kDouble = 1 };

template <class T>
std::shared_ptr<Matrix<T>> normal_matrix(std::size_t rows, std::size_t cols) {
  auto matrix = std::make_shared<Matrix<T>>(rows, cols);
  RandomStream(1, kDomain, 0).fill_normal(matrix->values());
  return matrix;
}

RateProbe peak(std::string name, double (*kernel)(double)) {
  return {std::move(name), "GFLOP/s", 1e-9 * kernel(kPeakOperations), kNone,
          [kernel] { kernel(kPeakOperations); }};
}

template <class T>
RateProbe product(std::string name, Peak bound) {
  constexpr std::size_t kSize = 512;
  const auto a = normal_matrix<T>(kSize, kSize);
  const auto c = std::make_shared<Matrix<T>>(kSize, kSize);
  return {std::move(name), "GFLOP/s", 2e-9 * kSize * kSize * kSize, bound,
          [a, c] { gemm_nn(a->const_view(), a->const_view(), c->view(), false); }};
}

RateProbe gram() {
  constexpr std::size_t kSamples = 1024, kFeatures = 544;  // 32 heads of dimension 17
  const auto features = normal_matrix<float>(kSamples, kFeatures);
  const auto sum = std::make_shared<Matrix<double>>(kSamples, kSamples);
  return {"Gram matrix, f32 into f64, 1024 samples", "GFLOP/s",
          1e-9 * kSamples * kSamples * kFeatures, kSingle,
          [features, sum] { syrk_accumulate(features->const_view(), sum->view()); }};
}

RateProbe factorisation() {
  constexpr std::size_t kSize = 1024;
  // Diagonally dominant, so that it can be factorised without making a Gram matrix first.
  const auto matrix = normal_matrix<double>(kSize, kSize);
  for (std::size_t i = 0; i < kSize; ++i) (*matrix)(i, i) += 10.0 * kSize;
  const auto factor = std::make_shared<Cholesky>(kSize);
  return {"Cholesky factor f64, 1024", "GFLOP/s", 1e-9 * kSize * kSize * kSize / 3, kDouble,
          [matrix, factor] {
            factor->start(matrix->const_view(), 0.0);
            factor->run();
          }};
}

RateProbe attention() {
  constexpr std::size_t kSequences = 64, kLength = 64, kWidth = 64;
  const auto rows = normal_matrix<float>(kSequences * kLength, kWidth);
  const auto out = std::make_shared<Matrix<float>>(kSequences * kLength, kWidth);
  return {"softmax attention, 64 x 64 x 64", "GFLOP/s",
          4e-9 * kSequences * kLength * kLength * kWidth, kSingle, [rows, out] {
            const auto view = rows->const_view();
            softmax_attention(kSequences, view, view, view, 0.125f, out->view());
          }};
}

RateProbe normals() {
  const auto values = std::make_shared<std::vector<double>>(1 << 16);
  return {"normal draws f64", "million/s", 1e-6 * (1 << 16), kNone,
          [values] { RandomStream(1, kDomain, 1).fill_normal(std::span<double>(*values)); }};
}

RateProbe training() {
  TrainingSetup setup;
  setup.dim = 5;
  setup.prompt_length = 40;
  setup.heads = 2;
  setup.batch = 256;
  const auto trainer = std::make_shared<Trainer>(setup);
  return {"training prompts of 40 examples, 2 heads", "million/s", 1e-6 * 256, kNone,
          [trainer] { trainer->step(); }};
}

RateProbe extraction() {
  constexpr std::size_t kDim = 128;
  RandomStream stream(1, kDomain, 2);
  const auto head = std::make_shared<Head>();
  head->weight = random_weight(stream, kDim, kDim, 1);
  head->value.resize(kDim);
  stream.fill_normal(head->value);
  return {"queries that take a head of d = 128 apart", "million/s", 1e-6 * kDim * (kDim + 1), kNone,
          [head] {
            HeadsOracle oracle(head->clone());
            HeadKnowledge known(kDim);
            Inquiry<Outcome> inquiry = learn_single_head(known, {});
            (void)converse(inquiry, oracle, std::numeric_limits<double>::infinity());
          }};
}

/// All jobs of one trial of a small learning curve.
std::optional<RateProbe> learning_curve() {
  const Experiment* experiment = find_experiment("rf-learning-curve");
  if (experiment == nullptr) return std::nullopt;
  const auto spec =
      std::make_shared<RunSpec>(RunSpec{experiment, ParameterSet(experiment->schema)});
  const std::pair<const char*, const char*> values[] = {
      {"dim", "8"},          {"keys", "8"},           {"heads", "100"},
      {"samples", "64,256"}, {"test-samples", "256"}, {"trials", "1"}};
  for (const auto& [name, text] : values) {
    if (!set_parameter(*spec, name, text)) return std::nullopt;
  }
  const Expected<Plan> plan = experiment->plan(*spec);
  if (!plan) return std::nullopt;
  const auto jobs = static_cast<std::uint32_t>(plan->jobs.size());
  return RateProbe{"jobs of a learning curve, d = N = 8, M = 100", "jobs/s",
                   static_cast<double>(jobs), kNone, [spec, jobs] {
                     for (std::uint32_t index = 0; index < jobs; ++index) {
                       JobSteps job = spec->experiment->start(*spec, index);
                       while (job.step() == JobSteps::State::kRunning) {
                       }
                     }
                   }};
}

}  // namespace

std::vector<RateProbe> rate_probes() {
  const kernels::KernelTable& table = active_kernels();
  std::vector<RateProbe> probes;
  probes.push_back(peak("multiply-add units f32, their peak", table.multiply_adds_f32));
  probes.push_back(peak("multiply-add units f64, their peak", table.multiply_adds_f64));
  probes.push_back(product<float>("product f32, 512", kSingle));
  probes.push_back(product<double>("product f64, 512", kDouble));
  probes.push_back(gram());
  probes.push_back(factorisation());
  probes.push_back(attention());
  probes.push_back(normals());
  probes.push_back(training());
  probes.push_back(extraction());
  if (std::optional<RateProbe> jobs = learning_curve()) probes.push_back(*std::move(jobs));
  return probes;
}

}  // namespace attnlab
