// Elementary functions of our own: libm differs between platforms in the last bits, these do not.
//
// All are bit-identical on every target (IEEE basic operations and sqrt, no contraction). The
// maximum errors are measured over the whole range by tests/unit/numerics/elementary_test.cpp.
#pragma once

namespace attnlab {

/// e^x. Error below 1 ULP, 1.5 where the result is subnormal. Overflow gives inf, underflow 0.
double portable_exp(double x);

/// e^x in float. Error below 1 ULP, 1.5 where the result is subnormal.
float portable_exp(float x);

/// Natural logarithm. Error below 1 ULP, subnormal arguments included. log(0) = -inf,
/// log(negative) = NaN.
double portable_log(double x);
float portable_log(float x);

/// Sine and cosine of x radians. Error below 1 ULP for every finite x; NaN for infinities.
double portable_sin(double x);
double portable_cos(double x);

struct SinCos {
  double sin;
  double cos;
};

/// Sine and cosine of 2 pi u. Error below 1 ULP for |u| > 1e-290; exact at multiples
/// of 1/4.
SinCos sincos_turns(double u);

}  // namespace attnlab
