// Reads keys and values from a link's text, even after mail programs, chats and editors have
// changed it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnlab {

/// Keys and values in order; of a repeated key only the last value, at its first place. At most
/// 256.
///
/// It undoes: a whole address around the link; percent-encoding of the link or of parts of it, also
/// repeated; HTML entities (`&amp;`); quoted-printable (`=3D`); line breaks with or without
/// quotation marks of a mail; blanks and invisible characters; and full-width or typographic forms
/// of a link's characters. No key and no value of the lab contains any of these. A '+' in a value
/// stays: it is a plus of a formula, or a program's way to write a blank (without_plus).
std::vector<std::pair<std::string, std::string>> link_pairs(std::string_view text);

/// The text of a value in which a '+' can only be a blank.
std::string without_plus(std::string text);

/// The name at the beginning of a text, without characters that no name has: `"icl-risk).` gives
/// icl-risk. Names have letters, digits, '-' and '_'.
std::string_view name_in(std::string_view text);

/// name_in of every entry of a list with commas; entries without a name are left out, empty entries
/// stay.
std::string names_in(std::string_view text);

}  // namespace attnlab
