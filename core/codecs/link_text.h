// The text of a link as mail programs, chats and editors leave it: taken apart into keys and values
// as if nobody had touched it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnlab {

/// Keys and values in order; of a repeated key only the last value, at its first place. At most
/// 256.
///
/// Undone, wherever it happened: a whole address around the link; percent-encoding of the link, of
/// a part of it, or of a part that was encoded before; HTML entities (`&amp;`), quoted-printable
/// (`=3D`), line breaks with or without marks of quotation, blanks and invisible characters, and
/// full-width or typographic forms of the characters a link is made of. No key and no value of the
/// lab holds any of these.
std::vector<std::pair<std::string, std::string>> link_pairs(std::string_view text);

/// The name at the beginning of a text, without what cannot belong to it: `"icl-risk).` gives
/// icl-risk. Names have letters, digits, '-' and '_'.
std::string_view name_in(std::string_view text);

/// name_in of every entry of a list with commas; entries that hold no name are left out, empty ones
/// stay.
std::string names_in(std::string_view text);

}  // namespace attnlab
