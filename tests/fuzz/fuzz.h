// Shared by the targets: a statement that must hold, and a reader that divides the input.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

/// Ends the program when the statement does not hold: libFuzzer then keeps the input.
#define ATTNLAB_MUST(statement)                                                           \
  do {                                                                                    \
    if (!(statement)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #statement); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace attnlab::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes bytes from the front; zeros after the end.
class Pieces {
 public:
  Pieces(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::uint32_t number() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }
  std::string_view text(std::size_t count) {
    count = std::min(count, size_);
    const std::string_view taken = text_of(data_, count);
    data_ += count;
    size_ -= count;
    return taken;
  }
  std::string_view rest() { return text(size_); }
  bool empty() const { return size_ == 0; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace attnlab::fuzz
