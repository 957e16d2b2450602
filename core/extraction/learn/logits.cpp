#include "core/extraction/learn/logits.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/base/text.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kShortest = 2, kLongest = 8;  // tokens of a prompt
constexpr int kRedraws = 1000;                      // of a prompt that was there before
constexpr std::size_t kBatch = 512;                 // questions
constexpr std::size_t kGrainAnswers = 4096;         // enough to see the grain
constexpr double kFirstBias = 16, kMostBias = 0x1p20;
// Standard deviation of a computed logit, in units of the rounding of the row's largest number.
constexpr double kArithmetic = 4, kRounding = 0x1p-53;
constexpr int kSingleBits = 24;
constexpr double kSlack = 1.1;
constexpr double kLeastGap = 3, kFalseGap = 1e6;

/// Different prompts as one batch, which is the pool of tokens of all questions.
QueryBatch draw_prompts(const LogitOptions& options, RandomStream& stream) {
  QueryBatch prompts(options.token);
  std::vector<std::uint32_t> number(options.token, ~0u);  // of a word's token
  const auto token_of = [&](std::uint32_t word) {
    if (number[word] == ~0u) {
      prompts.new_token()[word] = 1;
      number[word] = static_cast<std::uint32_t>(prompts.token_count() - 1);
    }
    return number[word];
  };
  const auto below = [&](std::size_t count) {
    const double drawn = stream.uniform() * static_cast<double>(count);
    return static_cast<std::uint32_t>(std::min(drawn, static_cast<double>(count - 1)));
  };
  std::set<std::vector<std::uint32_t>> seen;
  std::vector<std::uint32_t> members;
  for (std::size_t i = 0; i < options.vectors; ++i) {
    for (int draw = 0; draw < kRedraws; ++draw) {
      members.assign(kShortest + below(kLongest - kShortest + 1), 0);
      if (!options.words) break;
      for (std::uint32_t& word : members) word = below(options.token);
      // The order of the tokens before the last one does not count.
      std::sort(members.begin(), members.end() - 1);
      if (seen.insert(members).second) break;
    }
    for (std::uint32_t& member : members) {
      if (options.words) {
        member = token_of(member);
      } else {
        stream.fill_normal(prompts.new_token());
        member = static_cast<std::uint32_t>(prompts.token_count() - 1);
      }
    }
    prompts.query(members);
  }
  return prompts;
}

/// A batch with the tokens of all prompts and no question yet.
QueryBatch empty_batch(const QueryBatch& prompts) {
  QueryBatch batch(prompts.dim());
  batch.reserve_tokens(prompts.token_count());
  for (std::uint32_t t = 0; t < prompts.token_count(); ++t) batch.token(prompts.token_values(t));
  return batch;
}

double square(double x) {
  return x * x;
}

void centre(Matrix<double>& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row(i);
    const double mean =
        std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(row.size());
    for (double& entry : row) entry -= mean;
  }
}

Inquiry<Outcome> ask_full(LogitVectors& known, const QueryBatch& prompts, bool computes) {
  const std::size_t width = known.rows.cols();
  for (std::size_t first = 0; first < prompts.size(); first += kBatch) {
    QueryBatch batch = empty_batch(prompts);
    const std::size_t end = std::min(first + kBatch, prompts.size());
    for (std::size_t i = first; i < end; ++i) batch.query(prompts[i]);
    const std::vector<double> answers = co_await ask(batch);
    if (answers.size() != batch.size() * width ||
        !std::ranges::all_of(answers, [](double y) { return std::isfinite(y); })) {
      co_return Outcome{ExtractionStatus::kNotAMatch, "An answer is not a list of L numbers."};
    }
    std::ranges::copy(answers, known.rows.row(first).begin());
  }
  const std::span<const double> all = known.rows.values();
  known.grain = find_grain(all.first(std::min(kGrainAnswers, all.size())));
  const bool single = known.grain.kind == GrainKind::kBits && known.grain.figures == kSingleBits;
  const double unit = computes && single ? 0x1p-24 : kRounding;
  for (std::size_t i = 0; i < known.rows.rows(); ++i) {
    const double arithmetic = kArithmetic * unit * largest_magnitude(known.rows.row(i));
    for (std::size_t j = 0; j < width; ++j) {
      known.deviation(i, j) =
          std::sqrt(square(known.grain.at(known.rows(i, j))) / 12 + square(arithmetic));
    }
  }
  co_return Outcome{ExtractionStatus::kRecovered, {}};
}

/// Words of one prompt that are asked together with its reference.
struct TopQuestion {
  std::uint32_t prompt = 0;
  std::vector<std::uint32_t> words;
  double bias = 0;
};

/// Reads the lists of top-k boxes into differences to the reference.
class TopReader {
 public:
  TopReader(LogitVectors& known, std::size_t top)
      : known_(known), top_(top), reference_(known.rows.rows(), 0) {
    std::ranges::fill(known.rows.values(), kUnknown);
  }

