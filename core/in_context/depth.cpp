// Layers, gradients, Adam and the baselines of depth.h.
#include "core/in_context/depth.h"

#include <algorithm>
#include <cmath>

#include "core/in_context/small_solve.h"
#include "core/numerics/elementary.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("icl/depth/train");
constexpr std::uint32_t kStartDomain = hash_name("icl/depth/start");
/// Longest gradient: prompts whose S is far from its mean have gradients thousands of times as long
/// as others where several layers multiply S.
constexpr double kClip = 0.01;
constexpr std::size_t kPairs = kDepthLanes / 2;

void add_product(DepthPack& to, double a, const DepthPack& b) {
  for (std::size_t p = 0; p < kPairs; ++p) to.pairs[p] += a * b.pairs[p];
}
void add_product(DepthPack& to, const DepthPack& a, const DepthPack& b) {
  for (std::size_t p = 0; p < kPairs; ++p) to.pairs[p] += a.pairs[p] * b.pairs[p];
}

/// A matrix or its transpose, by strides.
template <class T>
struct View {
  const T* data;
  std::size_t row, column;
};
template <class T>
View<T> plain(const T* data, std::size_t d) {
  return {data, d, 1};
}
template <class T>
View<T> turned(const T* data, std::size_t d) {
  return {data, 1, d};
}

enum class Into { kReplace, kAdd };

/// a b, for each lane; a is one matrix for all lanes or one for each.
template <class T>
void multiply(std::size_t d, View<T> a, View<DepthPack> b, DepthPack* to, Into into) {
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      DepthPack sum = into == Into::kAdd ? to[i * d + j] : DepthPack{};
      for (std::size_t k = 0; k < d; ++k) {
        add_product(sum, a.data[i * a.row + k * a.column], b.data[k * b.row + j * b.column]);
      }
      to[i * d + j] = sum;
    }
  }
}

void scale(DepthMatrix& matrix, double factor) {
  for (DepthPack& entry : matrix) {
    for (std::size_t p = 0; p < kPairs; ++p) entry.pairs[p] *= factor;
  }
}

void add_identity(DepthMatrix& matrix, std::size_t d) {
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t p = 0; p < kPairs; ++p) matrix[i * (d + 1)].pairs[p] += 1.0;
  }
}

double sum_of(const DepthPack& pack) {
  double sum = 0;
  for (std::size_t i = 0; i < kDepthLanes; ++i) sum += pack.lane(i);
  return sum;
}

void add_sums(const DepthMatrix& matrix, double* to) {
  for (std::size_t e = 0; e < matrix.size(); ++e) to[e] += sum_of(matrix[e]);
}

using Plain = std::vector<double>;

Plain product(std::size_t d, const Plain& a, const Plain& b) {
  Plain to(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      for (std::size_t j = 0; j < d; ++j) to[i * d + j] += a[i * d + k] * b[k * d + j];
    }
  }
  return to;
}

/// S of the whitened examples.
Plain whitened(const DepthTask& task, std::span<const double> second_moment) {
  const std::size_t d = task.dim();
  Plain white(d * d);
  for (std::size_t e = 0; e < d * d; ++e) {
    white[e] = second_moment[e] / std::sqrt(task.variances[e / d] * task.variances[e % d]);
  }
  return white;
}

/// The task and the prompt that a polynomial is computed in.
struct Descent {
  Plain variances;  ///< of x
  Plain second_moment;
  double noise;  ///< sigma^2 / N
};
Descent descent_of(const DepthTask& task, bool preconditioned, std::span<const double> s) {
  const double noise = task.noise / static_cast<double>(task.prompt_length);
  if (!preconditioned) return {task.variances, Plain(s.begin(), s.end()), noise};
  return {Plain(task.dim(), 1.0), whitened(task, s), noise};
}

