// The functions of shaders/ for programs that get a field as data: a function cannot be sent as
// bytes.
#pragma once

#include <string_view>

#include "core/findings/findings.h"

namespace attnlab {

/// FieldPanel::value of that shader; null for other names.
FieldFunction field_function(std::string_view shader);

}  // namespace attnlab
