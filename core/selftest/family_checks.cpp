// The families: kernels against their formulas, closed forms, and models read out exactly.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "core/catalogue/catalogue.h"
#include "core/in_context/closed_forms.h"
#include "core/in_context/training.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/random.h"
#include "core/selftest/checks.h"

namespace attnlab::selftest {
using namespace in_context;
namespace {

using kernels::HeadActivation;
constexpr std::uint32_t kDomain = hash_name("selftest-families");

std::vector<float> normals(std::uint32_t index, std::size_t count) {
  std::vector<float> values(count);
  RandomStream(1, kDomain, index).fill_normal(std::span(values));
  return values;
}

/// Weights of the keys for their scores, by the definition.
std::vector<double> key_weights(HeadActivation activation, const std::vector<double>& scores) {
  std::vector<double> weights;
  double sum = 0;
  for (const double score : scores) {
    const bool relu = activation == HeadActivation::kRelu;
    weights.push_back(relu ? std::max(score, 0.0) : std::exp(score));
    sum += weights.back();
  }
  const auto keys = static_cast<double>(scores.size());
  for (double& weight : weights) weight /= activation == HeadActivation::kSoftmax ? sum : keys;
  return weights;
}

double heads_error(HeadActivation activation) {
  constexpr std::size_t kHeads = 37, kPadded = 64, kKeys = 11, kWidth = 5;
  std::vector<float> queries(kWidth * kPadded, 0.0F), features(kWidth * kHeads);
  const std::vector<float> drawn = normals(1, kWidth * kHeads), tokens = normals(2, kKeys * kWidth);
  for (std::size_t a = 0; a < kWidth; ++a) {
    for (std::size_t m = 0; m < kHeads; ++m) queries[a * kPadded + m] = drawn[a * kHeads + m] / 2;
  }
  active_kernels().attend_heads({kHeads, kKeys, kWidth, queries.data(), kPadded, tokens.data(),
                                 activation, features.data(), kHeads},
                                kernel_workspace());
  double worst = 0;
  for (std::size_t m = 0; m < kHeads; ++m) {
    std::vector<double> scores(kKeys, 0.0);
    for (std::size_t i = 0; i < kKeys; ++i) {
      for (std::size_t a = 0; a < kWidth; ++a) {
        scores[i] += double{queries[a * kPadded + m]} * double{tokens[i * kWidth + a]};
      }
    }
    const std::vector<double> weights = key_weights(activation, scores);
    for (std::size_t a = 0; a < kWidth; ++a) {
      double sum = 0, size = 1;
      for (std::size_t i = 0; i < kKeys; ++i) {
        sum += weights[i] * double{tokens[i * kWidth + a]};
        size += weights[i];
      }
      worst = worse(worst, (features[a * kHeads + m] - sum) / size);
    }
  }
  return worst;
}

double neurons_error() {
  constexpr std::size_t kNeurons = 37, kPadded = 64, kKeys = 11, kDim = 5;
  std::vector<float> weights(kDim * kPadded, 0.0F), offsets(kPadded, 0.0F), features(kNeurons);
  const std::vector<float> drawn = normals(1, (kDim + 1) * kNeurons);
  const std::vector<float> tokens = normals(2, kKeys * kDim);
  std::copy_n(drawn.begin(), kNeurons, offsets.begin());
  for (std::size_t a = 0; a < kDim; ++a) {
    for (std::size_t m = 0; m < kNeurons; ++m) {
      weights[a * kPadded + m] = drawn[(a + 1) * kNeurons + m] / 2;
    }
  }
  active_kernels().pool_neurons({kNeurons, kKeys, kDim, weights.data(), kPadded, offsets.data(),
                                 tokens.data(), features.data()},
                                kernel_workspace());
  double worst = 0;
  for (std::size_t m = 0; m < kNeurons; ++m) {
    double sum = 0;
    for (std::size_t i = 0; i < kKeys; ++i) {
      double score = double{offsets[m]};
      for (std::size_t a = 0; a < kDim; ++a) {
        score += double{weights[a * kPadded + m]} * double{tokens[i * kDim + a]};
      }
      sum += std::max(score, 0.0);
    }
    worst = worse(worst, (features[m] - sum / kKeys) / (1 + sum / kKeys));
  }
  return worst;
}

/// The largest value of a column over the jobs of a small run; empty when the run does not finish
/// or a row is not recovered.
std::optional<double> recovery_error(std::string_view id, const char* method) {
  const Experiment* experiment = find_experiment(id);
  if (experiment == nullptr) return std::nullopt;
  RunSpec spec{experiment, ParameterSet(experiment->schema), 5};
  const std::pair<const char*, const char*> values[] = {
      {"dim", "5"}, {"rank", "2"}, {"hidden", "3"}, {"trials", "1"}, {"method", method}};
  for (const auto& [name, text] : values) {
    if (experiment->schema.find(name) == nullptr || *text == 0) continue;
    if (!spec.parameters.set_text(name, text)) return std::nullopt;
  }
  const auto plan = experiment->plan(spec);
  if (!plan) return std::nullopt;
  std::vector<JobOutput> outputs;
  for (std::uint32_t i = 0; i < plan->jobs.size(); ++i) {
    JobSteps job = experiment->start(spec, i);
    while (job.step() == JobSteps::State::kRunning) {
    }
    if (job.state() != JobSteps::State::kDone) return std::nullopt;
    outputs.push_back({i, job.take_output(), true});
  }
  const Result result = experiment->find(spec, outputs).result;
  if (result.tables.empty() || result.tables.front().rows.empty()) return std::nullopt;
  const Table& table = result.tables.front();
  double worst = 0;
  std::size_t recovered = 0;
  const std::vector<double> gaps = numbers_in(table, "function_gap");
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const Cell& status = table.rows[r][table.column("status")];
    // Some rows have too few measurements on purpose, to show that these do not suffice.
    if (status == Cell(std::string("budget-exhausted"))) continue;
    if (status != Cell(std::string("recovered"))) return std::nullopt;
    ++recovered;
    if (!std::isnan(gaps[r])) worst = worse(worst, gaps[r]);
  }
  return recovered > 0 ? std::optional(worst) : std::nullopt;
}

double prompt_error() {
  constexpr std::size_t kExamples = 21, kStride = 32, kDim = 4, kScales = 3;
  const std::array<float, kScales> scales = {0.7F, -0.3F, 0.05F};
  const std::vector<float> drawn = normals(5, kDim * kExamples), direction = normals(6, kDim);
  std::vector<float> tokens(kDim * kStride, 0.0F), means(kScales * kDim),
      weights(kScales * kStride);
  for (std::size_t a = 0; a < kDim; ++a) {
    for (std::size_t i = 0; i < kExamples; ++i) tokens[a * kStride + i] = drawn[a * kExamples + i];
  }
  active_kernels().attend_prompt({kExamples, kStride, kDim, tokens.data(), direction.data(),
                                  kScales, scales.data(), means.data(), weights.data()},
                                 kernel_workspace());
  double worst = 0;
  for (std::size_t b = 0; b < kScales; ++b) {
    std::vector<double> scores(kExamples, 0.0);
    for (std::size_t i = 0; i < kExamples; ++i) {
      for (std::size_t a = 0; a < kDim; ++a) {
        scores[i] += double{scales[b]} * double{direction[a]} * double{tokens[a * kStride + i]};
      }
    }
    const std::vector<double> expected = key_weights(HeadActivation::kSoftmax, scores);
    for (std::size_t i = 0; i < kExamples; ++i) {
      worst = worse(worst, weights[b * kStride + i] - expected[i]);
    }
    for (std::size_t a = 0; a < kDim; ++a) {
      double mean = 0;
      for (std::size_t i = 0; i < kExamples; ++i)
        mean += expected[i] * double{tokens[a * kStride + i]};
      worst = worse(worst, means[b * kDim + a] - mean);
    }
  }
  return worst;
}

/// The mean loss of a batch by the definition of the heads.
template <class T>
double plain_loss(const TrainingSetup& setup, const HeadModel& model, const PromptBatch<T>& batch) {
  constexpr std::size_t kLanes = kernels::kPromptLanes;
  const std::size_t dim = setup.dim, width = dim + 1;
  double loss = 0;
  for (std::size_t group = 0; group < batch.groups; ++group) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const auto token = [&](std::size_t i, std::size_t a) {
        return static_cast<double>(
            batch.tokens[((group * batch.keys + i) * width + a) * kLanes + lane]);
      };
      double prediction = 0;
      for (std::size_t h = 0; h < setup.heads; ++h) {
        const std::vector<double> key_query = model.key_query(h);
        std::vector<double> scores(batch.keys, 0.0);
        for (std::size_t i = 0; i < batch.keys; ++i) {
          for (std::size_t a = 0; a < width; ++a) {
            for (std::size_t c = 0; c < dim; ++c) {
              scores[i] += token(i, a) * key_query[a * dim + c] *
                           static_cast<double>(batch.queries[(group * dim + c) * kLanes + lane]);
            }
          }
        }
        const std::vector<double> weights = key_weights(HeadActivation::kSoftmax, scores);
        for (std::size_t i = 0; i < batch.keys; ++i) {
          for (std::size_t a = 0; a < width; ++a)
            prediction += weights[i] * token(i, a) * model.value(h)[a];
        }
      }
      const double error = prediction - static_cast<double>(batch.targets[group * kLanes + lane]);
      loss += error * error;
    }
  }
  return loss / static_cast<double>(batch.groups * kLanes);
}

