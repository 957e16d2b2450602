// Structs as bytes. Writing and Reading go through the same list of members, so that they cannot
// disagree: `Members::of(x)` gives the members of a struct as a std::tie. Structured bindings name
// all of them there, so that a new member does not compile until it travels.
#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/bytes.h"

namespace attnlab {

/// `T` is `U`, constant or not: for the overloads of Members::of.
template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

template <class Members>
class Writing {
 public:
  Bytes take() { return bytes_.take(); }

  void operator()(const std::string& text) { bytes_.text(text); }
  void operator()(const Bytes& bytes) {
    bytes_.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  void operator()(std::monostate) {}
  template <std::floating_point T>
  void operator()(T value) {
    bytes_.real(static_cast<double>(value));
  }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void operator()(T value) {
    bytes_.u64(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
  }
  template <class T>
  void operator()(const std::vector<T>& list) {
    bytes_.u64(list.size());
    for (const T& item : list) (*this)(item);
  }
  template <class A, class B>
  void operator()(const std::pair<A, B>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }
  /// The number of the alternative, then its value.
  template <class... Kinds>
  void operator()(const std::variant<Kinds...>& choice) {
    bytes_.u32(static_cast<std::uint32_t>(choice.index()));
    std::visit([this](const auto& kind) { (*this)(kind); }, choice);
  }
  template <class T>
  requires requires(const T& x) { Members::of(x); }
  void operator()(const T& x) {
    std::apply([this](const auto&... members) { ((*this)(members), ...); }, Members::of(x));
  }

 private:
  ByteWriter bytes_;
};

/// Reading past the end, or structs nested too deep, gives empty values and leaves at_end() false:
/// check once at the end.
template <class Members>
class Reading {
 public:
  explicit Reading(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool at_end() const { return bytes_.at_end(); }

  void operator()(std::string& text) { text = bytes_.text(); }
  void operator()(Bytes& bytes) {
    const std::string text = bytes_.text();
    bytes.assign(text.begin(), text.end());
  }
  void operator()(std::monostate&) {}
  template <std::floating_point T>
  void operator()(T& value) {
    value = static_cast<T>(bytes_.real());
  }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void operator()(T& value) {
    value = static_cast<T>(static_cast<std::int64_t>(bytes_.u64()));
  }
  /// The list grows as items are read, so that a corrupt count allocates no memory.
  template <class T>
  void operator()(std::vector<T>& list) {
    list.clear();
    for (std::uint64_t left = bytes_.u64(); left > 0 && bytes_.ok(); --left) {
      (*this)(list.emplace_back());
    }
  }
  template <class A, class B>
  void operator()(std::pair<A, B>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }
  /// An unknown number is read as the first alternative.
  template <class... Kinds>
  void operator()(std::variant<Kinds...>& choice) {
    const std::uint32_t number = bytes_.u32();
    std::uint32_t next = 0;
    choice = {};
    ((next++ == number ? static_cast<void>(choice.template emplace<Kinds>()) : void()), ...);
    std::visit([this](auto& kind) { (*this)(kind); }, choice);
  }
  template <class T>
  requires requires(T& x) { Members::of(x); }
  void operator()(T& x) {
    // A struct may hold others of its kind; bytes that nest them without end must not eat the
    // stack.
    if (depth_ == kDeepest) return bytes_.refuse();
    depth_ += 1;
    std::apply([this](auto&... members) { ((*this)(members), ...); }, Members::of(x));
    depth_ -= 1;
  }

 private:
  static constexpr int kDeepest = 32;  // structs inside each other
  ByteReader bytes_;
  int depth_ = 0;
};

template <class Members, class T>
Bytes encoded(const T& value) {
  Writing<Members> archive;
  archive(value);
  return archive.take();
}

/// Refuses truncated bytes with the sentence.
template <class Members, class T>
Expected<T> decoded(std::span<const std::uint8_t> bytes, const char* refusal) {
  Reading<Members> archive(bytes);
  T value{};
  archive(value);
  if (!archive.at_end()) return Error{refusal};
  return value;
}

}  // namespace attnlab
