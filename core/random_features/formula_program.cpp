#include "core/random_features/formula_program.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/numerics/elementary.h"
#include "core/numerics/elementary_batch.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kBlockLanes = 256;  // a few rows of a block fit into the first-level cache
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostWholePower = 64;

/// Error below 4e-16 relative: a continued fraction near 0, where 1 - 2 / (e^2x + 1) would cancel.
double portable_tanh(double x) {
  const double size = std::abs(x);
  if (size < 0.55) {
    const double z = x * x;
    double tail = 17;
    for (double odd = 15; odd > 0; odd -= 2) tail = odd + z / tail;
    return x / tail;
  }
  const double value = 1 - 2 / (portable_exp(2 * size) + 1);
  return x < 0 ? -value : value;
}

/// A whole power of at most kMostWholePower as a product, others as e^(y log x).
double power(double x, double y) {
  if (y == std::floor(y) && std::abs(y) <= kMostWholePower) {
    double result = 1;
    for (int i = 0; i < static_cast<int>(std::abs(y)); ++i) result *= x;
    return y < 0 ? 1 / result : result;
  }
  if (x == 0 && y > 0) return 0;
  return portable_exp(y * portable_log(x));
}

// NaN must not disappear in a comparison, or a sample without a value would not be counted.
double larger(double a, double b) {
  return a > b || a != a ? a : b;
}
double smaller(double a, double b) {
  return a < b || a != a ? a : b;
}
double equal(double a, double b) {
  return a != a || b != b ? kNaN : a == b ? 1.0 : 0.0;
}

double apply(FormulaOp op, double a, double b) {
  switch (op) {
    case FormulaOp::kAdd:
      return a + b;
    case FormulaOp::kSubtract:
      return a - b;
    case FormulaOp::kMultiply:
      return a * b;
    case FormulaOp::kDivide:
      return a / b;
    case FormulaOp::kPower:
      return power(a, b);
    case FormulaOp::kEqual:
      return equal(a, b);
    case FormulaOp::kNegate:
      return -a;
    case FormulaOp::kCos:
      return portable_cos(a);
    case FormulaOp::kSin:
      return portable_sin(a);
    case FormulaOp::kTanh:
      return portable_tanh(a);
    case FormulaOp::kExp:
      return portable_exp(a);
    case FormulaOp::kLog:
      return portable_log(a);
    case FormulaOp::kSqrt:
      return a < 0 ? kNaN : std::sqrt(a);
    case FormulaOp::kAbs:
      return std::abs(a);
    case FormulaOp::kRelu:
      return a < 0 ? 0 : a;
    case FormulaOp::kSign:
      return a > 0 ? 1 : a < 0 ? -1 : a;
    default:
      return kNaN;  // not an operation on single numbers
  }
}

bool takes_two(FormulaOp op) {
  return op >= FormulaOp::kAdd && op <= FormulaOp::kEqual;
}

void exp_row(std::span<double> values) {
  if (std::all_of(values.begin(), values.end(), [](double v) { return v <= 709; })) {
    exp_of_each(values);
  } else {
    for (double& value : values) value = portable_exp(value);
  }
}

void log_row(std::span<double> values) {
  constexpr double kLeast = std::numeric_limits<double>::min();
  constexpr double kMost = std::numeric_limits<double>::max();
  if (std::all_of(values.begin(), values.end(),
                  [](double v) { return v >= kLeast && v <= kMost; })) {
    log_of_each(values);
  } else {
    for (double& value : values) value = portable_log(value);
  }
}

/// One row of an elementwise step. Every case is a loop of its own, which the compiler vectorises.
void apply_row(FormulaOp op, const double* a, const double* b, double* out, std::size_t count) {
  const auto each = [&](auto f) {
    for (std::size_t l = 0; l < count; ++l) out[l] = f(l);
  };
  switch (op) {
    case FormulaOp::kAdd:
      return each([&](std::size_t l) { return a[l] + b[l]; });
    case FormulaOp::kSubtract:
      return each([&](std::size_t l) { return a[l] - b[l]; });
    case FormulaOp::kMultiply:
      return each([&](std::size_t l) { return a[l] * b[l]; });
    case FormulaOp::kDivide:
      return each([&](std::size_t l) { return a[l] / b[l]; });
    case FormulaOp::kNegate:
      return each([&](std::size_t l) { return -a[l]; });
    case FormulaOp::kAbs:
      return each([&](std::size_t l) { return std::abs(a[l]); });
    case FormulaOp::kRelu:
      return each([&](std::size_t l) { return a[l] < 0 ? 0 : a[l]; });
    case FormulaOp::kExp:
      std::copy_n(a, count, out);
      return exp_row({out, count});
    case FormulaOp::kLog:
      std::copy_n(a, count, out);
      return log_row({out, count});
    case FormulaOp::kPower: {
      // Mostly one whole power for all lanes: products of rows.
      const double exponent = b[0];
      const bool same = std::all_of(b, b + count, [&](double e) { return e == exponent; });
      if (!same || !(exponent >= 0 && exponent <= kMostWholePower) ||
          exponent != std::floor(exponent))
        return each([&](std::size_t l) { return power(a[l], b[l]); });
      const auto factors = static_cast<int>(exponent);
      return each([&](std::size_t l) {
        double result = 1;
        for (int i = 0; i < factors; ++i) result *= a[l];
        return result;
      });
    }
    default:
      return each([&](std::size_t l) { return apply(op, a[l], takes_two(op) ? b[l] : 0); });
  }
}

}  // namespace

