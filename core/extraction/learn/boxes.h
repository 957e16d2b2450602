// Our own black boxes on which the model check is tried: heads, and boxes that are nearly heads.
#pragma once

#include <memory>
#include <string_view>

#include "core/extraction/learn/oracle.h"

namespace attnlab::extraction {

/// A box, and the W behind it where "the" W exists.
struct MadeBox {
  std::unique_ptr<Oracle> oracle;
  Matrix<double> weight;  ///< empty for two heads
};

/// "one-head"; "two-heads": the sum of two; "positions": a vector for each place is added to the
/// tokens; "residual": r.x_N is added to the answer; "network": a ReLU network of 4 neurons reads
/// the mixed token. Other names give no oracle. Weights and values are standard normal and of
/// Frobenius norm about 1.
MadeBox make_box(std::string_view name, std::size_t dim, std::uint64_t seed);

}  // namespace attnlab::extraction