  /// k words with log-probabilities; false for anything else.
  bool is_list(std::span<const double> answer) const {
    std::set<double> words;
    for (std::size_t k = 0; k < top_; ++k) {
      const double word = answer[2 * k], chance = answer[2 * k + 1];
      const bool known = word >= 0 && word < static_cast<double>(known_.rows.cols()) &&
                         word == std::floor(word) && words.insert(word).second;
      if (!known || !std::isfinite(chance) || chance > kRounding) return false;
    }
    return true;
  }

  void read_first(std::uint32_t prompt, std::span<const double> answer) {
    reference_[prompt] = static_cast<std::uint32_t>(answer[0]);
    for (std::size_t k = 0; k < top_; ++k) note(prompt, answer, 0, k, 0);
  }

  /// False unless the list has the reference and all words of the question.
  bool read(const TopQuestion& question, std::span<const double> answer) {
    const std::size_t reference = place(answer, reference_[question.prompt]);
    if (reference == top_) return false;
    for (const std::uint32_t word : question.words) {
      if (place(answer, word) == top_) return false;
    }
    for (const std::uint32_t word : question.words) {
      note(question.prompt, answer, reference, place(answer, word), question.bias);
    }
    return true;
  }

  /// The questions for the words that the first list did not have.
  std::vector<TopQuestion> questions(std::uint32_t prompt) const {
    std::vector<TopQuestion> result;
    for (std::uint32_t word = 0; word < known_.rows.cols(); ++word) {
      if (!std::isnan(known_.rows(prompt, word))) continue;
      if (result.empty() || result.back().words.size() == top_ - 1) {
        result.push_back({prompt, {}, kFirstBias});
      }
      result.back().words.push_back(word);
    }
    return result;
  }

  QueryBatch batch(const QueryBatch& prompts, std::span<const TopQuestion> questions) const {
    QueryBatch result = empty_batch(prompts);
    for (const TopQuestion& question : questions) {
      result.query(prompts[question.prompt]);
      result.bias(reference_[question.prompt], question.bias);
      for (const std::uint32_t word : question.words) result.bias(word, question.bias);
    }
    return result;
  }

  /// The grain of all log-probabilities, and from it the errors of the differences.
  void finish() {
    known_.grain = find_grain(seen_);
    // y + B is rounded to a step of its own: no grain of the answers.
    double bias = 0;
    for (const Noted& one : noted_) bias = std::max(bias, one.bias);
    const double step = known_.grain.step;
    if (step > 0 && step < 8 * kRounding * bias) known_.grain = {};
    for (const Noted& one : noted_) {
      const double arithmetic =
          kRounding * (2 * one.bias + std::abs(one.chance) + std::abs(one.reference));
      known_.deviation(one.prompt, one.word) = std::sqrt(
          (square(known_.grain.at(one.chance)) + square(known_.grain.at(one.reference))) / 12 +
          square(arithmetic));
    }
    centre(known_.rows);
  }

 private:
  struct Noted {
    std::uint32_t prompt, word;
    double chance, reference, bias;
  };

  std::size_t place(std::span<const double> answer, std::uint32_t word) const {
    std::size_t k = 0;
    while (k < top_ && answer[2 * k] != static_cast<double>(word)) ++k;
    return k;
  }

  void note(std::uint32_t prompt, std::span<const double> answer, std::size_t reference,
            std::size_t k, double bias) {
    const auto word = static_cast<std::uint32_t>(answer[2 * k]);
    const double chance = answer[2 * k + 1], of_reference = answer[2 * reference + 1];
    known_.rows(prompt, word) = chance - of_reference;
    noted_.push_back({prompt, word, chance, of_reference, bias});
    if (seen_.size() < kGrainAnswers) seen_.push_back(chance);
  }

  LogitVectors& known_;
  std::size_t top_;
  std::vector<std::uint32_t> reference_;
  std::vector<Noted> noted_;
  std::vector<double> seen_;
};

Outcome no_list(std::size_t top) {
  return {ExtractionStatus::kNotAMatch,
          "An answer is not a list of " + std::to_string(top) + " words with log-probabilities."};
}

Inquiry<Outcome> ask_top(LogitVectors& known, const QueryBatch& prompts, std::size_t top) {
  TopReader reader(known, top);
  std::vector<TopQuestion> waiting;
  for (std::uint32_t i = 0; i < prompts.size(); ++i) waiting.push_back({i, {}, 0});
  bool first = true;
  while (!waiting.empty()) {
    std::vector<TopQuestion> next;
    for (std::size_t begin = 0; begin < waiting.size(); begin += kBatch) {
      const std::size_t count = std::min(kBatch, waiting.size() - begin);
      const std::span<TopQuestion> part = std::span(waiting).subspan(begin, count);
      QueryBatch batch = empty_batch(prompts);
      if (first) {
        for (const TopQuestion& question : part) batch.query(prompts[question.prompt]);
      } else {
        batch = reader.batch(prompts, part);
      }
      const std::vector<double> answers = co_await ask(batch);
      if (answers.size() != 2 * top * count) co_return no_list(top);
      for (std::size_t k = 0; k < count; ++k) {
        const std::span<const double> answer = std::span(answers).subspan(2 * top * k, 2 * top);
        if (!reader.is_list(answer)) co_return no_list(top);
        if (first) {
          reader.read_first(part[k].prompt, answer);
          const std::vector<TopQuestion> more = reader.questions(part[k].prompt);
          next.insert(next.end(), more.begin(), more.end());
        } else if (!reader.read(part[k], answer)) {
          ++known.repeated;
          part[k].bias *= 2;
          if (part[k].bias > kMostBias) {
            co_return Outcome{ExtractionStatus::kNotAMatch,
                              "A logit bias of " + exact_text(kMostBias) +
                                  " does not bring a word into the list."};
          }
          next.push_back(part[k]);
        }
      }
    }
    waiting = std::move(next);
    first = false;
  }
  reader.finish();
  known.shared = top;
  co_return Outcome{ExtractionStatus::kRecovered, {}};
}

