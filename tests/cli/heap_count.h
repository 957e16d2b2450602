// Bytes that C++ has asked for and not given back, counted by the operators new and delete of the
// test program. Unlike the pages of a process they do not depend on the machine: on the size of its
// pages, on what the allocator keeps, on what was computed before.
#pragma once

#include <cstddef>

namespace attnlab {

std::size_t heap_bytes();
/// The most that heap_bytes() has been since the program began.
std::size_t heap_peak();

}  // namespace attnlab
