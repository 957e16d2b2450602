// Without exceptions `new` aborts where the memory cannot grow, and an abort does not say why: in a
// module that includes this it throws these words to JavaScript instead.
#pragma once

#include <emscripten/emscripten.h>

#include <new>

namespace attnlab {

inline const std::new_handler handler_before =
    std::set_new_handler([] { emscripten_throw_string("out of memory"); });

}  // namespace attnlab
