#include "core/extraction/learn/diagnosis.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"

namespace attnlab::extraction {
namespace {

constexpr int kMostLengths = 30;  // 4^-30 of a normal token: short enough for any reasonable W

using Tokens = std::vector<std::vector<double>>;

std::vector<double> scaled(double factor, std::span<const double> x) {
  std::vector<double> y(x.begin(), x.end());
  for (double& entry : y) entry *= factor;
  return y;
}

std::vector<double> sum(std::span<const double> x, std::span<const double> y) {
  std::vector<double> z(x.begin(), x.end());
  add_scaled(1, y, z);
  return z;
}

Inquiry<std::vector<double>> ask_all(std::size_t dim, const std::vector<Tokens>& sequences) {
  QueryBatch batch(dim, QueryPurpose::kCheck);
  for (const Tokens& sequence : sequences) {
    std::vector<std::uint32_t> members;
    for (const std::vector<double>& token : sequence) members.push_back(batch.token(token));
    batch.query(members);
  }
  std::vector<double> answers = co_await ask(batch);
  co_return answers;
}

std::string both(double a, double b) {
  const TwoTexts texts = told_apart(a, b);
  return texts.first + " and " + texts.second;
}

/// Two lengths of one query token b, with a key a + b: the log-odds of a's weight must double.
Inquiry<std::string> compare_shares(std::size_t dim, const std::vector<double>& a,
                                    const std::vector<double>& b, double tolerance,
                                    const Grain& grain) {
  double length = 1;
  for (int k = 0; k < kMostLengths; ++k, length /= 4) {
    const std::vector<double> half = scaled(length / 2, b), whole = scaled(length, b);
    const std::vector<Tokens> sequences = {
        {a}, {half}, {whole}, {sum(a, half), half}, {sum(a, whole), whole}};
    Inquiry<std::vector<double>> asking = ask_all(dim, sequences);
    const std::vector<double> f = co_await asking;
    const double first = (f[3] - f[1]) / f[0], second = (f[4] - f[2]) / f[0];
    if (!(second > 0.05 && second < 0.95 && first > 0.05 && first < 0.95)) continue;
    const double share = logit(first), once = logit(second);
    // A share depends on three answers, each off by up to half a grain.
    const double off = 1.5 * grain.at(largest_magnitude(f)) / std::abs(f[0]);
    const double rounding = 2 * off / (first * (1 - first)) + off / (second * (1 - second));
    if (std::abs(2 * share - once) <= 100 * tolerance * std::max(1.0, std::abs(once)) + rounding) {
      co_return {};
    }
    const TwoTexts texts = told_apart(once, 2 * share);
    co_return "When the query token doubles, the log-odds of a token's share grow from " +
        short_text(share) + " to " + texts.first + ", not to twice that, " + texts.second +
        ": more than one head decides on it, or no head does.";
  }
  co_return "The share of a token next to a query token stays outside (0.05, 0.95) however short the "
            "query token is: the answers are not a weighted mean of the tokens.";
}

}  // namespace

Inquiry<std::string> diagnose(DiagnosisOptions options, RandomStream stream) {
  std::vector<double> x(options.dim), y(options.dim), z(options.dim);
  for (std::vector<double>* token : {&x, &y, &z}) stream.fill_normal(*token);
  const std::vector<double> zero(options.dim, 0.0);
  const std::vector<Tokens> sequences = {
      {x}, {x}, {x, x}, {y}, {sum(x, y)}, {x, y, z}, {y, x, z}, {x, zero}, {scaled(0.5, x)}};
  Inquiry<std::vector<double>> asking = ask_all(options.dim, sequences);
  const std::vector<double> f = co_await asking;
  // A rule compares sums of up to three answers, each off by up to half a grain.
  const double rounding =
      options.tolerance * largest_magnitude(f) + 2 * options.grain.at(largest_magnitude(f));
  const auto differ = [&](double a, double b) { return !(std::abs(a - b) <= rounding); };

  if (differ(f[0], f[1])) {
    co_return "One sequence asked twice is answered " + both(f[0], f[1]) +
        ": the answers carry noise, or remember earlier questions.";
  }
  if (differ(f[5], f[6])) {
    co_return "The same keys in another order are answered " + both(f[5], f[6]) +
        ": a head without positions cannot see the order.";
  }
  if (differ(f[0], f[2])) {
    co_return "One token, and the same token written twice, are answered " + both(f[0], f[2]) +
        ": a mean of equal tokens is that token, so positions or lengths matter here.";
  }
  if (!options.network && differ(f[4], f[0] + f[3])) {
    const TwoTexts texts = told_apart(f[4], f[0] + f[3]);
    co_return "The sum of two tokens is answered " + texts.first + ", not the sum " + texts.second +
        " of their answers: a bias or a network follows the head (or positions come before it).";
  }
  if (differ(f[7], f[8])) {
    const TwoTexts texts = told_apart(f[8], f[7]);
    co_return "Next to a zero query token a token gets half of the attention, so the answer must be " +
        texts.first + ", not " + texts.second +
        ": the query token also bypasses the attention (a residual path), or scores have a bias.";
  }
  if (options.network) co_return {};
  Inquiry<std::string> comparing =
      compare_shares(options.dim, x, y, options.tolerance, options.grain);
  std::string sentence = co_await comparing;
  co_return sentence;
}

}  // namespace attnlab::extraction
