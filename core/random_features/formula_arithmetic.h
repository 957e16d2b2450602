// Arithmetic of formulas: one operation on two numbers, or on two rows of numbers, with the same
// bits on all machines.
#pragma once

#include <cstddef>
#include <span>

#include "core/formula/formula.h"

namespace attnlab::random_features {

/// Of two numbers; NaN where one of them is NaN, so that a sample without a value is counted.
double larger(double a, double b);
double smaller(double a, double b);

/// The operation on numbers: elementwise ones only, else NaN. One with a single operand ignores
/// `b`. Errors of elementary functions are below 1e-15 relative.
double apply(FormulaOp op, double a, double b);

/// out[l] = apply(op, a[l], b[l]) for `count` numbers. One with a single operand does not read `b`.
void apply_row(FormulaOp op, const double* a, const double* b, double* out, std::size_t count);

/// values <- e^values.
void exp_row(std::span<double> values);

}  // namespace attnlab::random_features
