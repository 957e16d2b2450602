#include "core/codecs/link_text.h"

#include <algorithm>
#include <cstdint>

#include "core/base/text.h"

namespace attnlab {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMaxPairs = 256;  ///< more than any link of the lab has
constexpr int kMaxLayers = 6;           ///< of encoding, one around the other

bool is_between(std::uint32_t code, std::uint32_t first, std::uint32_t last) {
  return code >= first && code <= last;
}

/// Blanks, control characters and invisible formatting characters.
bool is_blank(std::uint32_t code) {
  return code <= 0x20 || is_between(code, 0x7F, 0xA0) || code == 0xAD || code == 0x1680 ||
         code == 0x180E || is_between(code, 0x2000, 0x200F) || is_between(code, 0x2028, 0x202F) ||
         is_between(code, 0x205F, 0x206F) || code == 0x3000 || code == 0xFEFF;
}

/// The ASCII character for which `code` is a typographic form, or 0.
char plain_form(std::uint32_t code) {
  if (code < 0x80) return static_cast<char>(code);
  if (is_between(code, 0xFF01, 0xFF5E)) return static_cast<char>(code - 0xFEE0);  // full width
  if (is_between(code, 0x2010, 0x2015) || code == 0x2212) return '-';
  return code == 0x3001 || code == 0x060C ? ',' : '\0';  // ideographic and Arabic comma
}

/// Without blanks, and in plain letters where there is a plain form.
std::string plain(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string result;
  bool line_begins = false;
  for (std::size_t at = 0; at < valid.size();) {
    const auto lead = static_cast<unsigned char>(valid[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
      code = code << 6 | (static_cast<unsigned char>(valid[at + i]) & 0x3Fu);
    }
    const char form = plain_form(code);
    if (code == '\n' || code == '\r') line_begins = true;
    const bool quotation = line_begins && code == '>';  // of a mail that is answered
    if (!is_blank(code) && !quotation) {
      line_begins = false;
      result += form != '\0' ? std::string(1, form) : valid.substr(at, length);
    }
    at += length;
  }
  return result;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Undoes one layer of percent-encoding; a broken escape stays as it is written. A '+', which some
/// programs write for a blank, stays too: in a formula it is a plus.
std::string decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

/// Undoes all layers. A blank may have come between the characters of an escape.
std::string fully_decoded(std::string_view text) {
  std::string bytes(text);
  for (int layer = 0; layer < kMaxLayers; ++layer) {
    std::string inner = plain(decoded(bytes));
    if (inner == bytes) break;
    bytes = std::move(inner);
  }
  return plain(bytes);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string utf8(std::uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  std::string text;
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::uint32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kLead[more] | code >> 6 * more);
  for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80u | (code >> 6 * i & 0x3Fu));
  return text;
}

/// What an entity stands for, from "&" to ";"; empty if it is none.
std::string entity_character(std::string_view entity) {
  std::string name;
  for (const char c : entity.substr(1, entity.size() - 2))
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (name == "amp") return "&";
  for (const std::string_view ends_value : {"lt", "gt", "quot", "apos", "nbsp"})
    if (name == ends_value) return "\"";  // links have no such characters; quotes end a value
  if (!name.starts_with('#')) return {};
  const bool hex = name.starts_with("#x");
  std::uint32_t code = 0;
  for (const char c : name.substr(hex ? 2 : 1)) {
    const int digit = hex_value(c);
    if (digit < 0 || (!hex && digit > 9) || code > 0x10FFFF) return {};
    code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit);
  }
  return code == 0 || code > 0x10FFFF ? std::string() : utf8(code);
}

/// Undoes HTML's way to write characters, as often as it was done, in one pass: a '&' that comes
/// out of an entity may begin another one ("&amp;amp;").
void undo_entities(std::string& text) {
  constexpr std::size_t kLongest = 12;
  std::string plain_text;
  for (const char c : text) {
    plain_text += c;
    if (c != ';') continue;
    const std::size_t from = plain_text.size() - std::min(plain_text.size(), kLongest);
    const std::size_t begin = std::string_view(plain_text).substr(from).rfind('&');
    if (begin == std::string_view::npos) continue;
    const std::string character =
        entity_character(std::string_view(plain_text).substr(from + begin));
    if (!character.empty()) plain_text.replace(from + begin, std::string::npos, character);
  }
  text = std::move(plain_text);
}

/// Undoes quoted-printable, in which '=' is written "=3D" and lines end with '='.
void undo_quoted_printable(std::string& text) {
  if (!text.starts_with("e=3D") && text.find("&e=3D") == std::string::npos) return;
  replace_all(text, "=\r\n", "");
  replace_all(text, "=\n", "");
  replace_all(text, "=3D", "=");
}

/// Where an address ends and its '#' begins, as programs write it, and the length of that.
std::pair<std::size_t, std::size_t> find_hash(std::string_view text) {
  constexpr std::string_view kFullWidth = "\xEF\xBC\x83";
  if (const std::size_t at = text.find('#'); at != std::string_view::npos) return {at, 1};
  if (const std::size_t at = text.find(kFullWidth); at != std::string_view::npos) {
    return {at, kFullWidth.size()};
  }
  // An encoded one belongs to an address only if the address itself is not encoded.
  if (text.starts_with("http://") || text.starts_with("https://")) return {text.find("%23"), 3};
  return {std::string_view::npos, 0};
}

/// The part of an address after '#', without a second '#'.
std::string_view behind_address(std::string_view text) {
  const auto says_something = [](std::string_view part) {
    return part.find('=') != std::string_view::npos || part.find("%3") != std::string_view::npos ||
           part.find("%25") != std::string_view::npos;
  };
  const auto [hash, length] = find_hash(text);
  if (hash != std::string_view::npos) {
    const std::string_view behind = text.substr(hash + length);
    if (hash == 0 || says_something(behind)) return behind_address(behind);
    text = text.substr(0, hash);
  }
  if (text.starts_with("http") && text.find('?') != std::string_view::npos) {
    text.remove_prefix(text.find('?'));
  }
  if (text.starts_with('?')) text.remove_prefix(1);
  return text;
}

/// Adds the pairs of one item between two '&': several if it contains encoded '&'.
void add_pairs(std::string_view item, int layer, Pairs& pairs) {
  const std::size_t equals = item.find('=');
  const std::string_view left = item.substr(0, equals);
  const std::string inside = decoded(left);
  if (layer < kMaxLayers &&
      (inside.find('=') != std::string::npos || inside.find("%3") != std::string::npos ||
       inside.find("%25") != std::string::npos)) {
    std::string all = decoded(item);
    undo_entities(all);
    for (const std::string& inner : split(behind_address(all), '&')) {
      add_pairs(inner, layer + 1, pairs);
    }
    return;
  }
  std::string value =
      equals == std::string_view::npos ? std::string() : fully_decoded(item.substr(equals + 1));
  // A link inside another one, as mail filters and search pages write it: "url=https%3A...%23e%3D".
  if (layer < kMaxLayers && value.starts_with("http") && value.find("#e=") != std::string::npos) {
    for (const std::string& inner : split(behind_address(value), '&')) {
      add_pairs(inner, layer + 1, pairs);
    }
    return;
  }
  std::string key = without_plus(fully_decoded(left));
  if (const std::string_view name = name_in(key); !name.empty()) key = std::string(name);
  if (key.empty() || pairs.size() >= kMaxPairs) return;
  const auto same =
      std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
  if (same != pairs.end()) {
    same->second = std::move(value);
  } else {
    pairs.emplace_back(std::move(key), std::move(value));
  }
}

bool belongs_to_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::vector<std::pair<std::string, std::string>> link_pairs(std::string_view text) {
  std::string link(text.substr(0, text.find(":~:")));  // a browser's "text to scroll to" follows
  for (const std::string_view semicolon : {"amp%3B", "amp%3b"}) {
    replace_all(link, semicolon, "amp;");
  }
  undo_entities(link);
  link = std::string(behind_address(link));
  undo_quoted_printable(link);
  link = plain(link);
  const bool only_separators =
      link.find('&') == std::string::npos && link.find('=') < link.find("%26");
  if (only_separators) {  // were encoded
    replace_all(link, "%26", "&");
    undo_entities(link);
  }
  Pairs pairs;
  for (const std::string& item : split(link, '&')) add_pairs(item, 0, pairs);
  return pairs;
}

std::string without_plus(std::string text) {
  std::erase(text, '+');
  return text;
}

std::string_view name_in(std::string_view text) {
  while (!text.empty() && !belongs_to_name(text.front())) text.remove_prefix(1);
  const auto end = std::find_if_not(text.begin(), text.end(), belongs_to_name);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string names_in(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string& item : split(text, ',')) {
    const std::string_view name = name_in(item);
    if (!name.empty() || item.empty()) names.emplace_back(name);
  }
  return join(names, ",");
}

}  // namespace attnlab
