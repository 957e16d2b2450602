// Runs the programs of formulas, one block of samples after the other.
#include <algorithm>
#include <cmath>

#include "core/random_features/formula_arithmetic.h"
#include "core/random_features/formula_program.h"

namespace attnlab::random_features {

/// The numbers of some samples while the steps run.
struct FormulaProgram::Block {
  const FormulaProgram& program;
  const TargetDraw& draw;
  std::vector<double> work;
  std::vector<std::uint8_t> divided;  ///< by zero, for each sample of the block

  std::size_t lanes(Level level) const { return program.lanes(level); }
  double* at(std::size_t slot) { return work.data() + slot; }

  void load(const TokenBatch& batch, std::size_t first, std::size_t count) {
    const std::size_t dim = program.dim_, keys = program.keys_;
    const std::size_t key_lanes = lanes(Level::kKey), sample_lanes = lanes(Level::kSample);
    for (std::size_t s = 0; s < sample_lanes; ++s) {
      // The last block repeats its last sample.
      const float* sample = batch.sample(first + std::min(s, count - 1));
      for (std::size_t a = 0; a < dim && program.loads_query_; ++a)
        at(program.query_slot_)[a * sample_lanes + s] = static_cast<double>(sample[a]);
      for (std::size_t k = 0; k < keys && program.loads_keys_; ++k)
        for (std::size_t a = 0; a < dim; ++a)
          at(program.key_slot_)[a * key_lanes + s * keys + k] =
              static_cast<double>(sample[(1 + k) * dim + a]);
    }
    std::fill(divided.begin(), divided.end(), std::uint8_t{0});
  }

  const std::vector<double>& direction(std::size_t index) const {
    return index == 0 ? draw.beta : index == 1 ? draw.beta_2 : draw.beta_3;
  }

  void mark_divisions(const Step& step) {
    const std::size_t count = lanes(step.level);
    const std::size_t lanes_a_sample = step.level == Level::kKey ? program.keys_ : 1;
    const double *a = at(step.a), *b = at(step.b);
    for (std::size_t l = 0; l < count; ++l) {
      const bool zero = step.op == FormulaOp::kDivide ? b[l] == 0 : a[l] == 0 && b[l] < 0;
      if (zero) divided[l / lanes_a_sample] = 1;
    }
  }

  void element(const Step& step) {
    const std::size_t count = lanes(step.level);
    for (std::size_t row = 0; row < step.width; ++row) {
      const double* a = at(step.a) + (step.one_row_a ? 0 : row * count);
      const double* b = at(step.b) + (step.one_row_b ? 0 : row * count);
      apply_row(step.op, a, b, at(step.out) + row * count, count);
    }
    if (step.op == FormulaOp::kDivide || step.op == FormulaOp::kPower) mark_divisions(step);
  }

  void spread(const Step& step) {
    const std::size_t count = lanes(Level::kKey), samples = lanes(Level::kSample);
    for (std::size_t row = 0; row < step.width; ++row)
      for (std::size_t s = 0; s < samples; ++s)
        std::fill_n(at(step.out) + row * count + s * program.keys_, program.keys_,
                    at(step.a)[row * samples + s]);
  }

  void spread_direction(const Step& step) {
    const std::size_t count = lanes(step.level);
    for (std::size_t row = 0; row < step.width; ++row)
      std::fill_n(at(step.out) + row * count, count, direction(step.direction)[row]);
  }

  void dot(const Step& step) {
    const std::size_t count = lanes(step.level);
    double* out = at(step.out);
    std::fill_n(out, count, 0.0);
    for (std::size_t row = 0; row < step.width; ++row) {
      const double* b = at(step.b) + row * count;
      if (step.kind == StepKind::kDotDirection) {
        const double u = direction(step.direction)[row];
        for (std::size_t l = 0; l < count; ++l) out[l] += u * b[l];
      } else if (!step.a_per_sample) {
        const double* a = at(step.a) + row * count;
        for (std::size_t l = 0; l < count; ++l) out[l] += a[l] * b[l];
      } else {
        const double* a = at(step.a) + row * lanes(Level::kSample);
        for (std::size_t s = 0, l = 0; s < lanes(Level::kSample); ++s)
          for (const std::size_t end = l + program.keys_; l < end; ++l) out[l] += a[s] * b[l];
      }
    }
  }

