// Linear attention trained on the population risk: closed forms and full-batch gradient descent.
//
// x_1..x_D and x_q ~ N(0, Sigma), w ~ N(0, I), y_i = w^T x_i. Head h adds value_h times
// beta^T U_h x_q, beta = (1/D) sum y_i x_i, with U_h = k_h q_h^T (separate key and query, rank one)
// or U_h free (merged). The prediction is beta^T Gamma x_q with Gamma = sum_h value_h U_h, and
// E (prediction - w^T x_q)^2 depends on Gamma alone. Everything is written in the eigenbasis of
// Sigma. Model and levels: Zhang, Singh, Latham, Saxe, arXiv 2501.16265; moments and step size:
// docs/derivations.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attnlab::in_context {

/// The risk as a function of Gamma (d x d, row-major, in the eigenbasis of Sigma).
class PopulationRisk {
 public:
  /// Eigenvalues of Sigma, positive, in decreasing order; examples in the prompt.
  PopulationRisk(std::vector<double> eigenvalues, double prompt_length);

  std::size_t dim() const { return eigenvalues_.size(); }
  const std::vector<double>& eigenvalues() const { return eigenvalues_; }
  double trace() const { return trace_; }  ///< of Sigma: the risk of the prediction 0

  double risk(std::span<const double> gamma) const;
  /// Minus half the gradient: Sigma^2 - E[S^2] Gamma Sigma, S = (1/D) sum x_i x_i^T.
  void pull(std::span<const double> gamma, std::span<double> pull) const;
  /// Entry i of the best Gamma, which is diagonal.
  double optimum(std::size_t i) const { return eigenvalues_[i] / squares_[i]; }
  /// Eigenvalue i of E[S^2].
  double square(std::size_t i) const { return squares_[i]; }
  /// L_m: the least risk of all Gamma of rank m, reached by the first m directions.
  double level(std::size_t learned) const;

 private:
  std::vector<double> eigenvalues_, squares_;
  double trace_ = 0;
};

struct PlateauSetup {
  std::vector<double> eigenvalues = {4, 2, 1, 0.5};  ///< decreasing
  std::size_t prompt_length = 32, heads = 6;
  bool merged = false;       ///< U_h free, else k_h q_h^T
  double start = 0.002;      ///< norms of a head's parts at the start, over trained_size()
  double rate = 0.25;        ///< step size over the largest one that is stable at the optimum
  std::size_t steps = 1000;  ///< of gradient descent
  std::uint64_t seed = 1;    ///< of the start
  std::size_t trial = 0;     ///< number of this start within the run

  std::size_t dim() const { return eigenvalues.size(); }
  /// Eigen-directions that the heads can learn: all, or one for each head of rank one.
  std::size_t learnable() const;
};

/// Parameters of all heads, one after the other: value_h, then k_h and q_h (d each), or U_h (d x d,
/// row-major).
class LinearHeads {
 public:
  explicit LinearHeads(const PlateauSetup& setup);

  std::span<double> parameters() { return parameters_; }
  std::span<const double> parameters() const { return parameters_; }
  std::size_t head_size() const;

  const std::vector<double>& gamma() const { return gamma_; }  ///< after update_gamma()
  void update_gamma();
  /// value_h (U_h)_ii: what each head adds to direction i; heads x d.
  std::vector<double> contributions() const;
  /// Minus half the gradient of the risk for the present gamma(); as long as parameters().
  void pull(const PopulationRisk& risk, std::span<double> pull) const;

 private:
  std::size_t dim_, heads_;
  bool merged_;
  std::vector<double> parameters_, gamma_;
  mutable std::vector<double> gamma_pull_;
};

/// Gradient descent with the step `rate` times 2 / (largest curvature at the optimum).
class PlateauTrainer {
 public:
  explicit PlateauTrainer(const PlateauSetup& setup);

  /// Takes steps until `steps_done` is `last`.
  void descend_to(std::size_t last);
  std::size_t steps_done() const { return done_; }
  double step_size() const { return step_size_; }  ///< eta of theta - eta * gradient
  double risk() const { return risk_.risk(heads_.gamma()); }
  const PopulationRisk& population() const { return risk_; }
  const LinearHeads& heads() const { return heads_; }

 private:
  PopulationRisk risk_;
  LinearHeads heads_;
  std::vector<double> pull_;
  double step_size_ = 0;
  std::size_t done_ = 0;
};

/// The norm that value, key and query of a trained head of the first direction have where they
/// share the optimum equally; merged, with one head: the value and the norm of U. Several merged
/// heads start at this over sqrt(heads), because they learn the same matrix together.
double trained_size(const PlateauSetup& setup);
/// A bound of the curvature of the risk at the optimum, over heads that share it equally.
double optimum_curvature(const PlateauSetup& setup);
/// Multiply-adds of one step.
double plateau_step_cost(const PlateauSetup& setup);

/// Where training was, and what it had learned.
struct PlateauPoint {
  double step = 0, risk = 0;
  std::vector<double> diagonal;  ///< of Gamma
};

/// A part of the curve in which the risk hardly falls.
struct Plateau {
  double risk = 0;                       ///< where the fall is slowest
  double first_step = 0, last_step = 0;  ///< of the part
};

/// The next step to be recorded after `step`: 3 % later.
std::size_t next_recorded(std::size_t step);
/// Training rests where -d(log risk)/d(log step), over neighbouring recorded points, is below 0.1:
/// the risk falls by less than 1 % while the steps grow by 10 %. Predicted levels are not used.
std::vector<Plateau> plateaus_of(std::span<const PlateauPoint> curve);

}  // namespace attnlab::in_context
