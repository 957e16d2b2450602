// Softmax heads trained on fresh random prompts with hand-written gradients and Adam.
//
// Head h scores key z_i = (x_i, y_i) by z_i^T KQ_h x_q and returns value_h^T (attention-weighted
// mean of z); the prediction is the sum over heads, the loss (prediction - theta^T x_q)^2.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/in_context/head_risk.h"

namespace attnlab::in_context {

/// How the heads start: KQ near +-I with alternating signs, all with the same sign, or random.
enum class HeadStart { kOpposite, kSame, kRandom };

struct TrainingSetup {
  std::size_t dim = 5, prompt_length = 40, heads = 2;
  /// 0: every KQ is a free (d+1) x d matrix. Else the embedding dimension p >= heads: head h has
  /// KQ = K^T Q of rank p / heads (the first p mod heads heads have one more).
  std::size_t embedding = 0;
  HeadStart start = HeadStart::kOpposite;
  bool attend_query = false;  ///< the query column (x_q, 0) is a key too
  double noise = 0;           ///< sigma^2
  std::size_t batch = 256;    ///< rounded up to a multiple of 16
  std::size_t steps = 3000;
  double rate = 0.02;      ///< Adam's step; falls to 0 along a cosine
  std::uint64_t seed = 1;  ///< of this model's start and prompts
  std::size_t trial = 0;   ///< number of this training seed within the run

  Scenario scenario() const;
};

/// A batch of prompts in the layout of the batch kernel (kernels::BatchTask), in double or float.
template <class T>
struct PromptBatch {
  std::size_t groups = 0, keys = 0, dim = 0;
  std::vector<T> tokens, queries, targets;
};

/// Batch number `index` of a stream: x and theta are the same for every number of heads and every
/// noise. Overwrites the batch and reuses its memory.
///
/// The stream (seed, domain, index) holds, group after group of 16 prompts (which are the innermost
/// index): all x_i (keys x dim x 16), x_q (dim x 16), theta (dim x 16). Its substream 1 holds the
/// label noise (keys x 16 a group) and is not read where the noise is 0.
template <class T>
void draw_batch(const TrainingSetup& setup, std::uint32_t domain, std::uint32_t index,
                std::size_t prompts, PromptBatch<T>& batch);

/// Parameters of all heads, one after the other: KQ ((d+1) x d) then value (d+1); with an embedding
/// instead of KQ its factors K^T ((d+1) x rank) then Q^T (d x rank).
class HeadModel {
 public:
  explicit HeadModel(const TrainingSetup& setup);

  std::span<double> parameters() { return parameters_; }
  std::span<const double> parameters() const { return parameters_; }

  /// KQ of one head, (d+1) x d row-major, and its value vector.
  std::vector<double> key_query(std::size_t head) const;
  std::span<const double> value(std::size_t head) const;
  std::size_t rank(std::size_t head) const;
  /// Whether a parameter belongs to a value vector; those take larger steps.
  bool is_value(std::size_t parameter) const;

  /// Mean loss over a batch; with `gradient` (as long as parameters()) its gradient. Computed in T.
  template <class T>
  double loss(const PromptBatch<T>& batch, std::vector<double>* gradient,
              std::vector<T>* predictions = nullptr) const;

 private:
  std::size_t value_offset(std::size_t head) const;
  TrainingSetup setup_;
  std::vector<std::size_t> offsets_, ranks_;
  std::vector<double> parameters_;
};

/// Adam (Kingma and Ba, 2015) with beta = 0.9, 0.999 on fresh prompts.
class Trainer {
 public:
  explicit Trainer(const TrainingSetup& setup);
  /// One step; returns the batch's mean loss before it.
  double step();
  std::size_t steps_done() const { return done_; }
  const HeadModel& model() const { return model_; }

 private:
  TrainingSetup setup_;
  HeadModel model_;
  PromptBatch<float> batch_;
  std::vector<double> gradient_, first_, second_;
  std::size_t done_ = 0;
};

/// Adds `prompts` fresh test prompts (rounded up to a multiple of 16) numbered `index` to the sums
/// of [loss, controls...]; corrected_risks makes the risk from them.
void add_test_prompts(const TrainingSetup& setup, const HeadModel& model, std::uint32_t index,
                      std::size_t prompts, RiskSums& sums);

/// Floating-point operations of one training step, roughly.
double training_cost(const TrainingSetup& setup);
/// False when the batch kernel has no room for these sizes.
bool fits_batch_kernel(const TrainingSetup& setup);

}  // namespace attnlab::in_context
