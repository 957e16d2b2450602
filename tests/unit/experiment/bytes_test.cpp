#include <doctest/doctest.h>

#include "core/base/bytes.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;

namespace {
Bytes bytes_of(std::string_view text) {
  return Bytes(text.begin(), text.end());
}
}  // namespace

TEST_CASE("values written to bytes read back, without a remainder") {
  test::RandomValues random(1);
  for (int i = 0; i < 200; ++i) {
    std::vector<double> values(random.below(10));
    for (double& value : values) value = random.any_real();
    const auto small = static_cast<std::uint32_t>(random.bits());
    const std::uint64_t large = random.bits();
    const std::string text = random.any_bytes(20);
    ByteWriter writer;
    writer.u32(small);
    writer.reals(values);
    writer.text(text);
    writer.u64(large);
    const Bytes bytes = writer.take();
    ByteReader reader(bytes);
    CHECK(reader.u32() == small);
    CHECK(reader.reals() == values);
    CHECK(reader.text() == text);
    CHECK(reader.u64() == large);
    CHECK(reader.at_end());
  }
}

TEST_CASE("bytes are little-endian") {
  ByteWriter writer;
  writer.u32(0x01020304);
  writer.real(1.0);
  CHECK(writer.take() == Bytes{4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F});
}

TEST_CASE("bytes cut off anywhere are refused as a whole") {
  ByteWriter writer;
  writer.u32(7);
  writer.reals(std::vector<double>{1, 2, 3});
  writer.text("abc");
  const Bytes bytes = writer.take();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    ByteReader reader(cut);
    reader.u32();
    reader.reals();
    reader.text();
    CHECK_FALSE(reader.ok());
    CHECK_FALSE(reader.at_end());
  }
}

TEST_CASE("a length larger than the bytes is refused without allocating it") {
  ByteWriter writer;
  writer.u64(~std::uint64_t{0});
  const Bytes bytes = writer.take();
  ByteReader reals(bytes), text(bytes);
  CHECK(reals.reals().empty());
  CHECK_FALSE(reals.ok());
  CHECK(text.text().empty());
  CHECK_FALSE(text.ok());
}

TEST_CASE("random bytes never read past their end") {
  test::RandomValues random(2);
  for (int i = 0; i < 2000; ++i) {
    const Bytes bytes = bytes_of(random.any_bytes(40));
    ByteReader reader(bytes);
    for (int k = 0; k < 6; ++k) {
      if (random.chance(3)) reader.u32();
      if (random.chance(3)) reader.reals();
      if (random.chance(3)) reader.text();
    }
    CHECK((reader.ok() || !reader.at_end()));
  }
}

TEST_CASE("crc32 has the check value of its definition") {
  CHECK(crc32(bytes_of("123456789")) == 0xCBF43926u);
  CHECK(crc32({}) == 0u);
}

TEST_CASE("base64 has the values of RFC 4648") {
  CHECK(base64_text({}) == "");
  CHECK(base64_text(bytes_of("f")) == "Zg==");
  CHECK(base64_text(bytes_of("fo")) == "Zm8=");
  CHECK(base64_text(bytes_of("foo")) == "Zm9v");
  CHECK(base64_text(bytes_of("foobar")) == "Zm9vYmFy");
}

TEST_CASE("any bytes read back from base64") {
  test::RandomValues random(3);
  for (int i = 0; i < 2000; ++i) {
    const Bytes bytes = bytes_of(random.any_bytes(50));
    const auto read = read_base64(base64_text(bytes));
    REQUIRE(read);
    CHECK(*read == bytes);
  }
}

TEST_CASE("text that is not base64 is refused") {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "=Zg=", "Z===", "Zg= ", "Zm9v\n", "Z*9v", "Zh==", "Zm9="}) {
    CAPTURE(text);
    CHECK_FALSE(read_base64(text));
  }
  CHECK(read_base64("Z*9v").error().sentence == "base64 text may not contain \"*\" (character 2)");
}
