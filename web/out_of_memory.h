// Without exceptions `new` aborts where the memory cannot grow, and an abort does not say why. In a
// module that includes this file, `new` throws "out of memory" to JavaScript instead.
#pragma once

#include <emscripten/emscripten.h>

#include <new>

namespace attnlab {

inline const std::new_handler handler_before =
    std::set_new_handler([] { emscripten_throw_string("out of memory"); });

}  // namespace attnlab
