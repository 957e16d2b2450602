// Large matrices on large pages. A matrix of 4096 x 4096 doubles has 32768 pages of 4 kB, each with
// a fault at its first touch (docs/performance.md says what these cost); of 2 MB there are 64. Core
// asks for aligned memory; only this program decides where it comes from.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

constexpr std::size_t kPage = std::size_t{2} << 20;
constexpr std::size_t kLarge = 8 * kPage;  // what rounding to whole pages may waste stays small

void* aligned_memory(std::size_t size, std::size_t alignment) {
  const bool large = size >= kLarge;
  void* memory = nullptr;
  const std::size_t at = std::max({alignment, sizeof(void*), large ? kPage : std::size_t{1}});
  if (posix_memalign(&memory, at, size) != 0) return nullptr;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Advice only: a system without large pages uses small ones.
  if (large) (void)madvise(memory, size / kPage * kPage, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace

void* operator new(std::size_t size, std::align_val_t alignment) {
  while (true) {
    if (void* memory = aligned_memory(size, static_cast<std::size_t>(alignment))) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
