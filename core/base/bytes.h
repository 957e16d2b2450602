// Job outputs as bytes: little-endian on every platform; truncated bytes are refused as a whole.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

using Bytes = std::vector<std::uint8_t>;

class ByteWriter {
 public:
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void real(double value);
  void reals(std::span<const double> values);  ///< count, then the values
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  void text(std::string_view value);  ///< length, then UTF-8
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reading past the end gives zeros and leaves ok() false: check once at the end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint32_t u32();
  std::uint64_t u64();
  double real();
  std::vector<double> reals();
  void reals(std::span<double> values);  ///< fails if the stored count differs
  std::string text();
  bool ok() const { return ok_; }
  void refuse() { ok_ = false; }  ///< what was read makes no sense: at_end() stays false
  bool at_end() const { return ok_ && position_ == bytes_.size(); }

 private:
  void take(std::span<double> values);  ///< the caller has checked that enough bytes remain
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

/// CRC-32 (IEEE 802.3), for journal lines.
std::uint32_t crc32(std::span<const std::uint8_t> bytes);

std::string base64_text(std::span<const std::uint8_t> bytes);
Expected<Bytes> read_base64(std::string_view text);

}  // namespace attnlab
