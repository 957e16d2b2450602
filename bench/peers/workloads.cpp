#include "bench/peers/workloads.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

#include "core/attention/softmax_attention.h"
#include "core/extraction/learn/single_head.h"
#include "core/in_context/training.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab {
using namespace extraction;
using namespace in_context;
namespace {

Matrix<float> made_matrix(std::size_t rows, std::size_t cols, std::size_t first, float scale) {
  Matrix<float> made(rows, cols);
  for (std::size_t i = 0; i < made.size(); ++i) {
    made.data()[i] = scale * made_value(static_cast<std::uint32_t>(first + i));
  }
  return made;
}

/// About 256 entries, evenly spread.
std::vector<double> sample(std::span<const float> values) {
  std::vector<double> picked;
  const std::size_t step = std::max<std::size_t>(1, values.size() / 256);
  for (std::size_t i = 0; i < values.size(); i += step) picked.push_back(values[i]);
  return picked;
}

Workload gemm(std::size_t size) {
  struct State {
    Matrix<float> a, b, c;
  };
  const auto state = std::make_shared<State>();
  state->a = made_matrix(size, size, 0, 1);
  state->b = made_matrix(size, size, size * size, 1);
  state->c = Matrix<float>(size, size);
  const std::size_t units = size <= 256 ? 64 : size <= 512 ? 16 : 4;
  return {units,
          [state, units] {
            for (std::size_t i = 0; i < units; ++i) {
              gemm_nn(state->a.const_view(), state->b.const_view(), state->c.view(), false);
            }
          },
          [state] { return sample(state->c.values()); }};
}

/// softmax(Q K^T / 8) V for 256 sequences of 64 queries and 64 keys of width 64.
Workload attention(std::size_t parts, const Parallel& parallel, int only_part) {
  constexpr std::size_t kSequences = 256, kLength = 64, kWidth = 64, kForwards = 40;
  constexpr std::size_t kSize = kSequences * kLength * kWidth;
  const std::size_t cut = only_part < 0 ? 1 : parts;
  const std::size_t sequences = kSequences / cut;
  const std::size_t begin = only_part < 0 ? 0 : static_cast<std::size_t>(only_part) * kSize / cut;
  struct State {
    Matrix<float> q, k, v, out;
  };
  const auto state = std::make_shared<State>();
  const std::size_t rows = sequences * kLength;
  state->q = made_matrix(rows, kWidth, begin, 4);
  state->k = made_matrix(rows, kWidth, kSize + begin, 1);
  state->v = made_matrix(rows, kWidth, 2 * kSize + begin, 1);
  state->out = Matrix<float>(rows, kWidth);
  const std::size_t shares = only_part < 0 ? parts : 1;
  const auto forward = [state, sequences, shares](std::size_t part) {
    const std::size_t first = part * sequences / shares, last = (part + 1) * sequences / shares;
    const std::size_t row = first * kLength, count = (last - first) * kLength;
    softmax_attention(last - first, state->q.const_view().block(row, 0, count, kWidth),
                      state->k.const_view().block(row, 0, count, kWidth),
                      state->v.const_view().block(row, 0, count, kWidth), 0.125f,
                      state->out.view().block(row, 0, count, kWidth));
  };
  // In a browser's worker one forward pass per run: its page joins the workers after each.
  const std::size_t units = only_part < 0 ? kForwards : 1;
  return {units,
          [=] {
            for (std::size_t i = 0; i < units; ++i) parallel(shares, forward);
          },
          [state] { return sample(state->out.values()); }};
}

TrainingSetup training_setup() {
  TrainingSetup setup;
  setup.dim = 5;
  setup.prompt_length = 40;
  setup.heads = 2;
  setup.batch = 256;
  setup.rate = 0.01;
  setup.steps = 2400;
  return setup;
}

/// Loss and gradient for fixed artificial prompts and parameters, so that the results can be
/// compared.
void add_made_gradient(const TrainingSetup& setup, std::vector<double>& values) {
  constexpr std::size_t kLanes = 16;
  PromptBatch<float> batch;
  batch.groups = setup.batch / kLanes;
  batch.keys = setup.prompt_length;
  batch.dim = setup.dim;
  std::uint32_t next = 0;
  const auto fill = [&](std::vector<float>& numbers, std::size_t size) {
    numbers.resize(size);
    for (float& number : numbers) number = 2 * made_value(next++);
  };
  fill(batch.tokens, batch.groups * batch.keys * (setup.dim + 1) * kLanes);
  fill(batch.queries, batch.groups * setup.dim * kLanes);
  fill(batch.targets, batch.groups * kLanes);
  HeadModel model(setup);
  for (double& parameter : model.parameters()) parameter = made_value(next++);
  std::vector<double> gradient;
  values.push_back(model.loss(batch, &gradient));
  values.insert(values.end(), gradient.begin(), gradient.end());
}

Workload training() {
  struct State {
    Trainer trainer{training_setup()};
    double loss = 0;
  };
  const auto state = std::make_shared<State>();
  constexpr std::size_t kSteps = 400;
  return {kSteps,
          [state] {
            state->loss = 0;
            for (std::size_t i = 0; i < kSteps; ++i) state->loss += state->trainer.step() / kSteps;
          },
          [state] {
            std::vector<double> values{state->loss};
            add_made_gradient(training_setup(), values);
            return values;
          }};
}

/// The head of extract-single's first trial at d = 256, learned with the robust form and checked.
Workload extraction_of_a_head() {
  constexpr std::size_t kDim = 256;
  struct State {
    RandomStream value{1, hash_name("bench/value"), 0}, weight{1, hash_name("bench/weight"), 0};
    Head head{random_weight(weight, kDim, kDim, 1), std::vector<double>(kDim)};
    HeadKnowledge known{kDim};
    bool recovered = false;
    double queries = 0;
  };
  const auto state = std::make_shared<State>();
  for (double& entry : state->head.value) entry = state->value.normal();
  constexpr std::size_t kTimes = 8;  // one alone is over before caches and clocks have settled
  return {kTimes,
          [state] {
            for (std::size_t i = 0; i < kTimes; ++i) {
              HeadsOracle oracle(state->head.clone());
              state->known = HeadKnowledge(kDim);
              Inquiry<Outcome> inquiry = learn_single_head(state->known, {});
              const Expected<bool> ended = converse(inquiry, oracle, INFINITY);
              state->recovered = ended && inquiry.result().status == ExtractionStatus::kRecovered;
              state->queries = static_cast<double>(oracle.learning_queries());
            }
          },
          [state]() -> std::vector<double> {
            const Head& head = state->head;
            return {state->recovered ? 1.0 : 0.0, state->queries,
                    largest_relative_error(state->known.value, head.value),
                    largest_relative_error(state->known.weight.values(), head.weight.values())};
          }};
}

}  // namespace

float made_value(std::uint32_t index) {
  std::uint32_t hash = (index + 1) * 2654435761u;
  hash = (hash ^ (hash >> 15)) * 2246822519u;
  hash ^= hash >> 13;
  return static_cast<float>(hash * 0x1p-31 - 1.0);
}

Expected<Workload> make_workload(std::string_view name, std::size_t parts, const Parallel& parallel,
                                 int only_part) {
  if (name == "training") return training();
  if (name == "extraction") return extraction_of_a_head();
  if (name == "gemm256") return gemm(256);
  if (name == "gemm512") return gemm(512);
  if (name == "gemm1024") return gemm(1024);
  if (name == "attention") return attention(parts, parallel, only_part);
  return Error{"there is no work named '" + std::string(name) + "'"};
}

}  // namespace attnlab
