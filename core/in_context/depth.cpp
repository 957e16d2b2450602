// Layers, gradients and Adam of depth.h.
#include "core/in_context/depth.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

/// The parameters of a layer; `changes` is null in the last one.
struct Blocks {
  const double* score;
  double read_out;
  const double* changes;
};

/// What the way back through a layer needs of the way forth.
struct Passage {
  DepthMatrix state;         ///< K_l
  DepthMatrix seen;          ///< I + S V_l
  DepthMatrix read;          ///< K_l (I + S V_l)
  DepthMatrix scored;        ///< A_l^T K_l (I + S V_l)
  DepthMatrix half, moment;  ///< K_l S and K_l S K_l^T
  DepthMatrix keyed, mixed;  ///< A_l K_l and K_l S K_l^T A_l K_l
};

/// K_l and V_l, or the derivatives of the risk by them.
struct Course {
  DepthMatrix state, change;
};

Passage go_forth(std::size_t d, const Blocks& blocks, const DepthMatrix& s, Course& at) {
  const std::size_t size = d * d;
  const DepthMatrix empty(size);
  Passage passed{at.state, empty, empty, empty, empty, empty, empty, empty};
  const View<DepthPack> state = plain(passed.state.data(), d);
  const View<DepthPack> state_turned = turned(passed.state.data(), d);
  multiply(d, plain(s.data(), d), plain(at.change.data(), d), passed.seen.data(), Into::kReplace);
  add_identity(passed.seen, d);
  multiply(d, state, plain(passed.seen.data(), d), passed.read.data(), Into::kReplace);
  multiply(d, turned(blocks.score, d), plain(passed.read.data(), d), passed.scored.data(),
           Into::kReplace);
  DepthMatrix scaled = passed.scored;
  scale(scaled, blocks.read_out);
  multiply(d, state_turned, plain(scaled.data(), d), at.change.data(), Into::kAdd);
  if (blocks.changes == nullptr) return passed;
  multiply(d, state, plain(s.data(), d), passed.half.data(), Into::kReplace);
  multiply(d, plain(passed.half.data(), d), state_turned, passed.moment.data(), Into::kReplace);
  multiply(d, plain(blocks.score, d), state, passed.keyed.data(), Into::kReplace);
  multiply(d, plain(passed.moment.data(), d), plain(passed.keyed.data(), d), passed.mixed.data(),
           Into::kReplace);
  multiply(d, plain(blocks.changes, d), plain(passed.mixed.data(), d), at.state.data(), Into::kAdd);
  return passed;
}

/// tr(Sigma U Sigma^-1 U^T) / d + (sigma^2 / D) tr(Sigma V S V^T) with U = I + V S; `by_change`,
/// where it is not null, becomes the derivative by V.
DepthPack risk_at(const DepthTask& task, const DepthMatrix& s, const DepthMatrix& change,
                  DepthMatrix* by_change) {
  const std::size_t d = task.dim();
  const double noise = task.noise / static_cast<double>(task.prompt_length);
  DepthMatrix product(d * d);
  multiply(d, plain(change.data(), d), plain(s.data(), d), product.data(), Into::kReplace);
  DepthMatrix error = product;
  add_identity(error, d);
  DepthPack risk{};
  for (std::size_t e = 0; e < d * d; ++e) {
    const double variance = task.variances[e / d];
    DepthPack weighted{}, noisy{};
    add_product(weighted, variance / (task.variances[e % d] * static_cast<double>(d)), error[e]);
    add_product(noisy, noise * variance, product[e]);
    add_product(risk, weighted, error[e]);
    add_product(risk, noisy, change[e]);
    error[e] = weighted;  // half the derivative by U
    product[e] = noisy;   // half the derivative by V, of the noise
  }
  if (by_change == nullptr) return risk;
  *by_change = product;
  multiply(d, plain(error.data(), d), plain(s.data(), d), by_change->data(), Into::kAdd);
  scale(*by_change, 2);
  return risk;
}

