#include "core/catalogue/field_functions.h"

#include "core/attention/one_prompt.h"

namespace attnlab {

FieldFunction field_function(std::string_view shader) {
  return shader == "icl_attention" ? in_context_field : nullptr;
}

}  // namespace attnlab
