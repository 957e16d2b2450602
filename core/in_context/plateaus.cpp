// Closed forms, gradients and descent of plateaus.h.
#include "core/in_context/plateaus.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/numerics/elementary.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {
namespace {

constexpr std::uint32_t kStartDomain = hash_name("icl/plateaus/start");
constexpr double kRests = 0.1;     // of -d(log risk)/d(log step)
constexpr std::size_t kReach = 2;  // recorded points to both sides that give a slope
constexpr double kRecordEvery = 1.03;

double cube_root(double x) {
  return portable_exp(portable_log(x) / 3);
}

/// Norm of the best Gamma.
double optimum_norm(const PopulationRisk& risk) {
  double square = 0;
  for (std::size_t i = 0; i < risk.dim(); ++i) square += risk.optimum(i) * risk.optimum(i);
  return std::sqrt(square);
}

PopulationRisk risk_of(const PlateauSetup& setup) {
  return {setup.eigenvalues, static_cast<double>(setup.prompt_length)};
}

double falls(const PlateauPoint& before, const PlateauPoint& after) {
  return portable_log(before.risk / after.risk) / portable_log(after.step / before.step);
}

}  // namespace

PopulationRisk::PopulationRisk(std::vector<double> eigenvalues, double prompt_length)
    : eigenvalues_(std::move(eigenvalues)) {
  for (const double value : eigenvalues_) trace_ += value;
  for (const double value : eigenvalues_) {
    squares_.push_back(value * value + value * (value + trace_) / prompt_length);
  }
}

double PopulationRisk::risk(std::span<const double> gamma) const {
  const std::size_t d = dim();
  double risk = trace_;
  for (std::size_t i = 0; i < d; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < d; ++j) {
      row += eigenvalues_[j] * gamma[i * d + j] * gamma[i * d + j];
    }
    risk += squares_[i] * row - 2 * eigenvalues_[i] * eigenvalues_[i] * gamma[i * d + i];
  }
  return risk;
}

void PopulationRisk::pull(std::span<const double> gamma, std::span<double> pull) const {
  const std::size_t d = dim();
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      pull[i * d + j] = -squares_[i] * eigenvalues_[j] * gamma[i * d + j];
    }
    pull[i * d + i] += eigenvalues_[i] * eigenvalues_[i];
  }
}

double PopulationRisk::level(std::size_t learned) const {
  // From the small end, so that a last level near 0 keeps its digits.
  double level = 0;
  for (std::size_t i = dim(); i-- > 0;) {
    const double value = eigenvalues_[i], excess = squares_[i] - value * value;
    level += i < learned ? value * excess / squares_[i] : value;
  }
  return level;
}

std::size_t PlateauSetup::learnable() const {
  return merged ? dim() : std::min(dim(), heads);
}

LinearHeads::LinearHeads(const PlateauSetup& setup)
    : dim_(setup.dim()),
      heads_(setup.heads),
      merged_(setup.merged),
      gamma_(dim_ * dim_),
      gamma_pull_(dim_ * dim_) {
  parameters_.resize(heads_ * head_size());
  RandomStream(setup.seed, kStartDomain, static_cast<std::uint32_t>(setup.trial))
      .fill_normal(parameters_);
  const double heads = merged_ ? static_cast<double>(heads_) : 1;
  const double size = setup.start * trained_size(setup) / std::sqrt(heads);
  // Vectors and matrices have about the same norm as the value.
  const double side = static_cast<double>(dim_);
  const double entry = size / (merged_ ? side : std::sqrt(side));
  for (std::size_t j = 0; j < parameters_.size(); ++j) {
    parameters_[j] *= j % head_size() == 0 ? size : entry;
  }
  update_gamma();
}

std::size_t LinearHeads::head_size() const {
  return 1 + (merged_ ? dim_ * dim_ : 2 * dim_);
}

void LinearHeads::update_gamma() {
  const std::size_t d = dim_;
  std::fill(gamma_.begin(), gamma_.end(), 0.0);
  for (std::size_t h = 0; h < heads_; ++h) {
    const double* head = parameters_.data() + h * head_size();
    if (merged_) {
      for (std::size_t e = 0; e < d * d; ++e) gamma_[e] += head[0] * head[1 + e];
      continue;
    }
    const double *key = head + 1, *query = head + 1 + d;
    for (std::size_t i = 0; i < d; ++i) {
      const double scaled = head[0] * key[i];
      for (std::size_t j = 0; j < d; ++j) gamma_[i * d + j] += scaled * query[j];
    }
  }
}

