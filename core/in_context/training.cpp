// Prompts, gradients and Adam of training.h.
#include "core/in_context/training.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/numerics/elementary.h"
#include "core/numerics/kernels/dispatch.h"

namespace attnlab::in_context {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("icl/train");
constexpr std::uint32_t kTestDomain = hash_name("icl/trained-risk");
constexpr std::uint32_t kStartDomain = hash_name("icl/start");
constexpr std::size_t kLanes = kernels::kPromptLanes;

/// How much larger the steps of value vectors are: values are of the size 1 / b, where b is the
/// scale of the scores.
constexpr double kValueRate = 8;

std::size_t groups_of(std::size_t prompts) {
  return (prompts + kLanes - 1) / kLanes;
}

void run_batch(const kernels::BatchTask<float>& task) {
  active_kernels().batch_f32(task, kernel_workspace());
}
void run_batch(const kernels::BatchTask<double>& task) {
  active_kernels().batch_f64(task, kernel_workspace());
}

/// The random numbers of one group, 16 prompts innermost: x_i (keys x dim), theta (dim), and the
/// labels' noise (keys) or null.
template <class T>
struct GroupDraws {
  std::span<const T> points, theta, noise;
};

/// Tokens, targets and labels of one group, a few lanes at a time (compilers vectorise
/// the plain loops badly).
template <class T>
void place_group(const TrainingSetup& setup, const GroupDraws<T>& draws, const T* query, T* tokens,
                 T* targets) {
  constexpr std::size_t kFew = 16 / sizeof(T);  // vectors of 16 bytes: every target has them
  typedef T Few __attribute__((vector_size(kFew * sizeof(T))));
  const auto load = [](const T* from) {
    Few values;
    std::memcpy(&values, from, sizeof values);
    return values;
  };
  const std::size_t d = setup.dim, width = d + 1;
  const T sigma = static_cast<T>(std::sqrt(setup.noise));
  for (std::size_t lane = 0; lane < kLanes; lane += kFew) {
    const T* const theta = draws.theta.data() + lane;
    Few target{};
    for (std::size_t a = 0; a < d; ++a) {
      target += load(theta + a * kLanes) * load(query + a * kLanes + lane);
    }
    std::memcpy(targets + lane, &target, sizeof target);
    for (std::size_t i = 0; i < setup.prompt_length; ++i) {
      const T* const from = draws.points.data() + i * d * kLanes + lane;
      T* const to = tokens + i * width * kLanes + lane;
      Few label{};
      if (!draws.noise.empty()) label = sigma * load(draws.noise.data() + i * kLanes + lane);
      for (std::size_t a = 0; a < d; ++a) {
        const Few x = load(from + a * kLanes);
        label += load(theta + a * kLanes) * x;
        std::memcpy(to + a * kLanes, &x, sizeof x);
      }
      std::memcpy(to + d * kLanes, &label, sizeof label);
    }
  }
  if (!setup.attend_query) return;
  T* const last = tokens + setup.prompt_length * width * kLanes;
  std::copy(query, query + d * kLanes, last);
  std::fill(last + d * kLanes, last + width * kLanes, T(0));
}

/// Predictions step * x_q^T (1/D) sum x_i y_i for the prompts of one group.
void linear_predictions(const TrainingSetup& setup, double step, const float* tokens,
                        const float* query, double* predictions) {
  const std::size_t d = setup.dim, width = d + 1;
  float sum[kLanes] = {};
  for (std::size_t i = 0; i < setup.prompt_length; ++i) {
    const float* token = tokens + i * width * kLanes;
    float score[kLanes] = {};
    for (std::size_t a = 0; a < d; ++a) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        score[lane] += token[a * kLanes + lane] * query[a * kLanes + lane];
      }
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sum[lane] += score[lane] * token[d * kLanes + lane];
    }
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    predictions[lane] = step * sum[lane] / static_cast<double>(setup.prompt_length);
  }
}

}  // namespace

Scenario TrainingSetup::scenario() const {
  return {noise > 0 ? Setting::kNoise : Setting::kBase,
          Variant::kPlain,
          noise,
          noise,
          dim,
          prompt_length,
          attend_query};
}

template <class T>
void draw_batch(const TrainingSetup& setup, std::uint32_t domain, std::uint32_t index,
                std::size_t prompts, PromptBatch<T>& batch) {
  const std::size_t d = setup.dim, width = d + 1;
  batch.groups = groups_of(prompts);
  batch.keys = setup.prompt_length + (setup.attend_query ? 1 : 0);
  batch.dim = d;
  const std::size_t group_size = batch.keys * width * kLanes;
  batch.tokens.resize(batch.groups * group_size);
  batch.queries.resize(batch.groups * d * kLanes);
  batch.targets.resize(batch.groups * kLanes);
  std::vector<T> points(setup.prompt_length * d * kLanes), theta(d * kLanes);
  std::vector<T> noise(setup.noise > 0 ? setup.prompt_length * kLanes : 0);
  RandomStream stream(setup.seed, domain, index), noise_stream(setup.seed, domain, index, 1);
  const T scale = static_cast<T>(1 / std::sqrt(static_cast<double>(d)));
  for (std::size_t g = 0; g < batch.groups; ++g) {
    const std::span<T> query(batch.queries.data() + g * d * kLanes, d * kLanes);
    stream.fill_normal(std::span<T>(points));
    stream.fill_normal(query);
    stream.fill_normal(std::span<T>(theta));
    noise_stream.fill_normal(std::span<T>(noise));
    for (T& entry : theta) entry *= scale;
    place_group<T>(setup, {points, theta, noise}, query.data(),
                   batch.tokens.data() + g * group_size, batch.targets.data() + g * kLanes);
  }
}

