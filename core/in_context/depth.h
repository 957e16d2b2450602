// Several layers of linear attention, trained, next to as many steps of gradient descent.
//
// Z = [x_1..x_N x_q; y_1..y_N 0] goes through Z + (1/N) P_l Z M (Z^T Q_l Z), M masks the query
// column; Q_l has a free d x d block A_l, P_l a free block B_l and the read-out entry r_l (Ahn et
// al., arXiv 2306.00297). The prediction is minus the last entry. With S = (1/N) sum x_i x_i^T and
// c = (1/N) sum y_i x_i, layers change the examples to K_l x_i and the prediction to
// -c^T V_l^T x_q, where K_0 = I, V_0 = 0,
//   V_{l+1} = V_l + r_l K_l^T A_l^T K_l (I + S V_l),
//   K_{l+1} = K_l + B_l K_l S K_l^T A_l K_l          (derived in docs/derivations.md).
// So a prompt counts through S alone; w, the query and the label noise are integrated out exactly.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace attnlab::in_context {

/// x ~ N(0, Sigma) with a diagonal Sigma, w ~ N(0, Sigma^-1 / d): predicting 0 has the risk 1.
struct DepthTask {
  std::vector<double> variances = std::vector<double>(5, 1.0);  ///< the diagonal of Sigma
  std::size_t prompt_length = 20;
  double noise = 0;  ///< sigma^2 of the labels

  std::size_t dim() const { return variances.size(); }
};

struct DepthSetup {
  DepthTask task;
  std::size_t layers = 3;
  std::size_t batch = 64;    ///< rounded up to a multiple of kDepthLanes
  std::size_t steps = 6000;  ///< of Adam
  double rate = 0.03;        ///< Adam's step; falls to 0 along a cosine
  std::uint64_t seed = 1;
};

inline constexpr std::size_t kDepthLanes = 8;

/// One number for each of kDepthLanes prompts.
struct DepthPack {
  typedef double Pair __attribute__((vector_size(16)));
  Pair pairs[kDepthLanes / 2];

  double lane(std::size_t i) const { return pairs[i / 2][i % 2]; }
};
/// d x d, row-major.
using DepthMatrix = std::vector<DepthPack>;

/// S of kDepthLanes fresh prompts: number `index` of the stream (seed, domain).
DepthMatrix draw_depth_prompts(const DepthTask& task, std::uint64_t seed, std::uint32_t domain,
                               std::uint32_t index);

/// Parameters of all layers, one after the other: A (d x d), r, then, but for the last layer, whose
/// examples are not read again, B (d x d).
class DepthModel {
 public:
  explicit DepthModel(const DepthSetup& setup);

  std::size_t layers() const { return layers_; }
  std::span<double> parameters() { return parameters_; }
  std::span<const double> parameters() const { return parameters_; }
  /// -r A of a layer: the matrix of its step, a multiple of I in gradient descent.
  std::vector<double> step_matrix(std::size_t layer) const;
  /// B / r of a layer that is not the last: how it changes the examples.
  std::vector<double> change_matrix(std::size_t layer) const;

  /// The risk of each of the prompts. With `gradient` (as long as parameters()) the gradient of
  /// the sum of the risks is added to it.
  std::array<double, kDepthLanes> risks(const DepthMatrix& prompts,
                                        std::span<double> gradient) const;

 private:
  std::size_t offset(std::size_t layer) const { return layer * (2 * dim_ * dim_ + 1); }

  DepthTask task_;
  std::size_t dim_, layers_;
  std::vector<double> parameters_;
};

/// Adam (Kingma and Ba, 2015) with beta = 0.9, 0.999 on fresh prompts.
class DepthTrainer {
 public:
  explicit DepthTrainer(const DepthSetup& setup);
  /// One step; returns the mean risk of its prompts before it.
  double step();
  std::size_t steps_done() const { return done_; }
  const DepthModel& model() const { return model_; }

 private:
  DepthSetup setup_;
  DepthModel model_;
  std::vector<double> gradient_, first_, second_;
  double first_share_ = 1, second_share_ = 1;
  std::size_t done_ = 0;
};

/// S of one prompt.
std::vector<double> lane_of(const DepthMatrix& prompts, std::size_t lane);

/// Distance of a matrix from the nearest multiple of the diagonal matrix with these entries,
/// relative to its norm: 0 to 1.
double distance_from_multiple(std::span<const double> matrix, std::span<const double> diagonal);

/// Multiply-adds of one step of training.
double depth_step_cost(const DepthSetup& setup);

}  // namespace attnlab::in_context
