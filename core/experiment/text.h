// Numbers and words as text: the one place that decides how a value is printed, read and rounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnlab {

/// Shortest decimal text that reads back as exactly the same double ("0.1", "1e-08", "nan", "inf").
std::string exact_text(double value);
std::string exact_text(std::int64_t value);

/// Three significant digits for people: "0.161", "1.2e-08", "460"; integers below 1e6 stay whole.
std::string short_text(double value);

/// "0.161 ± 0.010": both rounded at the error's second digit; without an error (NaN) like short_text.
std::string estimate_text(double value, double std_error);

/// "1.2 s", "3 min 20 s", "2 h 5 min": a duration for a progress line.
std::string duration_text(double seconds);

/// "64 kB", "1.2 GB" (powers of 1000).
std::string bytes_text(double bytes);

/// The whole text as a number, or nothing: no blanks, no trailing characters, no hex; "nan" and
/// "inf" are read as such so that the caller can refuse them by name.
std::optional<double> read_real(std::string_view text);
std::optional<std::int64_t> read_integer(std::string_view text);

/// Splits at the separator; an empty text gives no items.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& items, std::string_view separator);

}  // namespace attnlab
