// The course of a training, for experiments that train: windows of steps, and their bytes between
// jobs and tables.
#pragma once

#include <vector>

#include "core/base/bytes.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {

/// The mean of a window of steps: of the loss, or of the risk.
struct CurvePoint {
  double step = 0;  ///< the middle of the window
  double mean = 0, std_error = 0;
};

/// Windows of at least 8 steps, and at least 8 % of the steps so far, so that points are about
/// evenly spaced on a logarithmic axis.
class TrainingCurve {
 public:
  void add(double step, double value);
  /// Makes a point of the steps since the last one. With one step its error is 0.
  void close(double step);
  const std::vector<CurvePoint>& points() const { return points_; }

 private:
  std::vector<double> window_;
  std::vector<CurvePoint> points_;
};

void write_curve(ByteWriter& writer, const TrainingCurve& curve);
/// False for bytes that are no curve.
bool read_curve(ByteReader& reader, std::vector<CurvePoint>& curve);

void write_estimate(ByteWriter& writer, const Estimate& estimate);
Estimate read_estimate(ByteReader& reader);

}  // namespace attnlab::in_context
