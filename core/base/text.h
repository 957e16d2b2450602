// Numbers and words as text: the one place that decides how a value is printed, read and rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnlab {

/// Shortest decimal text that reads back as exactly the same double ("0.1", "1e-8", "nan", "inf").
/// Exponents carry neither '+' nor leading zeros, so that the text needs no escaping in a link.
std::string exact_text(double value);
std::string exact_text(std::int64_t value);

/// Three significant digits for people: "0.161", "1.2e-8", "460"; values from 1000 to 1e6 are
/// rounded to whole numbers.
std::string short_text(double value);

/// "0.161 ± 0.010": the error to two significant digits, the value to the same decimal;
/// "(1.20 ± 0.30)e-8" where plain decimals would be too long. Without an error (NaN): short_text.
std::string estimate_text(double value, double std_error);

/// "1 box", "2 boxes": a count and its noun. The plural is the singular and "s" unless it is given.
std::string counted(std::size_t count, std::string_view singular, std::string_view plural = {});

/// "1.2 s", "3 min 20 s", "2 h 5 min": a duration for a progress line.
std::string duration_text(double seconds);

/// "64 kB", "1.2 GB" (powers of 1000).
std::string bytes_text(double bytes);

/// The whole text as a number, nullopt for anything else: no blanks, no trailing characters, no
/// hex. "nan" and "inf" are read as such, so that the caller can refuse them by name. read_integer
/// takes only digits with an optional sign.
std::optional<double> read_real(std::string_view text);
std::optional<std::int64_t> read_integer(std::string_view text);

/// Splits at the separator; an empty text gives no items.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& items, std::string_view separator);
std::string_view trimmed(std::string_view text);  ///< without blanks at both ends

/// The text as valid UTF-8: every byte that belongs to no character becomes U+FFFD.
std::string valid_utf8(std::string_view text);

/// The text in double quotes for a sentence: valid UTF-8, without control characters, cut with an
/// ellipsis after about 60 bytes.
std::string quoted_text(std::string_view text);

/// The candidate that `name` was probably meant to be, by edit distance; empty when no candidate is
/// near.
std::string closest(std::string_view name, const std::vector<std::string>& candidates);

/// `unknown WHAT "name"; did you mean "..."? There are: a, b, c`, the sentence for every name that
/// is looked up. With an owner the sentence names it: `unknown parameter "headz" for OWNER`.
std::string unknown_name_text(std::string_view what, std::string_view name, std::string_view owner,
                              const std::vector<std::string>& candidates);

}  // namespace attnlab