/// Loss and gradient of the batch kernel against the definition and its differences.
template <class T>
double training_error() {
  TrainingSetup setup;
  setup.dim = 3;
  setup.prompt_length = 9;
  HeadModel model(setup);
  const std::vector<float> moves = normals(7, model.parameters().size());
  for (std::size_t i = 0; i < moves.size(); ++i) model.parameters()[i] += 0.3 * double{moves[i]};
  PromptBatch<T> batch;
  draw_batch(setup, kDomain, 0, 32, batch);
  std::vector<double> gradient(model.parameters().size());
  double worst = worse(0, model.loss(batch, &gradient) - plain_loss(setup, model, batch));
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < gradient.size(); i += 5) {
    const double at = model.parameters()[i];
    model.parameters()[i] = at + kStep;
    const double above = plain_loss(setup, model, batch);
    model.parameters()[i] = at - kStep;
    const double below = plain_loss(setup, model, batch);
    model.parameters()[i] = at;
    worst = worse(worst, gradient[i] - (above - below) / (2 * kStep));
  }
  return worst;
}

}  // namespace

std::vector<SelfCheck> check_attention_heads() {
  return {{"A", "ReLU heads are their definition", heads_error(HeadActivation::kRelu), 3e-6},
          {"A", "softmax heads are their definition", heads_error(HeadActivation::kSoftmax), 3e-6},
          {"A", "exponential heads are their definition", heads_error(HeadActivation::kExponential),
           3e-6},
          {"A", "pooled neurons are their definition", neurons_error(), 3e-6}};
}