/// The risk 1 - 2 b^T c + c^T M c of coefficients c on one prompt, as b and M.
struct Quadratic {
  Plain linear, square;
};
Quadratic quadratic_of(const Descent& descent, std::size_t steps) {
  const std::size_t d = descent.variances.size();
  const double inverse_dim = 1 / static_cast<double>(d);
  std::vector<Plain> powers = {descent.second_moment};  // S^(j+1)
  while (powers.size() < 2 * steps) powers.push_back(product(d, powers.back(), powers.front()));
  Quadratic quadratic{Plain(steps), Plain(steps * steps)};
  for (std::size_t j = 0; j < steps; ++j) {
    for (std::size_t i = 0; i < d; ++i) {
      quadratic.linear[j] += inverse_dim * powers[j][i * (d + 1)];
    }
    for (std::size_t k = 0; k < steps; ++k) {
      double signal = 0, noise = 0;
      for (std::size_t a = 0; a < d; ++a) {
        for (std::size_t b = 0; b < d; ++b) {
          const double ratio = descent.variances[a] / descent.variances[b];
          signal += ratio * powers[j][a * d + b] * powers[k][b * d + a];
        }
        noise += descent.variances[a] * powers[j + k][a * (d + 1)];
      }
      quadratic.square[j * steps + k] = inverse_dim * signal + descent.noise * noise;
    }
  }
  return quadratic;
}

}  // namespace

DepthMatrix draw_depth_prompts(const DepthTask& task, std::uint64_t seed, std::uint32_t domain,
                               std::uint32_t index) {
  const std::size_t d = task.dim(), length = task.prompt_length;
  std::vector<double> draws(length * d * kDepthLanes);
  RandomStream(seed, domain, index).fill_normal(draws);
  DepthMatrix sums(d * d);
  for (std::size_t n = 0; n < length; ++n) {
    const double* example = draws.data() + n * d * kDepthLanes;
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const double *x = example + i * kDepthLanes, *y = example + j * kDepthLanes;
        for (std::size_t p = 0; p < kPairs; ++p) {
          const DepthPack::Pair left = {x[2 * p], x[2 * p + 1]}, right = {y[2 * p], y[2 * p + 1]};
          sums[i * d + j].pairs[p] += left * right;
        }
      }
    }
  }
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double size = std::sqrt(task.variances[i] * task.variances[j]);
      for (std::size_t p = 0; p < kPairs; ++p) {
        sums[i * d + j].pairs[p] *= size / static_cast<double>(length);
      }
      sums[j * d + i] = sums[i * d + j];
    }
  }
  return sums;
}

struct DepthModel::Layer {
  DepthMatrix state, change;  ///< K_l and V_l
  DepthMatrix seen;           ///< I + S V_l
  DepthMatrix read;           ///< K_l (I + S V_l)
  DepthMatrix scored;         ///< A_l^T K_l (I + S V_l)
  DepthMatrix half, moment;   ///< K_l S and K_l S K_l^T
  DepthMatrix keyed, mixed;   ///< A_l K_l and K_l S K_l^T A_l K_l
};

DepthModel::DepthModel(const DepthSetup& setup)
    : task_(setup.task), dim_(setup.task.dim()), layers_(setup.layers) {
  parameters_.resize(offset(layers_) - dim_ * dim_);
  RandomStream stream(setup.seed, kStartDomain, static_cast<std::uint32_t>(layers_));
  stream.fill_normal(parameters_);
  for (double& parameter : parameters_) parameter *= 0.02;
  // Small steps of plain gradient descent, stable along the largest variance.
  const double largest = *std::max_element(task_.variances.begin(), task_.variances.end());
  const double start = 0.5 / (static_cast<double>(layers_) * largest);
  for (std::size_t l = 0; l < layers_; ++l) {
    double* own = parameters_.data() + offset(l);
    for (std::size_t i = 0; i < dim_; ++i) own[i * (dim_ + 1)] -= start;
    own[dim_ * dim_] = 1;
  }
}

std::vector<double> DepthModel::step_matrix(std::size_t layer) const {
  const double* own = parameters_.data() + offset(layer);
  std::vector<double> matrix(own, own + dim_ * dim_);
  for (double& entry : matrix) entry *= -own[dim_ * dim_];
  return matrix;
}

