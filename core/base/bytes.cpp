// Numbers are written by shifts, which gives the same bytes on every machine; a little-endian
// machine copies many of them at once.
#include "core/base/bytes.h"

#include <array>
#include <bit>
#include <cstring>

#include "core/base/text.h"

namespace attnlab {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (value & 1 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = crc_table();

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value of one base64 character, or 64.
std::uint32_t base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
  return c == '+' ? 62 : c == '/' ? 63 : 64;
}

}  // namespace

void ByteWriter::u32(std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

void ByteWriter::u64(std::uint64_t value) {
  u32(static_cast<std::uint32_t>(value));
  u32(static_cast<std::uint32_t>(value >> 32));
}

void ByteWriter::real(double value) {
  u64(std::bit_cast<std::uint64_t>(value));
}

void ByteWriter::reals(std::span<const double> values) {
  u64(values.size());
  if constexpr (std::endian::native == std::endian::little) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(values.data());
    bytes_.insert(bytes_.end(), first, first + values.size_bytes());
  } else {
    for (const double value : values) real(value);
  }
}

void ByteWriter::text(std::string_view value) {
  u64(value.size());
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

std::uint32_t ByteReader::u32() {
  if (!ok_ || bytes_.size() - position_ < 4) {
    ok_ = false;
    return 0;
  }
  std::uint32_t value = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    value |= static_cast<std::uint32_t>(bytes_[position_++]) << shift;
  }
  return value;
}

std::uint64_t ByteReader::u64() {
  const std::uint64_t low = u32();
  const std::uint64_t high = u32();
  return ok_ ? low | high << 32 : 0;
}

double ByteReader::real() {
  return std::bit_cast<double>(u64());
}

std::vector<double> ByteReader::reals() {
  const std::uint64_t count = u64();
  if (count > (bytes_.size() - position_) / 8) ok_ = false;
  if (!ok_) return {};
  std::vector<double> values(static_cast<std::size_t>(count));
  take(values);
  return values;
}

void ByteReader::reals(std::span<double> values) {
  if (u64() != values.size() || (bytes_.size() - position_) / 8 < values.size()) ok_ = false;
  if (ok_) take(values);
}

void ByteReader::take(std::span<double> values) {
  if constexpr (std::endian::native == std::endian::little) {
    if (!values.empty()) std::memcpy(values.data(), bytes_.data() + position_, values.size_bytes());
    position_ += values.size_bytes();
  } else {
    for (double& value : values) value = real();
  }
}

std::string ByteReader::text() {
  const std::uint64_t length = u64();
  if (length > bytes_.size() - position_) ok_ = false;
  if (!ok_) return {};
  const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(position_);
  position_ += static_cast<std::size_t>(length);
  return std::string(begin, bytes_.begin() + static_cast<std::ptrdiff_t>(position_));
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ byte) & 0xFF];
  return ~crc;
}

std::string base64_text(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (have > 1) group |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    if (have > 2) group |= bytes[i + 2];
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= have ? kBase64[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

Expected<Bytes> read_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Error{"base64 text must have a length that is a multiple of 4, not " +
                 exact_text(static_cast<std::int64_t>(text.size()))};
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t have = last ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint32_t value = k < have ? base64_value(text[i + k]) : 0;
      if (value > 63) {
        return Error{"base64 text may not contain " + quoted_text(text.substr(i + k, 1)) +
                     " (character " + exact_text(static_cast<std::int64_t>(i + k + 1)) + ")"};
      }
      group = group << 6 | value;
    }
    for (std::size_t k = 0; k + 1 < have; ++k) {
      bytes.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * k)));
    }
    const std::uint32_t unused = have == 3 ? group & 0xFF : have == 2 ? group & 0xFFFF : 0;
    if (unused != 0) return Error{"base64 text ends in bits that belong to no byte"};
  }
  return bytes;
}

}  // namespace attnlab
