// How to cite a run: the paper behind the experiment, and the run itself with everything that is
// needed to repeat it.
#pragma once

#include <string>

#include "core/codecs/codecs.h"

namespace attnlab {

/// BibTeX: one entry for the paper of the experiment's family and one for the run (program,
/// version, target, every parameter, seed). The same run gives the same bytes.
std::string run_bibtex(const RunSpec& spec, const BuildInfo& build);

/// "Attention Lab 0.1.0, e=...&seed=7": one line that repeats the run, for figures.
std::string source_line(const RunSpec& spec, const BuildInfo& build);

}  // namespace attnlab