std::vector<double> DepthModel::change_matrix(std::size_t layer) const {
  const double* own = parameters_.data() + offset(layer);
  const double* block = own + dim_ * dim_ + 1;
  std::vector<double> matrix(block, block + dim_ * dim_);
  for (double& entry : matrix) entry /= own[dim_ * dim_];
  return matrix;
}

std::array<double, kDepthLanes> DepthModel::risks(const DepthMatrix& prompts,
                                                  std::span<double> gradient) {
  const std::size_t d = dim_, size = d * d;
  const DepthPack* s = prompts.data();
  std::vector<Layer> layers(layers_);
  DepthMatrix state(size), change(size), work(size);
  add_identity(state, d);
  for (std::size_t l = 0; l < layers_; ++l) {
    const double* own = parameters_.data() + offset(l);
    const double *score = own, read_out = own[size], *block = own + size + 1;
    Layer& layer = layers[l];
    layer.state = state;
    layer.change = change;
    for (DepthMatrix* one : {&layer.seen, &layer.read, &layer.scored, &layer.half, &layer.moment,
                             &layer.keyed, &layer.mixed}) {
      one->resize(size);
    }
    multiply(d, plain(s, d), plain(change.data(), d), layer.seen.data(), Into::kReplace);
    add_identity(layer.seen, d);
    multiply(d, plain(state.data(), d), plain(layer.seen.data(), d), layer.read.data(),
             Into::kReplace);
    multiply(d, turned(score, d), plain(layer.read.data(), d), layer.scored.data(), Into::kReplace);
    multiply(d, turned(state.data(), d), plain(layer.scored.data(), d), work.data(),
             Into::kReplace);
    for (std::size_t e = 0; e < size; ++e) add_product(change[e], read_out, work[e]);
    if (l + 1 == layers_) break;
    multiply(d, plain(state.data(), d), plain(s, d), layer.half.data(), Into::kReplace);
    multiply(d, plain(layer.half.data(), d), turned(state.data(), d), layer.moment.data(),
             Into::kReplace);
    multiply(d, plain(score, d), plain(state.data(), d), layer.keyed.data(), Into::kReplace);
    multiply(d, plain(layer.moment.data(), d), plain(layer.keyed.data(), d), layer.mixed.data(),
             Into::kReplace);
    multiply(d, plain(block, d), plain(layer.mixed.data(), d), state.data(), Into::kAdd);
  }
  // U = I + V S; the risk is tr(Sigma U Sigma^-1 U^T) / d + (sigma^2 / N) tr(Sigma V S V^T).
  DepthMatrix error(size), product(size);
  multiply(d, plain(change.data(), d), plain(s, d), product.data(), Into::kReplace);
  error = product;
  add_identity(error, d);
  const double noise = task_.noise / static_cast<double>(task_.prompt_length);
  DepthPack risk{};
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const std::size_t e = i * d + j;
      const double weight = task_.variances[i] / (task_.variances[j] * static_cast<double>(d));
      DepthPack weighted{};
      add_product(weighted, weight, error[e]);
      add_product(risk, weighted, error[e]);
      DepthPack noisy{};
      add_product(noisy, noise * task_.variances[i], product[e]);
      add_product(risk, noisy, change[e]);
      // What the way back begins with: half the derivative in U, in place; and in V by the noise.
      error[e] = weighted;
      product[e] = noisy;
    }
  }
  std::array<double, kDepthLanes> risks;
  for (std::size_t i = 0; i < kDepthLanes; ++i) risks[i] = risk.lane(i);
  if (gradient.empty()) return risks;

  // The way back: names with `by_` are derivatives of the risk.
  DepthMatrix by_change = product, by_state(size), by_state_before(size);
  multiply(d, plain(error.data(), d), plain(s, d), by_change.data(), Into::kAdd);
  scale(by_change, 2);
  DepthMatrix by_scored(size), by_read(size), by_seen(size), by_mixed(size), by_keyed(size),
      by_moment(size), by_score(size), by_block(size);
  for (std::size_t l = layers_; l-- > 0;) {
    const double* own = parameters_.data() + offset(l);
    const double *score = own, read_out = own[size], *block = own + size + 1;
    double* to = gradient.data() + offset(l);
    const Layer& layer = layers[l];
    const DepthPack* k = layer.state.data();
    std::fill(by_score.begin(), by_score.end(), DepthPack{});
    by_state_before = by_state;
    if (l + 1 < layers_) {
      // K' = K + B H G with H = K S K^T, G = A K.
      multiply(d, plain(by_state.data(), d), turned(layer.mixed.data(), d), by_block.data(),
               Into::kReplace);
      add_sums(by_block, to + size + 1);
      multiply(d, turned(block, d), plain(by_state.data(), d), by_mixed.data(), Into::kReplace);
      multiply(d, plain(by_mixed.data(), d), turned(layer.keyed.data(), d), by_moment.data(),
               Into::kReplace);
      multiply(d, plain(layer.moment.data(), d), plain(by_mixed.data(), d), by_keyed.data(),
               Into::kReplace);
      multiply(d, plain(by_keyed.data(), d), turned(k, d), by_score.data(), Into::kReplace);
      multiply(d, turned(score, d), plain(by_keyed.data(), d), by_state_before.data(), Into::kAdd);
      multiply(d, plain(by_moment.data(), d), plain(layer.half.data(), d), by_state_before.data(),
               Into::kAdd);
      multiply(d, turned(by_moment.data(), d), plain(layer.half.data(), d), by_state_before.data(),
               Into::kAdd);
    }
    // V' = V + r K^T F with F = A^T T, T = K D, D = I + S V.
    multiply(d, plain(k, d), plain(by_change.data(), d), by_scored.data(), Into::kReplace);
    DepthPack by_read_out{};
    for (std::size_t e = 0; e < size; ++e) add_product(by_read_out, by_scored[e], layer.scored[e]);
    to[size] += sum_of(by_read_out);
    work = layer.scored;
    scale(work, read_out);
    multiply(d, plain(work.data(), d), turned(by_change.data(), d), by_state_before.data(),
             Into::kAdd);
    scale(by_scored, read_out);
    multiply(d, plain(layer.read.data(), d), turned(by_scored.data(), d), by_score.data(),
             Into::kAdd);
    add_sums(by_score, to);
    multiply(d, plain(score, d), plain(by_scored.data(), d), by_read.data(), Into::kReplace);
    multiply(d, plain(by_read.data(), d), turned(layer.seen.data(), d), by_state_before.data(),
             Into::kAdd);
    multiply(d, turned(k, d), plain(by_read.data(), d), by_seen.data(), Into::kReplace);
    multiply(d, plain(s, d), plain(by_seen.data(), d), by_change.data(), Into::kAdd);
    by_state = by_state_before;
  }
  return risks;
}