std::vector<double> LinearHeads::contributions() const {
  const std::size_t d = dim_;
  std::vector<double> shares(heads_ * d);
  for (std::size_t h = 0; h < heads_; ++h) {
    const double* head = parameters_.data() + h * head_size();
    for (std::size_t i = 0; i < d; ++i) {
      shares[h * d + i] = head[0] * (merged_ ? head[1 + i * d + i] : head[1 + i] * head[1 + d + i]);
    }
  }
  return shares;
}

void LinearHeads::pull(const PopulationRisk& risk, std::span<double> pull) const {
  const std::size_t d = dim_;
  risk.pull(gamma_, gamma_pull_);
  for (std::size_t h = 0; h < heads_; ++h) {
    const double* head = parameters_.data() + h * head_size();
    double* to = pull.data() + h * head_size();
    double along = 0;
    if (merged_) {
      for (std::size_t e = 0; e < d * d; ++e) {
        along += head[1 + e] * gamma_pull_[e];
        to[1 + e] = head[0] * gamma_pull_[e];
      }
      to[0] = along;
      continue;
    }
    const double *key = head + 1, *query = head + 1 + d;
    double *to_key = to + 1, *to_query = to + 1 + d;
    std::fill(to_query, to_query + d, 0.0);
    for (std::size_t i = 0; i < d; ++i) {
      double row = 0;
      for (std::size_t j = 0; j < d; ++j) {
        row += gamma_pull_[i * d + j] * query[j];
        to_query[j] += gamma_pull_[i * d + j] * key[i];
      }
      along += key[i] * row;
      to_key[i] = head[0] * row;
    }
    for (std::size_t j = 0; j < d; ++j) to_query[j] *= head[0];
    to[0] = along;
  }
}

double trained_size(const PlateauSetup& setup) {
  const PopulationRisk risk = risk_of(setup);
  return setup.merged ? std::sqrt(optimum_norm(risk)) : cube_root(risk.optimum(0));
}

double optimum_curvature(const PlateauSetup& setup) {
  const PopulationRisk risk = risk_of(setup);
  const double steepest = risk.square(0) * risk.eigenvalues()[0];
  // Merged: the squared norms of the value and of U are at most |Gamma| each.
  if (setup.merged) return 4 * steepest * optimum_norm(risk);
  double most = 0;
  for (std::size_t i = 0; i < risk.dim(); ++i) {
    const double root = cube_root(risk.optimum(i)), share = root * root * root * root;
    const double own = 3 * risk.square(i) * risk.eigenvalues()[i];
    const double turn_key = risk.square(0) * risk.eigenvalues()[i];
    const double turn_query = risk.square(i) * risk.eigenvalues()[0];
    most = std::max(most, 2 * share * std::max({own, turn_key, turn_query}));
  }
  return most;
}

PlateauTrainer::PlateauTrainer(const PlateauSetup& setup)
    : risk_(risk_of(setup)),
      heads_(setup),
      pull_(heads_.parameters().size()),
      step_size_(setup.rate * 2 / optimum_curvature(setup)) {}

void PlateauTrainer::descend_to(std::size_t last) {
  const double length = 2 * step_size_;  // the pull is half of a gradient
  for (; done_ < last; ++done_) {
    heads_.pull(risk_, pull_);
    const std::span<double> parameters = heads_.parameters();
    for (std::size_t j = 0; j < parameters.size(); ++j) parameters[j] += length * pull_[j];
    heads_.update_gamma();
  }
}

double plateau_step_cost(const PlateauSetup& setup) {
  const double d = static_cast<double>(setup.dim()), heads = static_cast<double>(setup.heads);
  return 2 * d * d + heads * (3 * d * d + 6 * d);
}

std::size_t next_recorded(std::size_t step) {
  return std::max(step + 1, static_cast<std::size_t>(kRecordEvery * static_cast<double>(step)));
}

std::vector<Plateau> plateaus_of(std::span<const PlateauPoint> curve) {
  std::vector<Plateau> plateaus;
  double slowest = kRests;
  bool resting = false;
  for (std::size_t i = 0; curve.size() > 1 && i < curve.size(); ++i) {
    const std::size_t before = i < kReach ? 0 : i - kReach;
    const std::size_t after = std::min(i + kReach, curve.size() - 1);
    const double slope = falls(curve[before], curve[after]);
    if (!(slope < kRests)) {
      resting = false;
      continue;
    }
    if (!resting) {
      plateaus.push_back({curve[i].risk, curve[i].step, curve[i].step});
      resting = true;
      slowest = kRests;
    }
    plateaus.back().last_step = curve[i].step;
    if (slope < slowest) {
      slowest = slope;
      plateaus.back().risk = curve[i].risk;
    }
  }
  return plateaus;
}

}  // namespace attnlab::in_context
