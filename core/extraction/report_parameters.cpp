// The parameter that the experiments of family B share.
#include "core/experiment/parameters.h"
#include "core/extraction/report.h"

namespace attnlab::extraction {

Parameter value_shape_parameter(bool primary) {
  return described({.name = "value-shape",
                    .label = "Shape of v",
                    .help = "the hidden value vector",
                    .choices = {{"random", "random", "independent normal entries"},
                                {"basis", "one entry", "v = e₁: all other entries are 0"},
                                {"tiny-entry", "a tiny entry", "one entry is 1e-9 of the others"},
                                {"zero", "zero", "v = 0: then W leaves no trace in any answer"}},
                    .default_value = std::string("random"),
                    .primary = primary});
}

}  // namespace attnlab::extraction