std::string rank_sentence(const LogitVectors& known, const LogitSpectrum& found) {
  const std::string vectors = counted(known.rows.rows(), "vector") + " of logits";
  const std::string noise = short_text(found.noise) + " (answers " + known.grain.text() + ")";
  const std::string smallest = found.rank > 0 ? short_text(found.values[found.rank - 1]) : "";
  switch (found.status) {
    case RankStatus::kFound:
      return vectors + " have rank " + std::to_string(found.rank) +
             ": the smallest singular value above the noise is " + smallest + ", the next is " +
             short_text(found.values[found.rank]) + ", the noise ends at " + noise + ".";
    case RankStatus::kTooFew:
      return "All " + std::to_string(found.rank) + " singular values of " + vectors +
             " are above the noise, " + noise + ": more vectors are needed.";
    case RankStatus::kNoiseHides:
      break;
  }
  if (found.rank == 0) return "All singular values are below the noise, " + noise + ".";
  return std::to_string(found.rank) + " singular values of " + vectors + " are above the noise, " +
         noise + "; the smallest, " + smallest + ", is only " +
         told_apart(found.gap, found.needed).first + " times as large and not " +
         told_apart(found.gap, found.needed).second + ", so that more may be below.";
}

double largest_row(const Matrix<double>& a) {
  double largest = 0;
  for (std::size_t i = 0; i < a.rows(); ++i) largest = std::max(largest, norm(a.row(i)));
  return largest;
}

}  // namespace

std::size_t questions_per_vector(std::size_t logits, std::size_t top) {
  return top == 0 ? 1 : 1 + (logits - top + top - 2) / (top - 1);
}

std::string_view status_text(RankStatus status) {
  switch (status) {
    case RankStatus::kFound:
      return "recovered";
    case RankStatus::kTooFew:
      return "too-few-answers";
    case RankStatus::kNoiseHides:
      break;
  }
  return "noise-hides-it";
}

Inquiry<Outcome> ask_logits(LogitVectors& known, LogitOptions options, RandomStream stream) {
  known.rows = Matrix<double>(options.vectors, options.logits);
  known.deviation = Matrix<double>(options.vectors, options.logits);
  const QueryBatch prompts = draw_prompts(options, stream);
  Inquiry<Outcome> asking = options.top == 0 ? ask_full(known, prompts, options.computes)
                                             : ask_top(known, prompts, options.top);
  co_return co_await asking;
}

double noise_edge(const LogitVectors& known) {
  return kSlack * (largest_row(known.deviation) + std::sqrt(static_cast<double>(known.shared)) *
                                                      largest_row(transposed(known.deviation)));
}

Matrix<double> tall_matrix(const LogitVectors& known) {
  return known.rows.rows() < known.rows.cols() ? transposed(known.rows) : known.rows.clone();
}

LogitSpectrum read_spectrum(const LogitVectors& known, const SingularValues& singular) {
  LogitSpectrum found;
  found.values = singular.values;
  found.noise = noise_edge(known);
  while (found.rank < found.values.size() && found.values[found.rank] > found.noise) ++found.rank;
  if (found.rank > 0) found.gap = found.values[found.rank - 1] / found.noise;
  const double beyond = static_cast<double>(found.values.size() - found.rank) + 1;
  found.needed = std::max(kLeastGap, std::pow(kFalseGap, 1 / beyond));
  found.status = found.rank == found.values.size() ? RankStatus::kTooFew
                 : found.gap >= found.needed       ? RankStatus::kFound
                                                   : RankStatus::kNoiseHides;
  const Matrix<double>& side =
      known.rows.rows() < known.rows.cols() ? singular.left : singular.right;
  found.space = Matrix<double>(side.rows(), found.rank);
  for (std::size_t i = 0; i < side.rows(); ++i) {
    for (std::size_t j = 0; j < found.rank; ++j) found.space(i, j) = side(i, j);
  }
  found.accuracy = found.rank > 0 ? std::min(1.0, 1 / found.gap) : 1;
  found.evidence = rank_sentence(known, found);
  return found;
}

}  // namespace attnlab::extraction