template void draw_batch(const TrainingSetup&, std::uint32_t, std::uint32_t, std::size_t,
                         PromptBatch<float>&);
template void draw_batch(const TrainingSetup&, std::uint32_t, std::uint32_t, std::size_t,
                         PromptBatch<double>&);

HeadModel::HeadModel(const TrainingSetup& setup) : setup_(setup) {
  const std::size_t d = setup.dim, width = d + 1;
  RandomStream stream(setup.seed, kStartDomain, static_cast<std::uint32_t>(setup.heads),
                      static_cast<std::uint32_t>(setup.embedding));
  // KQ starts at b* / 2 times the identity, with random entries of a tenth of that size.
  const double scale = 0.5 * one_head_best_scale(setup.scenario().task());
  const bool random = setup.start == HeadStart::kRandom;
  const double disorder = random ? scale : 0.1 * scale;
  std::size_t coordinate = 0;
  for (std::size_t h = 0; h < setup.heads; ++h) {
    const double sign = setup.start == HeadStart::kOpposite && h % 2 == 1 ? -1 : 1;
    const std::size_t rank = setup.embedding == 0 ? 0
                                                  : setup.embedding / setup.heads +
                                                        (h < setup.embedding % setup.heads ? 1 : 0);
    offsets_.push_back(parameters_.size());
    ranks_.push_back(rank);
    const auto push = [&](double centre, double spread) {
      parameters_.push_back((random ? 0 : centre) + spread * stream.normal());
    };
    if (rank == 0) {
      for (std::size_t a = 0; a < width; ++a) {
        for (std::size_t c = 0; c < d; ++c) push(a == c ? sign * scale : 0, disorder);
      }
    } else {
      // Component k of a head covers one coordinate; the next head continues where this one ends.
      const double root = std::sqrt(scale);
      for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t rows = side == 0 ? width : d;
        for (std::size_t a = 0; a < rows; ++a) {
          for (std::size_t k = 0; k < rank; ++k) {
            const bool covers = k < d && (coordinate + k) % d == a;
            push(covers ? (side == 0 ? 1 : sign) * root : 0, random ? root : 0.1 * root);
          }
        }
      }
      coordinate += rank;
    }
    const double weight = 0.25 * sign / static_cast<double>(setup.heads);
    for (std::size_t a = 0; a < width; ++a) {
      push(a == d ? weight : 0, random ? 0.25 : 0.01);
    }
  }
}

std::size_t HeadModel::rank(std::size_t head) const {
  return ranks_[head] == 0 ? setup_.dim : std::min(ranks_[head], setup_.dim);
}

std::size_t HeadModel::value_offset(std::size_t head) const {
  const std::size_t d = setup_.dim, width = d + 1;
  return offsets_[head] + (ranks_[head] == 0 ? width * d : (width + d) * ranks_[head]);
}

bool HeadModel::is_value(std::size_t parameter) const {
  const auto next = std::upper_bound(offsets_.begin(), offsets_.end(), parameter);
  return parameter >= value_offset(static_cast<std::size_t>(next - offsets_.begin()) - 1);
}

std::span<const double> HeadModel::value(std::size_t head) const {
  return std::span<const double>(parameters_).subspan(value_offset(head), setup_.dim + 1);
}

std::vector<double> HeadModel::key_query(std::size_t head) const {
  const std::size_t d = setup_.dim, width = d + 1, rank = ranks_[head];
  const double* own = parameters_.data() + offsets_[head];
  if (rank == 0) return {own, own + width * d};
  const double* query = own + width * rank;
  std::vector<double> product(width * d, 0.0);
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t c = 0; c < d; ++c) {
      for (std::size_t k = 0; k < rank; ++k) {
        product[a * d + c] += own[a * rank + k] * query[c * rank + k];
      }
    }
  }
  return product;
}

