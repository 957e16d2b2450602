#include "core/random_features/sweep_experiment.h"

namespace attnlab::random_features {

MeasuredSweep measured_sweep(const RunSpec& spec, std::span<const JobOutput> outputs) {
  MeasuredSweep measured{read_sweep(spec.parameters), {}, {}, {}, {}};
  measured.curves = decode_sweep(measured.sweep, outputs, measured.notes);
  measured.errors = error_rows(measured.sweep, measured.curves);
  measured.needed = needed_rows(measured.curves);
  return measured;
}

}  // namespace attnlab::random_features
