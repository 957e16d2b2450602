#include "core/selftest/rates.h"

#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "core/attention/softmax_attention.h"
#include "core/catalogue/catalogue.h"
#include "core/experiment/experiment.h"
#include "core/extraction/learn/single_head.h"
#include "core/in_context/training.h"
#include "core/numerics/cholesky.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"

namespace attnlab {
using namespace extraction;
using namespace in_context;
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

double cube(std::size_t size) {
  const auto n = static_cast<double>(size);
  return n * n * n;
}

template <class T>
RateProbe product(const std::string& name, std::size_t size, Peak bound) {
  const auto a = normal_matrix<T>(size, size);
  const auto c = std::make_shared<Matrix<T>>(size, size);
  return {name + ", " + std::to_string(size), "GFLOP/s", 2e-9 * cube(size), bound,
          [a, c] { gemm_nn(a->const_view(), a->const_view(), c->view(), false); }};
}

template <class T>
RateProbe normals(std::string name) {
  const auto values = std::make_shared<std::vector<T>>(1 << 16);
  return {std::move(name), "million/s", 1e-6 * (1 << 16), kNone,
          [values] { RandomStream(1, kDomain, 1).fill_normal(std::span<T>(*values)); }};
}

RateProbe extraction_rate() {
  constexpr std::size_t kDim = 128;
  RandomStream stream(1, kDomain, 2);
  const auto head = std::make_shared<Head>();
  head->weight = random_weight(stream, kDim, kDim, 1);
  head->value.resize(kDim);
  stream.fill_normal(head->value);
  return {"queries that extract a head of d = 128", "million/s", 1e-6 * kDim * (kDim + 1), kNone,
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

RateProbe product_f32_rate(std::size_t size) {
  return product<float>("product f32", size, kSingle);
}
RateProbe product_f64_rate(std::size_t size) {
  return product<double>("product f64", size, kDouble);
}

RateProbe gram_rate(std::size_t samples) {
  constexpr std::size_t kFeatures = 544;
  const auto features = normal_matrix<float>(samples, kFeatures);
  const auto sum = std::make_shared<Matrix<double>>(samples, samples);
  return {"Gram matrix f32 into f64, " + std::to_string(samples), "GFLOP/s",
          1e-9 * static_cast<double>(samples * samples * kFeatures), kSingle,
          [features, sum] { syrk_accumulate(features->const_view(), sum->view()); }};
}

RateProbe cholesky_rate(std::size_t size) {
  // Diagonally dominant, so that it can be factorised without making a Gram matrix first.
  const auto matrix = normal_matrix<double>(size, size);
  for (std::size_t i = 0; i < size; ++i) (*matrix)(i, i) += 10.0 * static_cast<double>(size);
  const auto factor = std::make_shared<Cholesky>(size);
  return {"Cholesky factor f64, " + std::to_string(size), "GFLOP/s", 1e-9 * cube(size) / 3, kDouble,
          [matrix, factor] {
            factor->start(matrix->const_view(), 0.0);
            factor->run();
          }};
}

RateProbe attention_rate() {
  constexpr std::size_t kSequences = 64, kLength = 64, kWidth = 64;
  const auto rows = normal_matrix<float>(kSequences * kLength, kWidth);
  const auto out = std::make_shared<Matrix<float>>(kSequences * kLength, kWidth);
  return {"softmax attention, 64 x 64 x 64", "GFLOP/s",
          4e-9 * kSequences * kLength * kLength * kWidth, kSingle, [rows, out] {
            const auto view = rows->const_view();
            softmax_attention(kSequences, view, view, view, 0.125f, out->view());
          }};
}

RateProbe normals_f64_rate() {
  return normals<double>("normal draws f64");
}
RateProbe normals_f32_rate() {
  return normals<float>("normal draws f32");
}

RateProbe training_rate() {
  TrainingSetup setup;
  setup.dim = 5;
  setup.prompt_length = 40;
  setup.heads = 2;
  setup.batch = 256;
  const auto trainer = std::make_shared<Trainer>(setup);
  return {"training prompts of 40 examples, 2 heads", "million/s", 1e-6 * 256, kNone,
          [trainer] { trainer->step(); }};
}

std::vector<RateProbe> rate_probes() {
  const kernels::KernelTable& table = active_kernels();
  std::vector<RateProbe> probes;
  probes.push_back(peak("multiply-add units f32, their peak", table.multiply_adds_f32));
  probes.push_back(peak("multiply-add units f64, their peak", table.multiply_adds_f64));
  probes.push_back(product_f32_rate(512));
  probes.push_back(product_f64_rate(512));
  probes.push_back(gram_rate(1024));
  probes.push_back(cholesky_rate(1024));
  probes.push_back(attention_rate());
  probes.push_back(normals_f64_rate());
  probes.push_back(training_rate());
  probes.push_back(extraction_rate());
  if (std::optional<RateProbe> jobs = learning_curve()) probes.push_back(*std::move(jobs));
  return probes;
}

}  // namespace attnlab
