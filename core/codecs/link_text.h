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
/// It undoes: a whole address around the link, also of a mail filter (Outlook's Safe Links,
/// Proofpoint's URL Defense), whose own keys are left out; percent-encoding of the link or of parts
/// of it, also repeated; HTML entities (`&amp;`); quoted-printable (`=3D`, soft line breaks); line
/// breaks with or without quotation marks of a mail; blanks and invisible characters; full-width or
/// typographic forms of a link's characters; and lists of other programs (`heads[]=1&heads[]=3`).
/// No key and no value of the lab contains any of these. A '+' in a value stays: it is a plus of a
/// formula, or a program's way to write a blank; and so does one blank between two numbers
/// (without_plus, with_commas).
std::vector<std::pair<std::string, std::string>> link_pairs(std::string_view text);

/// The text of a value in which a '+' can only be a blank, and blanks mean nothing.
std::string without_plus(std::string text);

/// The same of a list: between two numbers a blank stands for a comma.
std::string with_commas(std::string text);

/// The name at the beginning of a text, without characters that no name has: `"icl-risk).` gives
/// icl-risk. Names have letters, digits, '-' and '_'.
std::string_view name_in(std::string_view text);

/// name_in of every entry of a list with commas; entries without a name are left out, empty entries
/// stay.
std::string names_in(std::string_view text);

}  // namespace attnlab
