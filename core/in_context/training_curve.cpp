#include "core/in_context/training_curve.h"

#include <algorithm>

namespace attnlab::in_context {

void TrainingCurve::add(double step, double value) {
  window_.push_back(value);
  if (static_cast<double>(window_.size()) < std::max(8.0, 0.08 * step)) return;
  close(step);
}

void TrainingCurve::close(double step) {
  if (window_.empty()) return;
  const Estimate estimate = mean_and_error(window_);
  const double middle = step - 0.5 * (static_cast<double>(window_.size()) - 1);
  points_.push_back({middle, estimate.mean, window_.size() < 2 ? 0 : estimate.std_error});
  window_.clear();
}

void write_curve(ByteWriter& writer, const TrainingCurve& curve) {
  std::vector<double> numbers;
  for (const CurvePoint& point : curve.points()) {
    numbers.insert(numbers.end(), {point.step, point.mean, point.std_error});
  }
  writer.reals(numbers);
}

bool read_curve(ByteReader& reader, std::vector<CurvePoint>& curve) {
  const std::vector<double> numbers = reader.reals();
  if (numbers.size() % 3 != 0) return false;
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    curve.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  }
  return true;
}

void write_estimate(ByteWriter& writer, const Estimate& estimate) {
  writer.real(estimate.mean);
  writer.real(estimate.std_error);
  writer.u32(static_cast<std::uint32_t>(estimate.count));
}

Estimate read_estimate(ByteReader& reader) {
  Estimate estimate;
  estimate.mean = reader.real();
  estimate.std_error = reader.real();
  estimate.count = static_cast<int>(reader.u32());
  return estimate;
}

}  // namespace attnlab::in_context