std::vector<SelfCheck> check_extraction() {
  const double failed = std::numeric_limits<double>::quiet_NaN();
  return {{"B", "one head is read out from its answers",
           recovery_error("extract-single", "").value_or(failed), 1e-6},
          {"B", "a head of low rank is read out from its answers",
           recovery_error("extract-low-rank", "").value_or(failed), 1e-5},
          {"B", "a one-layer transformer is read out from its answers",
           recovery_error("extract-transformer", "").value_or(failed), 1e-4}};
}

std::vector<SelfCheck> check_prompt_heads() {
  return {{"C", "softmax heads over a prompt are their definition", prompt_error(), 3e-6}};
}

std::vector<SelfCheck> check_training() {
  return {
      {"C", "loss and gradient in double agree with the definition", training_error<double>(),
       1e-7},
      {"C", "loss and gradient in float agree with the definition", training_error<float>(), 1e-5}};
}

std::vector<SelfCheck> check_closed_forms() {
  const RegressionTask task{5, 1, 0.3};
  const std::array<IsotropicHead, 2> pair = {IsotropicHead{1e-4, 5e3}, IsotropicHead{-1e-4, -5e3}};
  const double infimum = many_head_limit(task);
  const double best = one_head_best_scale(task);
  double above = 0;
  for (const double scale : {0.9 * best, 1.1 * best}) {
    above = worse(above, std::max(0.0, one_head_limit(task) - one_head_constant(task, scale)));
  }
  return {{"C", "two opposite heads of vanishing scale reach the infimum",
           std::abs(head_set_constant(task, pair) / infimum - 1), 1e-6},
          {"C", "the best single head is better than its neighbours", above, 0},
          // Inverse-Wishart: noise d / (D - d - 1).
          {"C", "least squares has the risk of the inverse Wishart law",
           std::abs(least_squares_risk(task, 20) - 0.3 * 5 / (20 - 5 - 1)), 1e-12}};
}

}  // namespace attnlab::selftest