std::size_t FormulaProgram::lanes(Level level) const {
  return level == Level::kKey ? samples_ * keys_ : samples_;
}

// --- Compiling -----------------------------------------------------------------------------------

class FormulaProgram::Compiler {
 public:
  Compiler(FormulaProgram& program, const Formula& formula)
      : program_(program), formula_(formula), held_(formula.nodes.size()) {}

  void compile() {
    if (formula_.reads_key) program_.key_slot_ = allocate(Level::kKey, program_.dim_);
    if (formula_.reads_query) program_.query_slot_ = allocate(Level::kSample, program_.dim_);
    if (formula_.reads_place) program_.place_slot_ = allocate(Level::kKey, 1);
    find_transposed();
    for (std::size_t i = 0; i < held_.size(); ++i) held_[i] = made(i);
    program_.result_slot_ = raised(held_.back(), Level::kSample).slot;
  }

 private:
  const FormulaNode& node(int index) const {
    return formula_.nodes[static_cast<std::size_t>(index)];
  }
  Held& held(int index) { return held_[static_cast<std::size_t>(index)]; }

  bool is_image(int index) const {
    return node(index).op == FormulaOp::kMultiply && node(index).type == FormulaType::kVector &&
           node(node(index).a).type == FormulaType::kMatrix;
  }

  /// <u, S v> is <S^T u, v> where u is not per key: one product with S for a sample, not for a key.
  void find_transposed() {
    transposed_.assign(held_.size(), false);
    for (const FormulaNode& each : formula_.nodes) {
      if (each.op != FormulaOp::kDot) continue;
      for (const auto& [u, v] : {std::pair{each.a, each.b}, std::pair{each.b, each.a}})
        if (!node(u).per_key && node(v).per_key && is_image(v))
          transposed_[static_cast<std::size_t>(v)] = true;
    }
  }

  std::size_t allocate(Level level, std::size_t width) {
    const std::size_t size = width * program_.lanes(level);
    const auto found = std::find_if(free_.begin(), free_.end(),
                                    [&](const Free& each) { return each.size == size; });
    if (found != free_.end()) {
      const std::size_t slot = found->slot;
      free_.erase(found);
      return slot;
    }
    const std::size_t slot = program_.workspace_;
    program_.workspace_ += size;
    return slot;
  }

  void release(const Held& used) {
    if (used.temporary) free_.push_back({used.width * program_.lanes(used.level), used.slot});
  }

  Held temporary(Level level, std::size_t width) {
    return {.level = level, .width = width, .slot = allocate(level, width), .temporary = true};
  }

  void emit(Step step, double operations_a_lane) {
    program_.steps_.push_back(step);
    program_.operations_ +=
        operations_a_lane * (step.level == Level::kKey ? static_cast<double>(program_.keys_) : 1);
  }

  /// The same value at a higher level; the old one is released.
  Held raised(const Held& low, Level level) {
    if (low.level == level) return low;
    if (low.level == Level::kConstant && !low.direction) {
      // Constants are filled in once and keep their slots.
      const Held high{.level = level, .slot = program_.workspace_};
      program_.workspace_ += program_.lanes(level);
      program_.constants_.push_back({high.slot, program_.lanes(level), low.number});
      return high;
    }
    const Held high = temporary(level, low.width);
    emit({.kind = low.direction ? StepKind::kSpreadDirection : StepKind::kSpread,
          .level = level,
          .width = low.width,
          .out = high.slot,
          .a = low.slot,
          .direction = static_cast<std::size_t>(low.number)},
         0);
    release(low);
    return high;
  }

  Held made(std::size_t index) {
    const FormulaNode& each = formula_.nodes[index];
    switch (each.op) {
      case FormulaOp::kNumber:
        return {.number = each.number};
      case FormulaOp::kKeys:
        return {.number = static_cast<double>(program_.keys_)};
      case FormulaOp::kDirection:
        return {.width = program_.dim_, .number = each.number, .direction = true};
      case FormulaOp::kKey:
        return {.level = Level::kKey, .width = program_.dim_, .slot = program_.key_slot_};
      case FormulaOp::kQuery:
        return {.level = Level::kSample, .width = program_.dim_, .slot = program_.query_slot_};
      case FormulaOp::kPlace:
        return {.level = Level::kKey, .slot = program_.place_slot_};
      case FormulaOp::kMatrix:
        return {};  // used by the product alone
      case FormulaOp::kDot:
        return dot(each);
      case FormulaOp::kNorm:
        return norm(each);
      case FormulaOp::kMean:
      case FormulaOp::kSum:
      case FormulaOp::kMax:
      case FormulaOp::kMin:
      case FormulaOp::kAverage:
        return reduced(each);
      default:
        break;
    }
    if (each.op == FormulaOp::kMultiply && node(each.a).type == FormulaType::kMatrix)
      return transposed_[index] ? held(each.b) : image(held(each.b), StepKind::kImage);
    return element(each);
  }

