#include "core/extraction/interrogation_steps.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"

namespace attnlab::extraction {
namespace {

constexpr double kSameProbe = 1e-6;  // probes are differences of tokens: equal up to rounding

std::size_t largest_place(std::span<const double> x) {
  return static_cast<std::size_t>(
      std::ranges::max_element(x, {}, [](double a) { return std::abs(a); }) - x.begin());
}

/// Reads the questions in the order in which they were asked.
class Reader {
 public:
  explicit Reader(AskedHead& asked)
      : asked_(asked), value_(asked.head.value.size(), kUnknown), known_probes_(0) {
    asked_.probes = Matrix<double>(value_.size(), value_.size());
  }

  void read(const QueryBatch& batch, std::span<const double> answers) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto members = batch[i];
      asked_.questions.push_back(members.size() == 1
                                     ? about_v(batch.token_values(members[0]), answers[i])
                                     : about_w(batch.token_values(members[0]),
                                               batch.token_values(members[1]), answers[i]));
    }
  }

 private:
  AskedQuestion about_v(std::span<const double> token, double answer) {
    AskedQuestion question{.row = largest_place(token), .answer = answer};
    question.gives = value_[question.row] = answer / token[question.row];
    return question;
  }

  AskedQuestion about_w(std::span<const double> key, std::span<const double> query, double answer) {
    const std::size_t column = largest_place(query);
    AskedQuestion question{.column = column, .query = query[column], .answer = answer};
    std::vector<double> probe(key.begin(), key.end());
    add_scaled(-1, query, probe);
    const double length = norm(probe);
    const double seen = dot(probe, value_);
    for (double& entry : probe) entry /= length;
    question.row = number_of(probe, length);
    question.repeated = std::ranges::any_of(asked_.questions, [&](const AskedQuestion& other) {
      return other.column == column && other.row == question.row;
    });
    question.share = (answer - question.query * value_[column]) / seen;
    if (question.share > 0 && question.share < 1) {
      question.gives = logit(question.share) / (question.query * length);
    }
    return question;
  }

  std::size_t number_of(std::span<const double> probe, double length) {
    for (std::size_t k = 0; k < known_probes_; ++k) {
      double off = 0;
      for (std::size_t i = 0; i < probe.size(); ++i) {
        off = std::max(off, std::abs(asked_.probes(k, i) - probe[i]));
      }
      if (off < kSameProbe) return k;
    }
    if (known_probes_ == asked_.probes.rows()) return known_probes_ - 1;  // rounding of tiny probes
    if (known_probes_ == 0) asked_.probe_norm = length;
    std::ranges::copy(probe, asked_.probes.row(known_probes_).begin());
    return known_probes_++;
  }

  AskedHead& asked_;
  std::vector<double> value_;
  std::size_t known_probes_;
};

bool has_nan(std::span<const double> values) {
  return std::ranges::any_of(values, [](double x) { return std::isnan(x); });
}

bool are_units(const Matrix<double>& probes) {
  return std::ranges::all_of(probes.values(), [](double x) { return x == 0 || x == 1; });
}

}  // namespace

AskedHead ask_every_question(Head head, const SingleHeadOptions& options) {
  HeadsOracle oracle(head.clone());
  HeadKnowledge known(oracle.dim());
  AskedHead asked{std::move(head), {}, 1, {}, {}};
  Reader reader(asked);
  Inquiry<Outcome> learning = learn_single_head(known, options);
  while (learning.advance()) {
    const QueryBatch& batch = *learning.asked();
    Expected<std::vector<double>> answers = oracle.ask(batch);
    if (!answers) break;  // our own model answers every batch
    if (batch.purpose() == QueryPurpose::kLearn) reader.read(batch, *answers);
    learning.answer(std::move(*answers));
  }
  asked.recovered = std::move(known.weight);
  return asked;
}

KnownSoFar known_after(const AskedHead& asked, std::size_t count) {
  const std::size_t dim = asked.head.value.size();
  KnownSoFar known{std::vector<double>(dim, kUnknown), Matrix<double>(dim, dim),
                   Matrix<double>(dim, dim)};
  std::ranges::fill(known.forms.values(), kUnknown);
  std::ranges::fill(known.weight.values(), kUnknown);
  for (std::size_t n = 0; n < std::min(count, asked.questions.size()); ++n) {
    const AskedQuestion& question = asked.questions[n];
    if (question.column) {
      known.forms(question.row, *question.column) = question.gives;
    } else {
      known.value[question.row] = question.gives;
    }
  }
  const bool units = are_units(asked.probes);
  const LeastSquares solver(asked.probes.clone());
  std::vector<double> forms(dim);
  for (std::size_t j = 0; j < dim; ++j) {
    for (std::size_t k = 0; k < dim; ++k) forms[k] = known.forms(k, j);
    if (units) {  // a form is an entry
      for (std::size_t k = 0; k < dim; ++k) {
        if (asked.probes.row(k)[largest_place(asked.probes.row(k))] == 0) continue;
        known.weight(largest_place(asked.probes.row(k)), j) = forms[k];
      }
    } else if (!has_nan(forms)) {
      const std::vector<double> column = solver.solve(forms);
      for (std::size_t i = 0; i < dim; ++i) known.weight(i, j) = column[i];
    }
  }
  return known;
}

}  // namespace attnlab::extraction