DepthTrainer::DepthTrainer(const DepthSetup& setup)
    : setup_(setup),
      model_(setup),
      gradient_(model_.parameters().size()),
      first_(gradient_.size()),
      second_(gradient_.size()) {}

double DepthTrainer::step() {
  constexpr double kFirst = 0.9, kSecond = 0.999, kTiny = 1e-8;
  const std::size_t groups = (setup_.batch + kDepthLanes - 1) / kDepthLanes;
  std::fill(gradient_.begin(), gradient_.end(), 0.0);
  double total = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    const DepthMatrix prompts = draw_depth_prompts(setup_.task, setup_.seed, kTrainDomain,
                                                   static_cast<std::uint32_t>(done_ * groups + g));
    for (const double risk : model_.risks(prompts, gradient_)) total += risk;
  }
  ++done_;
  first_share_ *= kFirst;
  second_share_ *= kSecond;
  const double progress = static_cast<double>(done_) / static_cast<double>(setup_.steps);
  const double rate = setup_.rate * 0.5 * (1 + sincos_turns(0.5 * std::min(progress, 1.0)).cos);
  const double prompts = static_cast<double>(groups * kDepthLanes);
  const std::span<double> parameters = model_.parameters();
  double square = 0;
  for (const double entry : gradient_) square += entry * entry;
  const double norm = std::sqrt(square) / prompts;
  const double share = (norm > kClip ? kClip / norm : 1) / prompts;
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    const double slope = share * gradient_[j];
    first_[j] = kFirst * first_[j] + (1 - kFirst) * slope;
    second_[j] = kSecond * second_[j] + (1 - kSecond) * slope * slope;
    parameters[j] -= rate * (first_[j] / (1 - first_share_)) /
                     (std::sqrt(second_[j] / (1 - second_share_)) + kTiny);
  }
  return total / prompts;
}

