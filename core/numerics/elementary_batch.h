// Elementary functions of many numbers at once, in vectors; bits and accuracy of elementary.h.
#pragma once

#include <span>

namespace attnlab {

/// values[i] <- e^values[i], for numbers of at most 709.
void exp_of_each(std::span<double> values);
/// values[i] <- log values[i], for positive normal numbers.
void log_of_each(std::span<double> values);

}  // namespace attnlab
