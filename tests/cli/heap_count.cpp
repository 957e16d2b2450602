#include "tests/cli/heap_count.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace attnlab {
namespace {

std::atomic<std::size_t> bytes_now{0}, bytes_most{0};

constexpr std::size_t kPlain = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

/// Every block begins with its size, in front of what the program sees.
std::size_t front(std::size_t alignment) {
  return std::max({alignment, sizeof(std::size_t), kPlain});
}

[[maybe_unused]] void* counted_block(std::size_t size, std::size_t alignment) {
  void* block = nullptr;
  const std::size_t before = front(alignment);
  if (size > SIZE_MAX - before || posix_memalign(&block, before, before + size) != 0) {
    throw std::bad_alloc();
  }
  std::memcpy(block, &size, sizeof size);
  const std::size_t now = bytes_now += size;
  for (std::size_t most = bytes_most; most < now;) {
    if (bytes_most.compare_exchange_weak(most, now)) break;
  }
  return static_cast<char*>(block) + before;
}

[[maybe_unused]] void release_block(void* seen, std::size_t alignment) {
  if (seen == nullptr) return;
  void* const block = static_cast<char*>(seen) - front(alignment);
  std::size_t size = 0;
  std::memcpy(&size, block, sizeof size);
  bytes_now -= size;
  std::free(block);
}

}  // namespace

std::size_t heap_bytes() {
  return bytes_now;
}
std::size_t heap_peak() {
  return bytes_most;
}

}  // namespace attnlab

#if !defined(__SANITIZE_ADDRESS__)  // which has operators of its own

using attnlab::counted_block;
using attnlab::kPlain;
using attnlab::release_block;

void* operator new(std::size_t size) {
  return counted_block(size, kPlain);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_block(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept {
  release_block(block, kPlain);
}
void operator delete(void* block, std::size_t) noexcept {
  release_block(block, kPlain);
}
void operator delete(void* block, std::align_val_t alignment) noexcept {
  release_block(block, static_cast<std::size_t>(alignment));
}
void operator delete(void* block, std::size_t, std::align_val_t alignment) noexcept {
  release_block(block, static_cast<std::size_t>(alignment));
}

#endif
