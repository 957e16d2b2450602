// Formulas become programs here; formula_values.cpp runs them.
#include "core/random_features/formula_program.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/random_features/formula_arithmetic.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kBlockLanes = 256;  // a few rows of a block fit into the first-level cache

}  // namespace

std::size_t FormulaProgram::lanes(Level level) const {
  return level == Level::kKey ? samples_ * keys_ : samples_;
}

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

}  // namespace attnlab::random_features
