// What front ends show of a run: its result and the figures of it; also as bytes, because the page's
// own module leaves most experiments' findings to the workers' one (docs/web.md).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/experiment/bytes.h"
#include "core/experiment/experiment.h"

namespace attnlab {

/// `reduce` or `figures` of an experiment whose findings a program compiled with
/// ATTNLAB_WITHOUT_FINDINGS asks for elsewhere: there it is none, and the linker leaves the code out.
template <class F>
[[gnu::always_inline]] constexpr F found_here([[maybe_unused]] F function) {
#ifndef ATTNLAB_WITHOUT_FINDINGS
  return function;
#else
  return nullptr;
#endif
}

struct Findings {
  Result result;
  std::vector<Figure> figures;
};

/// What is asked for: the result of any subset of the run's jobs with its figures, or (blank) the
/// result of no job with the figures of before any result.
struct FindingsQuestion {
  const RunSpec& spec;
  std::span<const JobOutput> outputs;
  bool blank = false;
};

/// The experiment must have its `reduce` and `figures`.
Findings findings_of(const FindingsQuestion& question);

Bytes encode_outputs(std::span<const JobOutput> outputs);
Expected<std::vector<JobOutput>> decode_outputs(std::span<const std::uint8_t> bytes);

using FieldFunction = double (*)(std::span<const float> data, double x, double y);

/// Everything but FieldPanel::value, which is looked up by the name of its shader.
Bytes encode_findings(const Findings& findings);
Expected<Findings> decode_findings(std::span<const std::uint8_t> bytes,
                                   FieldFunction (*function_of)(std::string_view shader));

}  // namespace attnlab
