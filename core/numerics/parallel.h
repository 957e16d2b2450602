// Lets one large computation use threads that have nothing else to do. Core starts no thread: an
// executor that has some lends them, and without one everything runs where it is called.
//
// Parts write to disjoint places and each is computed as it would be alone, so which thread takes
// which part, and how many parts there are, never changes a bit of the result.
#pragma once

#include <cstddef>
#include <functional>

namespace attnlab {

class Helpers {
 public:
  virtual ~Helpers() = default;
  /// Threads that would work on a computation begun now, the caller's included.
  virtual std::size_t width() const = 0;
  /// Calls part(i) once for every i < parts, on any threads; returns when all have returned. The
  /// first exception of a part is thrown again here.
  virtual void run(std::size_t parts, const std::function<void(std::size_t)>& part) = 0;
};

/// Lends helpers to computations of the calling thread; nullptr takes them back.
void lend_helpers(Helpers* helpers);

/// How many threads would share a computation of the calling thread; 1 without helpers.
std::size_t parallel_width();

/// Into how many parts a computation of so many floating-point operations is best cut: one without
/// helpers, else two for each thread there is, so that one that wakes late does not hold up the
/// end.
std::size_t parts_worth(double flops);

/// Where part `i` of `parts` begins, in whole grains.
std::size_t part_begin(std::size_t i, std::size_t parts, std::size_t size, std::size_t grain);

/// part(0), ..., part(parts - 1), with the help there is.
void in_parallel(std::size_t parts, const std::function<void(std::size_t)>& part);

}  // namespace attnlab