  Held element(const FormulaNode& each) {
    Held a = held(each.a), b = each.b >= 0 ? held(each.b) : Held{};
    const auto is_number = [](const Held& one) {
      return one.level == Level::kConstant && !one.direction;
    };
    if (is_number(a) && is_number(b)) {
      // A division by zero has to be seen when samples are evaluated.
      const bool divides = each.op == FormulaOp::kDivide || each.op == FormulaOp::kPower;
      const double value = apply(each.op, a.number, b.number);
      if (!divides || std::isfinite(value)) return {.number = value};
    }
    const Level level = std::max({a.level, b.level, Level::kSample});
    a = raised(a, level);
    if (each.b >= 0) b = raised(b, level);
    const std::size_t width = std::max(a.width, each.b >= 0 ? b.width : 1);
    const Held out = temporary(level, width);
    emit({.op = each.op,
          .level = level,
          .width = width,
          .out = out.slot,
          .a = a.slot,
          .b = b.slot,
          .one_row_a = a.width < width,
          .one_row_b = b.width < width},
         static_cast<double>(width));
    release(a);
    if (each.b >= 0) release(b);
    return out;
  }

  Held image(Held vector, StepKind kind) {
    vector = raised(vector, std::max(vector.level, Level::kSample));
    const Held out = temporary(vector.level, program_.dim_);
    const double dim = static_cast<double>(program_.dim_);
    emit({.kind = kind,
          .level = vector.level,
          .width = program_.dim_,
          .out = out.slot,
          .a = vector.slot},
         2 * dim * dim);
    release(vector);
    return out;
  }

  Held dot(const FormulaNode& each) {
    int first = each.a, second = each.b;
    if (held(first).level > held(second).level) std::swap(first, second);
    Held a = held(first), b = held(second);
    if (transposed_[static_cast<std::size_t>(second)]) a = image(a, StepKind::kTransposedImage);
    const double operations = 2 * static_cast<double>(program_.dim_);
    b = raised(b, std::max(b.level, Level::kSample));
    const Held out = temporary(b.level, 1);
    emit({.kind = a.direction ? StepKind::kDotDirection : StepKind::kDot,
          .level = b.level,
          .width = program_.dim_,
          .out = out.slot,
          .a = a.slot,
          .b = b.slot,
          .a_per_sample = a.level < b.level,
          .direction = static_cast<std::size_t>(a.number)},
         operations);
    release(a);
    release(b);
    return out;
  }

  Held norm(const FormulaNode& each) {
    const Held vector = raised(held(each.a), std::max(held(each.a).level, Level::kSample));
    const Held square = temporary(vector.level, 1);
    emit({.kind = StepKind::kDot,
          .level = vector.level,
          .width = program_.dim_,
          .out = square.slot,
          .a = vector.slot,
          .b = vector.slot},
         2 * static_cast<double>(program_.dim_));
    const Held out = temporary(vector.level, 1);
    emit({.op = FormulaOp::kSqrt, .level = vector.level, .out = out.slot, .a = square.slot}, 1);
    release(vector);
    release(square);
    return out;
  }

  Held reduced(const FormulaNode& each) {
    const Held a = raised(held(each.a), Level::kKey);
    const Held b = each.b >= 0 ? raised(held(each.b), Level::kKey) : Held{};
    const bool average = each.op == FormulaOp::kAverage;
    const std::size_t width = average ? b.width : a.width;
    const Held out = temporary(Level::kSample, width);
    const double keys = static_cast<double>(program_.keys_);
    emit({.kind = StepKind::kReduce,
          .op = each.op,
          .width = width,
          .out = out.slot,
          .a = a.slot,
          .b = b.slot},
         keys * (average ? 4 + 2 * static_cast<double>(width) : static_cast<double>(width)));
    release(a);
    if (each.b >= 0) release(b);
    return out;
  }

  FormulaProgram& program_;
  const Formula& formula_;
  std::vector<Held> held_;
  std::vector<bool> transposed_;
  std::vector<Free> free_;
};

FormulaProgram::FormulaProgram(const Formula& formula, std::size_t keys, std::size_t dim)
    : keys_(keys),
      dim_(dim),
      samples_(std::max<std::size_t>(1, kBlockLanes / keys)),
      loads_keys_(formula.reads_key),
      loads_query_(formula.reads_query),
      loads_place_(formula.reads_place) {
  Compiler(*this, formula).compile();
}

// --- Evaluating ----------------------------------------------------------------------------------

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