template <class T>
double HeadModel::loss(const PromptBatch<T>& batch, std::vector<double>* gradient,
                       std::vector<T>* predictions) const {
  const std::size_t d = setup_.dim, width = d + 1, matrix = width * d;
  std::vector<T> score_matrices, values;
  for (std::size_t h = 0; h < setup_.heads; ++h) {
    for (const double entry : key_query(h)) score_matrices.push_back(static_cast<T>(entry));
    for (const double entry : value(h)) values.push_back(static_cast<T>(entry));
  }
  const double prompts = static_cast<double>(batch.groups * kLanes);
  if (predictions != nullptr) predictions->resize(batch.groups * kLanes);
  std::vector<double> raw(gradient == nullptr ? 0 : setup_.heads * (matrix + width));
  double total = 0;
  run_batch(kernels::BatchTask<T>{batch.groups, batch.keys, d, setup_.heads, batch.tokens.data(),
                                  batch.queries.data(), batch.targets.data(), score_matrices.data(),
                                  values.data(),
                                  predictions == nullptr ? nullptr : predictions->data(), &total,
                                  gradient == nullptr ? nullptr : raw.data()});
  if (gradient == nullptr) return total / prompts;
  gradient->assign(parameters_.size(), 0.0);
  for (std::size_t h = 0; h < setup_.heads; ++h) {
    const double* from = raw.data() + h * (matrix + width);
    double* to = gradient->data() + offsets_[h];
    const double* own = parameters_.data() + offsets_[h];
    const std::size_t rank = ranks_[h];
    if (rank == 0) {
      for (std::size_t j = 0; j < matrix; ++j) to[j] = from[j] / prompts;
    }
    for (std::size_t a = 0; a < width && rank > 0; ++a) {
      for (std::size_t c = 0; c < d; ++c) {
        const double entry = from[a * d + c] / prompts;
        for (std::size_t k = 0; k < rank; ++k) {
          to[a * rank + k] += entry * own[(width + c) * rank + k];
          to[(width + c) * rank + k] += entry * own[a * rank + k];
        }
      }
    }
    double* to_value = gradient->data() + value_offset(h);
    for (std::size_t a = 0; a < width; ++a) to_value[a] = from[matrix + a] / prompts;
  }
  return total / prompts;
}

template double HeadModel::loss(const PromptBatch<float>&, std::vector<double>*,
                                std::vector<float>*) const;
template double HeadModel::loss(const PromptBatch<double>&, std::vector<double>*,
                                std::vector<double>*) const;

Trainer::Trainer(const TrainingSetup& setup)
    : setup_(setup),
      model_(setup),
      first_(model_.parameters().size(), 0.0),
      second_(model_.parameters().size(), 0.0) {}

double Trainer::step() {
  constexpr double kFirst = 0.9, kSecond = 0.999, kTiny = 1e-8;
  draw_batch(setup_, kTrainDomain, static_cast<std::uint32_t>(done_), setup_.batch, batch_);
  const double loss = model_.loss(batch_, &gradient_);
  ++done_;
  const double progress = static_cast<double>(done_) / static_cast<double>(setup_.steps);
  const double rate = setup_.rate * 0.5 * (1 + sincos_turns(0.5 * std::min(progress, 1.0)).cos);
  const double n = static_cast<double>(done_);
  const double first_share = 1 - std::pow(kFirst, n), second_share = 1 - std::pow(kSecond, n);
  const std::span<double> parameters = model_.parameters();
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    first_[j] = kFirst * first_[j] + (1 - kFirst) * gradient_[j];
    second_[j] = kSecond * second_[j] + (1 - kSecond) * gradient_[j] * gradient_[j];
    parameters[j] -= rate * (model_.is_value(j) ? kValueRate : 1) * (first_[j] / first_share) /
                     (std::sqrt(second_[j] / second_share) + kTiny);
  }
  return loss;
}

void add_test_prompts(const TrainingSetup& setup, const HeadModel& model, std::uint32_t index,
                      std::size_t prompts, RiskSums& sums) {
  const PromptLaw law = make_prompt_law(setup.scenario());
  const double step = law.linear.best_step();
  PromptBatch<float> batch;
  draw_batch(setup, kTestDomain, index, prompts, batch);
  std::vector<float> predictions;
  model.loss(batch, nullptr, &predictions);
  const std::size_t d = setup.dim, group_size = batch.keys * (d + 1) * kLanes;
  double linear[kLanes];
  for (std::size_t g = 0; g < batch.groups; ++g) {
    const float* query = batch.queries.data() + g * d * kLanes;
    linear_predictions(setup, step, batch.tokens.data() + g * group_size, query, linear);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      double square = 0;
      for (std::size_t a = 0; a < d; ++a) {
        square += double(query[a * kLanes + lane]) * query[a * kLanes + lane];
      }
      const double target = batch.targets[g * kLanes + lane];
      const double error = predictions[g * kLanes + lane] - target;
      const double linear_error = linear[lane] - target;
      const double values[] = {error * error, linear_error * linear_error, square,
                               one_head_shape(law.scenario.task(), square)};
      sums.add(values);
    }
  }
}

double training_cost(const TrainingSetup& setup) {
  const double width = static_cast<double>(setup.dim + 1);
  const double length = static_cast<double>(setup.prompt_length);
  return static_cast<double>(groups_of(setup.batch) * kLanes) * length *
         (width * 40 + static_cast<double>(setup.heads) * (8 * width + 30));
}

bool fits_batch_kernel(const TrainingSetup& setup) {
  const std::size_t width = setup.dim + 1;
  return width <= kernels::kMaxTokenWidth && setup.heads <= kernels::kMaxBatchHeads &&
         setup.heads * (setup.prompt_length + 1 + width * width) <= kernels::kMaxBatchRows;
}

}  // namespace attnlab::in_context
