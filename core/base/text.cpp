// Printing and reading numbers: a handful of formats on top of snprintf and strtod, which every
// platform of the lab has; the C locale is assumed.
#include "core/base/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace attnlab {
namespace {

/// printf's text of one real number: "%.{digits}{form}".
std::string printed(char form, int digits, double value) {
  char buffer[400];
  const char* format = form == 'f' ? "%.*f" : form == 'e' ? "%.*e" : "%.*g";
  const int length = std::snprintf(buffer, sizeof buffer, format, digits, value);
  return std::string(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
}

/// "1e+06" -> "1e6", "1.2e-08" -> "1.2e-8".
std::string with_tidy_exponent(std::string text) {
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  std::size_t digits = e + 1;
  const bool negative = text[digits] == '-';
  if (text[digits] == '-' || text[digits] == '+') ++digits;
  while (digits + 1 < text.size() && text[digits] == '0') ++digits;
  return text.substr(0, e + 1) + (negative ? "-" : "") + text.substr(digits);
}

std::string non_finite_text(double value) {
  if (std::isnan(value)) return "nan";
  return value < 0 ? "-inf" : "inf";
}

/// Decimal exponent of a value after rounding to `digits` significant digits.
int rounded_exponent(double value, int digits) {
  const std::string text = printed('e', digits - 1, value);
  return std::atoi(text.c_str() + text.find('e') + 1);
}

/// The value rounded to a multiple of 10^-decimals; negative decimals round whole tens, hundreds.
std::string fixed(double value, int decimals) {
  if (decimals < 0) {
    const double unit = std::pow(10.0, -decimals);
    value = std::round(value / unit) * unit;
    decimals = 0;
  }
  std::string text = printed('f', decimals, value);
  if (text.find_first_not_of("-0.") == std::string::npos && text[0] == '-') text.erase(0, 1);
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether the text is [sign] digits [. digits] [e [sign] digits] with a digit in the mantissa.
bool looks_decimal(std::string_view text) {
  std::size_t i = 0;
  const auto skip_sign = [&] { i += i < text.size() && (text[i] == '+' || text[i] == '-'); };
  const auto skip_digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - begin;
  };
  skip_sign();
  std::size_t mantissa = skip_digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    mantissa += skip_digits();
  }
  if (mantissa == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    skip_sign();
    if (skip_digits() == 0) return false;
  }
  return i == text.size();
}

bool equal_without_case(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string exact_text(double value) {
  if (!std::isfinite(value)) return non_finite_text(value);
  for (int digits = 15; digits < 17; ++digits) {
    std::string text = printed('g', digits, value);
    if (std::strtod(text.c_str(), nullptr) == value) return with_tidy_exponent(std::move(text));
  }
  return with_tidy_exponent(printed('g', 17, value));
}

std::string exact_text(std::int64_t value) {
  const bool negative = value < 0;
  std::uint64_t rest =
      negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  char buffer[20];
  std::size_t begin = sizeof buffer;
  do {
    buffer[--begin] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  return (negative ? "-" : "") + std::string(buffer + begin, sizeof buffer - begin);
}

std::string short_text(double value) {
  if (!std::isfinite(value)) return non_finite_text(value);
  const double size = std::abs(value);
  if (size >= 999.5 && size < 999999.5) return fixed(value, 0);
  if (value == std::round(value) && size < 1e6) return fixed(value, 0);
  return with_tidy_exponent(printed('g', 3, value));
}

std::string estimate_text(double value, double std_error) {
  if (std::isnan(std_error) || !std::isfinite(value)) return short_text(value);
  const double error = std::abs(std_error);
  if (error == 0 || std::isinf(error)) return short_text(value) + " ± " + short_text(error);
  const int decimals = 1 - rounded_exponent(error, 2);
  const int exponent = rounded_exponent(std::max(std::abs(value), error), 3);
  if (decimals + exponent > 16) return short_text(value) + " ± " + short_text(error);
  if (exponent >= -4 && exponent < 7)
    return fixed(value, decimals) + " ± " + fixed(error, decimals);
  const int kept = std::max(decimals + exponent, 0);
  // Two factors, because 10^exponent alone may be out of range where the value is not.
  const double half = std::pow(10.0, -(exponent / 2)),
               rest = std::pow(10.0, -(exponent - exponent / 2));
  return "(" + fixed(value * half * rest, kept) + " ± " + fixed(error * half * rest, kept) + ")e" +
         exact_text(std::int64_t{exponent});
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "unknown";
  if (seconds < 9.95) return seconds == 0 ? "0 s" : fixed(seconds, 1) + " s";
  if (seconds > 1e15) return short_text(seconds) + " s";
  const auto whole = static_cast<std::int64_t>(std::round(seconds));
  const auto pair = [](std::int64_t large, const char* large_unit, std::int64_t small,
                       const char* small_unit) {
    std::string text = exact_text(large) + large_unit;
    if (small != 0) text += " " + exact_text(small) + small_unit;
    return text;
  };
  if (whole < 60) return exact_text(whole) + " s";
  if (whole < 3600) return pair(whole / 60, " min", whole % 60, " s");
  const std::int64_t minutes = (whole + 30) / 60;
  if (minutes < 24 * 60) return pair(minutes / 60, " h", minutes % 60, " min");
  const std::int64_t hours = (whole + 1800) / 3600;
  return pair(hours / 24, " d", hours % 24, " h");
}

std::string bytes_text(double bytes) {
  if (!std::isfinite(bytes) || bytes < 0) return "unknown";
  static const char* const kUnits[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < std::size(kUnits)) {
    bytes /= 1000;
    ++unit;
  }
  std::string number = fixed(bytes, unit > 0 && bytes < 9.95 ? 1 : 0);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number + kUnits[unit];
}

std::optional<double> read_real(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view word =
      !text.empty() && (negative || text[0] == '+') ? text.substr(1) : text;
  if (equal_without_case(word, "nan")) return std::nan("");
  if (equal_without_case(word, "inf") || equal_without_case(word, "infinity")) {
    return negative ? -HUGE_VAL : HUGE_VAL;
  }
  if (!looks_decimal(text)) return std::nullopt;
  return std::strtod(std::string(text).c_str(), nullptr);
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (negative || text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const std::uint64_t limit =
      static_cast<std::uint64_t>(INT64_MAX) + static_cast<std::uint64_t>(negative);
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (limit - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

}  // namespace attnlab
