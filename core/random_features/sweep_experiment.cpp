#include "core/random_features/sweep_experiment.h"

#include "core/random_features/token_world.h"

namespace attnlab::random_features {

MeasuredSweep measured_sweep(const RunSpec& spec, std::span<const JobOutput> outputs,
                             std::span<const Varied> varied) {
  MeasuredSweep measured{read_sweep(spec.parameters), {}, {}, {}, {}, varied};
  measured.curves = decode_sweep(measured.sweep, outputs, measured.notes);
  measured.errors = error_rows(measured.sweep, measured.curves);
  measured.needed = needed_rows(measured.curves);
  return measured;
}

std::vector<Table> sweep_details(const RunSpec& spec, std::span<const JobOutput> outputs,
                                 std::span<const Varied> varied) {
  const Sweep sweep = read_sweep(spec.parameters);
  std::vector<std::string> notes;  // find has them
  return {trials_table(trial_rows(sweep, decode_sweep(sweep, outputs, notes)), varied)};
}

void mark_tokens(const Sweep& sweep, std::vector<Claim>& claims) {
  const std::string tokens = tokens_text(sweep.variants.front().layer.tokens);
  if (tokens.empty()) return;
  for (Claim& claim : claims) {
    claim.statement += " Here with " + tokens + ", which the paper, as we know it, does not have.";
  }
}

}  // namespace attnlab::random_features
