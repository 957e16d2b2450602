#include "core/numerics/philox.h"

#include <doctest/doctest.h>

#include "core/numerics/random.h"

namespace attnlab {

// The known-answer vectors of the Random123 distribution, philox4x32 with 10 rounds.
TEST_CASE("philox4x32-10 gives the known answers of its paper") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t kOnes = 0xffffffff;
  CHECK(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("hash_name is FNV-1a of 32 bits") {
  CHECK(hash_name("") == 0x811c9dc5u);
  CHECK(hash_name("a") == 0xe40c292cu);
  CHECK(hash_name("foobar") == 0xbf9cf968u);
}

TEST_CASE("a stream's words are the philox blocks of its seed and its three names") {
  RandomStream stream(0x299f31d0a4093822u, 0x03707344, 0x13198a2e, 0x85a308d3);
  for (std::uint32_t position = 0; position < 3; ++position) {
    const auto block =
        philox4x32({position, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0});
    for (const std::uint32_t word : block) CHECK(stream.next_u32() == word);
  }
}

}  // namespace attnlab
