// Lets one large computation use idle threads. Core starts no thread: an executor provides them,
// and without one everything runs on the calling thread.
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

/// Provides helpers to computations of the calling thread; nullptr withdraws them.
void provide_helpers(Helpers* helpers);

/// How many threads would share a computation of the calling thread; 1 without helpers.
std::size_t parallel_width();

/// The number of parts into which a computation of `flops` floating-point operations is cut: one
/// without helpers, else up to two for each thread, so that a thread that wakes late does not delay
/// the end.
std::size_t parts_worth(double flops);

/// Where part `i` of `parts` begins, in whole grains.
std::size_t part_begin(std::size_t i, std::size_t parts, std::size_t size, std::size_t grain);

/// Calls part(0), ..., part(parts - 1), on all available threads.
void in_parallel(std::size_t parts, const std::function<void(std::size_t)>& part);

}  // namespace attnlab