  void image(const Step& step) {
    const std::size_t count = lanes(step.level), dim = program.dim_;
    const bool transposed = step.kind == StepKind::kTransposedImage;
    std::fill_n(at(step.out), dim * count, 0.0);
    for (std::size_t row = 0; row < dim; ++row) {
      double* out = at(step.out) + row * count;
      for (std::size_t column = 0; column < dim; ++column) {
        const double entry = draw.matrix[transposed ? column * dim + row : row * dim + column];
        const double* a = at(step.a) + column * count;
        for (std::size_t l = 0; l < count; ++l) out[l] += entry * a[l];
      }
    }
  }

  double folded(FormulaOp op, const double* values) const {
    double result = values[0];
    for (std::size_t k = 1; k < program.keys_; ++k)
      result = op == FormulaOp::kMax   ? larger(result, values[k])
               : op == FormulaOp::kMin ? smaller(result, values[k])
                                       : result + values[k];
    return op == FormulaOp::kMean ? result / static_cast<double>(program.keys_) : result;
  }

  void reduce(const Step& step) {
    const std::size_t count = lanes(Level::kKey), samples = lanes(Level::kSample);
    if (step.op == FormulaOp::kAverage) return average(step);
    for (std::size_t row = 0; row < step.width; ++row)
      for (std::size_t s = 0; s < samples; ++s)
        at(step.out)[row * samples + s] =
            folded(step.op, at(step.a) + row * count + s * program.keys_);
  }

  void average(const Step& step) {
    const std::size_t count = lanes(Level::kKey), samples = lanes(Level::kSample);
    const std::size_t keys = program.keys_;
    std::vector<double> weights(at(step.a), at(step.a) + count);
    for (std::size_t s = 0; s < samples; ++s) {
      double* scores = weights.data() + s * keys;
      const double most = folded(FormulaOp::kMax, scores);
      for (std::size_t k = 0; k < keys; ++k) scores[k] -= most;
    }
    exp_row(weights);
    for (std::size_t s = 0; s < samples; ++s) {
      const double* weight = weights.data() + s * keys;
      const double total = folded(FormulaOp::kSum, weight);
      for (std::size_t row = 0; row < step.width; ++row) {
        const double* value = at(step.b) + row * count + s * keys;
        double sum = 0;
        for (std::size_t k = 0; k < keys; ++k) sum += weight[k] * value[k];
        at(step.out)[row * samples + s] = sum / total;
      }
    }
  }

  void run(const Step& step) {
    switch (step.kind) {
      case StepKind::kElement:
        return element(step);
      case StepKind::kSpread:
        return spread(step);
      case StepKind::kSpreadDirection:
        return spread_direction(step);
      case StepKind::kDot:
      case StepKind::kDotDirection:
        return dot(step);
      case StepKind::kImage:
      case StepKind::kTransposedImage:
        return image(step);
      case StepKind::kReduce:
        return reduce(step);
    }
  }
};

FormulaValues FormulaProgram::values(const TargetDraw& draw, const TokenBatch& batch) const {
  Block block{*this, draw, std::vector<double>(workspace_), std::vector<std::uint8_t>(samples_)};
  for (const Constant& constant : constants_)
    std::fill_n(block.at(constant.slot), constant.count, constant.number);
  for (std::size_t l = 0; loads_place_ && l < lanes(Level::kKey); ++l)
    block.at(place_slot_)[l] = static_cast<double>(l % keys_ + 1);
  FormulaValues found{std::vector<double>(batch.count), {}};
  for (std::size_t first = 0; first < batch.count; first += samples_) {
    const std::size_t count = std::min(samples_, batch.count - first);
    block.load(batch, first, count);
    for (const Step& step : steps_) block.run(step);
    for (std::size_t s = 0; s < count; ++s) {
      const double value = block.at(result_slot_)[s];
      if (block.divided[s] != 0) {
        ++found.faults.division;
      } else if (std::isinf(value)) {
        ++found.faults.overflow;
      } else if (std::isnan(value)) {
        ++found.faults.undefined;
      } else {
        found.values[first + s] = value;
      }
    }
  }
  return found;
}

}  // namespace attnlab::random_features