/// The part of K' = K + B H G, H = K S K^T, G = A K: adds to the derivatives by K (`by_state`), A
/// and, as sums over lanes, B.
void go_back_through_change(std::size_t d, const Blocks& blocks, const Passage& passed,
                            const DepthMatrix& by_next, DepthMatrix& by_state,
                            DepthMatrix& by_score, double* to_changes) {
  DepthMatrix work(d * d), by_mixed(d * d);
  const View<DepthPack> half = plain(passed.half.data(), d);
  multiply(d, plain(by_next.data(), d), turned(passed.mixed.data(), d), work.data(),
           Into::kReplace);
  add_sums(work, to_changes);
  multiply(d, turned(blocks.changes, d), plain(by_next.data(), d), by_mixed.data(), Into::kReplace);
  multiply(d, plain(by_mixed.data(), d), turned(passed.keyed.data(), d), work.data(),
           Into::kReplace);
  multiply(d, plain(work.data(), d), half, by_state.data(), Into::kAdd);
  multiply(d, turned(work.data(), d), half, by_state.data(), Into::kAdd);
  multiply(d, plain(passed.moment.data(), d), plain(by_mixed.data(), d), work.data(),
           Into::kReplace);
  multiply(d, plain(work.data(), d), turned(passed.state.data(), d), by_score.data(), Into::kAdd);
  multiply(d, turned(blocks.score, d), plain(work.data(), d), by_state.data(), Into::kAdd);
}

/// Takes the derivatives by K_{l+1} and V_{l+1} to those by K_l and V_l, and adds those by the
/// parameters, summed over lanes, to `gradient`.
void go_back(std::size_t d, const Blocks& blocks, const Passage& passed, const DepthMatrix& s,
             Course& by, double* gradient) {
  const std::size_t size = d * d;
  DepthMatrix by_score(size), by_state = by.state, by_scored(size), work(size);
  if (blocks.changes != nullptr) {
    go_back_through_change(d, blocks, passed, by.state, by_state, by_score, gradient + size + 1);
  }
  // V' = V + r K^T F with F = A^T T, T = K D, D = I + S V.
  const View<DepthPack> by_change_turned = turned(by.change.data(), d);
  multiply(d, plain(passed.state.data(), d), plain(by.change.data(), d), by_scored.data(),
           Into::kReplace);
  DepthPack by_read_out{};
  for (std::size_t e = 0; e < size; ++e) add_product(by_read_out, by_scored[e], passed.scored[e]);
  gradient[size] += sum_of(by_read_out);
  work = passed.scored;
  scale(work, blocks.read_out);
  multiply(d, plain(work.data(), d), by_change_turned, by_state.data(), Into::kAdd);
  scale(by_scored, blocks.read_out);
  multiply(d, plain(passed.read.data(), d), turned(by_scored.data(), d), by_score.data(),
           Into::kAdd);
  add_sums(by_score, gradient);
  DepthMatrix by_read(size);
  multiply(d, plain(blocks.score, d), plain(by_scored.data(), d), by_read.data(), Into::kReplace);
  multiply(d, plain(by_read.data(), d), turned(passed.seen.data(), d), by_state.data(), Into::kAdd);
  multiply(d, turned(passed.state.data(), d), plain(by_read.data(), d), work.data(),
           Into::kReplace);
  multiply(d, plain(s.data(), d), plain(work.data(), d), by.change.data(), Into::kAdd);
  by.state = std::move(by_state);
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

DepthModel::DepthModel(const DepthSetup& setup)
    : task_(setup.task), dim_(setup.task.dim()), layers_(setup.layers) {
  parameters_.resize(offset(layers_) - dim_ * dim_);
  RandomStream stream(setup.seed, kStartDomain, static_cast<std::uint32_t>(layers_));
  stream.fill_normal(parameters_);
  for (double& parameter : parameters_) parameter *= 0.02;
  // Small steps of plain gradient descent, stable up to the edge of the eigenvalues of S.
  const double largest = *std::max_element(task_.variances.begin(), task_.variances.end());
  const double edge =
      1 + std::sqrt(static_cast<double>(dim_) / static_cast<double>(setup.task.prompt_length));
  const double start = 1 / (static_cast<double>(layers_) * largest * edge * edge);
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
                                                  std::span<double> gradient) const {
  const std::size_t size = dim_ * dim_;
  const auto blocks_of = [&](std::size_t layer) {
    const double* own = parameters_.data() + offset(layer);
    return Blocks{own, own[size], layer + 1 < layers_ ? own + size + 1 : nullptr};
  };
  Course at{DepthMatrix(size), DepthMatrix(size)}, by = at;
  add_identity(at.state, dim_);
  std::vector<Passage> passages;
  for (std::size_t l = 0; l < layers_; ++l) {
    passages.push_back(go_forth(dim_, blocks_of(l), prompts, at));
  }
  const bool back = !gradient.empty();
  const DepthPack risk = risk_at(task_, prompts, at.change, back ? &by.change : nullptr);
  for (std::size_t l = layers_; back && l-- > 0;) {
    go_back(dim_, blocks_of(l), passages[l], prompts, by, gradient.data() + offset(l));
  }
  std::array<double, kDepthLanes> risks;
  for (std::size_t i = 0; i < kDepthLanes; ++i) risks[i] = risk.lane(i);
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
