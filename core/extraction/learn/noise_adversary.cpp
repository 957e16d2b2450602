#include "core/extraction/learn/noise_adversary.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/numerics/elementary.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kMostPasses = 8;

/// One answer as adversary and learner see it: the true logit, the answer without noise, and the
/// values that the learner has measured.
struct Question {
  double logit = 0, answer = 0;
  double query_value = 0, probe_value = 0;
};

/// Error of the logit that the learner takes from `answer`.
double logit_error(const Question& question, double answer) {
  const double alpha = (answer - question.query_value) / question.probe_value;
  return std::abs(clipped_logit(alpha) - question.logit);
}

/// tau or -tau, whichever causes the larger error.
double worse_noise(const Question& question, double tau) {
  const double up = logit_error(question, question.answer + tau);
  return up >= logit_error(question, question.answer - tau) ? tau : -tau;
}

double share(double logit) {
  return 1 / (1 + portable_exp(-logit));
}

}  // namespace

NoiseAdversary::NoiseAdversary(Head head, NoisyHeadOptions options, double tau)
    : exact_(std::move(head)), options_(options), tau_(tau), value_(exact_.heads()[0].value) {
  for (double& entry : value_) entry -= std::copysign(tau_, entry);
  squared_error_ = squared_error_of(value_);
}

double NoiseAdversary::squared_error_of(std::span<const double> value) const {
  const Head& head = exact_.heads()[0];
  if (norm(value) == 0) return 0;
  const NoisyProbes probes = noisy_probes(value, options_);
  const Matrix<double> forms = product(probes.rows, head.weight);
  const double scale = probes.probe * probes.query;
  double sum = 0;
  for (std::size_t i = 0; i < dim(); ++i) {
    const double true_value = probes.probe * dot(probes.rows.row(i), head.value);
    Question question;
    question.probe_value = probes.probe * dot(probes.rows.row(i), value);
    for (std::size_t j = 0; j < dim(); ++j) {
      question.logit = scale * forms(i, j);
      question.answer = probes.query * head.value[j] + share(question.logit) * true_value;
      question.query_value = probes.query * value[j];
      const double error =
          logit_error(question, question.answer + worse_noise(question, tau_)) / scale;
      sum += error * error;  // the probes are orthonormal
    }
  }
  return sum;
}

bool NoiseAdversary::climb() {
  if (tau_ == 0 || unchanged_ >= dim() || tried_ >= kMostPasses * dim()) return false;
  const std::size_t i = tried_++ % dim();
  const double exact = exact_.heads()[0].value[i], kept = value_[i];
  value_[i] = kept > exact ? exact - tau_ : exact + tau_;
  const double error = squared_error_of(value_);
  if (error > squared_error_) {
    squared_error_ = error;
    unchanged_ = 0;
  } else {
    value_[i] = kept;
    ++unchanged_;
  }
  return true;
}

Expected<void> NoiseAdversary::answer(const QueryBatch& batch, std::span<double> answers) {
  const Expected<std::vector<double>> exact = exact_.ask(batch);
  if (!exact) return exact.error();
  const Head& head = exact_.heads()[0];
  std::vector<double> probe(dim());
  for (std::size_t k = 0; k < answers.size(); ++k) {
    if (batch[k].size() == 1) {
      answers[k] = value_[k % dim()];
      continue;
    }
    const auto key = batch.token_values(batch[k].front()),
               query = batch.token_values(batch[k].back());
    std::ranges::transform(key, query, probe.begin(), std::minus<>());
    const Question question{dot(probe, product(head.weight, query)), (*exact)[k],
                            dot(query, value_), dot(probe, value_)};
    answers[k] = question.answer + worse_noise(question, tau_);
  }
  return {};
}

}  // namespace attnlab::extraction
