// Bytes that C++ has allocated and not freed, counted by the operators new and delete of the test
// program. Unlike the pages of a process they do not depend on the machine's page size, on memory
// that the allocator keeps, or on earlier computations.
#pragma once

#include <cstddef>

namespace attnlab {

std::size_t heap_bytes();
/// The most that heap_bytes() has been since the program began.
std::size_t heap_peak();

}  // namespace attnlab