StepTuner::StepTuner(const DepthTask& task, std::size_t steps, bool preconditioned)
    : task_(task),
      steps_(steps),
      preconditioned_(preconditioned),
      linear_(steps),
      square_(steps * steps) {}

void StepTuner::add(const DepthMatrix& prompts) {
  for (std::size_t lane = 0; lane < kDepthLanes; ++lane) {
    const Quadratic one =
        quadratic_of(descent_of(task_, preconditioned_, lane_of(prompts, lane)), steps_);
    for (std::size_t j = 0; j < linear_.size(); ++j) linear_[j] += one.linear[j];
    for (std::size_t e = 0; e < square_.size(); ++e) square_[e] += one.square[e];
  }
}

StepPolynomial StepTuner::best() const {
  Plain square = square_;
  StepPolynomial polynomial{linear_, preconditioned_};
  if (!factor_small(steps_, square, 1e-15)) return {Plain(steps_, 0.0), preconditioned_};
  solve_small(steps_, square, polynomial.coefficients);
  return polynomial;
}

double polynomial_risk(const DepthTask& task, const StepPolynomial& polynomial,
                       std::span<const double> second_moment) {
  const std::size_t steps = polynomial.coefficients.size();
  const Quadratic one =
      quadratic_of(descent_of(task, polynomial.preconditioned, second_moment), steps);
  double risk = 1;
  for (std::size_t j = 0; j < steps; ++j) {
    double row = -2 * one.linear[j];
    for (std::size_t k = 0; k < steps; ++k) {
      row += one.square[j * steps + k] * polynomial.coefficients[k];
    }
    risk += polynomial.coefficients[j] * row;
  }
  return risk;
}

double bayes_risk(const DepthTask& task, std::span<const double> second_moment) {
  const std::size_t d = task.dim();
  const double noise = task.noise / static_cast<double>(task.prompt_length);
  // Without noise a tiny ridge parameter takes the limit: 1 - rank / d, to 1e-8.
  const double ridge = std::max(noise * static_cast<double>(d), 1e-10);
  Plain matrix = whitened(task, second_moment);
  for (std::size_t i = 0; i < d; ++i) matrix[i * (d + 1)] += ridge;
  const Plain inverse = inverse_small(d, matrix);
  if (inverse.empty()) return 1;
  // The posterior covariance of w, ridge / d times the inverse, in whitened coordinates.
  double trace = 0;
  for (std::size_t i = 0; i < d; ++i) trace += inverse[i * (d + 1)];
  return ridge * trace / static_cast<double>(d);
}

std::vector<double> lane_of(const DepthMatrix& prompts, std::size_t lane) {
  std::vector<double> matrix;
  for (const DepthPack& entry : prompts) matrix.push_back(entry.lane(lane));
  return matrix;
}

double distance_from_multiple(std::span<const double> matrix, std::span<const double> diagonal) {
  const std::size_t d = diagonal.size();
  double along = 0, square = 0, own = 0;
  for (std::size_t e = 0; e < matrix.size(); ++e) square += matrix[e] * matrix[e];
  for (std::size_t i = 0; i < d; ++i) {
    along += matrix[i * (d + 1)] * diagonal[i];
    own += diagonal[i] * diagonal[i];
  }
  return square > 0 ? std::sqrt(std::max(1 - along * along / (own * square), 0.0)) : 0;
}

double depth_step_cost(const DepthSetup& setup) {
  const double d = static_cast<double>(setup.task.dim());
  const double draws = static_cast<double>(setup.task.prompt_length) * d;
  const double layers = static_cast<double>(setup.layers);
  return static_cast<double>(setup.batch) * (20 * layers * d * d * d + draws * (d + 20));
}

}  // namespace attnlab::in_context
