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

/// A blank that a person or a program writes between two words, not one that only formats.
bool is_space(std::uint32_t code) {
  return code == ' ' || code == '\t' || code == 0xA0 || code == 0x1680 ||
         is_between(code, 0x2000, 0x200A) || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether the text ends in a number, or in a mark of one, and not in a part of an escape.
bool ends_in_number(std::string_view text) {
  if (text.empty() || (!is_digit(text.back()) && text.back() != '.')) return false;
  return text.size() < 2 || text[text.size() - 2] != '%';
}

/// The ASCII character for which `code` is a typographic form, or 0.
char plain_form(std::uint32_t code) {
  if (code < 0x80) return static_cast<char>(code);
  if (is_between(code, 0xFF01, 0xFF5E)) return static_cast<char>(code - 0xFEE0);  // full width
  if (is_between(code, 0x2010, 0x2015) || code == 0x2212) return '-';
  return code == 0x3001 || code == 0x060C ? ',' : '\0';  // ideographic and Arabic comma
}

/// Without blanks, and in plain letters where there is a plain form. Of blanks between two numbers
/// one stays, unless the line breaks there: in a list it stands for a comma.
std::string plain(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string result;
  bool line_begins = false, space = false;
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
      const bool number = is_digit(form) || form == '-' || form == '.';
      if (space && !line_begins && number && ends_in_number(result)) result += ' ';
      line_begins = space = false;
      result += form != '\0' ? std::string(1, form) : valid.substr(at, length);
    }
    space |= is_space(code);
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

void remove_soft_breaks(std::string& text) {
  replace_all(text, "=\r\n", "");
  replace_all(text, "=\n", "");
}

/// Undoes the ends of lines of quoted-printable, an '=' before the line break. An item of a link
/// has one '=' of its own, which a line break may follow too.
std::string without_soft_breaks(std::string_view link) {
  std::vector<std::string> items = split(link, '&');
  for (std::string& item : items) {
    std::string joined = item;
    remove_soft_breaks(joined);
    const std::size_t first = std::min(item.find("=\r\n"), item.find("=\n"));
    if (first == std::string::npos) continue;
    const std::string begin = item.substr(0, first);
    if (joined.find('=') == std::string::npos && begin.find("%3") == std::string::npos)
      joined.insert(first, "=\n");
    item = std::move(joined);
  }
  return join(items, "&");
}

/// The address in a link of Proofpoint's "URL Defense", version 2: '-' is '%', and '_' is '/'.
std::string from_proofpoint(std::string address) {
  std::replace(address.begin(), address.end(), '-', '%');
  std::replace(address.begin(), address.end(), '_', '/');
  return decoded(address);
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = kBase64.find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFFu);
  }
  return bytes;
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0u) == 0x80;
}

/// The address in a link of "URL Defense", version 3, "https://.../v3/__ADDRESS__;LETTERS!...":
/// each
/// '*' is the next of the letters, and "**A", "**B", ... are the next 2, 3, ... of them. Other
/// texts as they are.
std::string without_url_defense(std::string_view text) {
  constexpr std::string_view kBegin = "/v3/__", kEnd = "__;";
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = begin == std::string_view::npos ? begin : text.find(kEnd, begin);
  if (end == std::string_view::npos) return std::string(text);
  const std::size_t first = begin + kBegin.size();
  const std::string address = plain(text.substr(first, end - first));
  const std::string letters = from_base64(plain(text.substr(end + kEnd.size())));
  std::string result;
  std::size_t next = 0;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] != '*') {
      result += address[i];
      continue;
    }
    std::size_t count = 1;
    if (i + 2 < address.size() && address[i + 1] == '*') {
      const std::size_t more = kBase64.find(address[i + 2]);
      if (more != std::string_view::npos) {
        count = more + 2;
        i += 2;
      }
    }
    while (next < letters.size() && (count > 0 || continues_character(letters[next]))) {
      count -= continues_character(letters[next]) ? 0 : 1;
      result += letters[next++];
    }
  }
  return result;
}

/// Where an address ends and its '#' begins, as programs write it, and the length of that.
std::pair<std::size_t, std::size_t> find_hash(std::string_view text) {
  constexpr std::string_view kFullWidth = "\xEF\xBC\x83";
  if (const std::size_t at = text.find('#'); at != std::string_view::npos) return {at, 1};
  if (const std::size_t at = text.find(kFullWidth); at != std::string_view::npos) {
    return {at, kFullWidth.size()};
  }
  // An encoded one belongs to an address only if the address itself is not encoded, and not to an
  // address in its query.
  const std::size_t encoded = text.find("%23");
  if ((text.starts_with("http://") || text.starts_with("https://")) &&
      text.substr(0, encoded).find("=http") == std::string_view::npos) {
    return {encoded, 3};
  }
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

/// The pairs of a link.
class Items {
 public:
  void add_link(std::string_view link, int layer) {
    for (const std::string& item : split(link, '&')) {
      if (!unwrapped_) add(item, layer);
    }
  }
  Pairs take() { return std::move(pairs_); }

 private:
  /// One item between two '&': several pairs if it contains encoded '&'.
  void add(std::string_view item, int layer) {
    const std::size_t equals = item.find('=');
    const std::string_view left = item.substr(0, equals);
    const std::string inside = decoded(left);
    if (layer < kMaxLayers &&
        (inside.find('=') != std::string::npos || inside.find("%3") != std::string::npos ||
         inside.find("%25") != std::string::npos)) {
      std::string all = decoded(item);
      undo_entities(all);
      add_link(behind_address(all), layer + 1);
      return;
    }
    std::string value =
        equals == std::string_view::npos ? std::string() : fully_decoded(item.substr(equals + 1));
    if (value.starts_with("3D") || value.starts_with("3d")) value.erase(0, 2);  // was "=3D"
    if (value.starts_with("http-3A__") || value.starts_with("https-3A__"))
      value = fully_decoded(from_proofpoint(std::move(value)));
    // A link inside another one, as mail filters and search pages write it:
    // "url=https%3A...%23e%3D". Nothing else in it is the lab's.
    if (layer < kMaxLayers && value.starts_with("http") && value.find("#e=") != std::string::npos) {
      pairs_.clear();
      add_link(behind_address(value), layer + 1);
      unwrapped_ = true;
      return;
    }
    add_pair(without_plus(fully_decoded(left)), std::move(value));
  }

  /// Of a repeated key the last value counts; with brackets behind the key, all of them.
  void add_pair(std::string key, std::string value) {
    const bool brackets = key.find('[') != std::string::npos && key.ends_with(']');
    if (const std::string_view name = name_in(key); !name.empty()) key = std::string(name);
    if (key.empty() || pairs_.size() >= kMaxPairs) return;
    const auto same = std::find_if(pairs_.begin(), pairs_.end(),
                                   [&](const auto& pair) { return pair.first == key; });
    if (same == pairs_.end()) {
      pairs_.emplace_back(std::move(key), std::move(value));
    } else if (brackets) {
      same->second += "," + value;
    } else {
      same->second = std::move(value);
    }
  }

  Pairs pairs_;
  bool unwrapped_ = false;
};

bool belongs_to_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::vector<std::pair<std::string, std::string>> link_pairs(std::string_view text) {
  // A browser's "text to scroll to" follows.
  std::string link = without_url_defense(text.substr(0, text.find(":~:")));
  for (const std::string_view semicolon : {"amp%3B", "amp%3b"}) {
    replace_all(link, semicolon, "amp;");
  }
  undo_entities(link);
  link = std::string(behind_address(link));
  link = plain(without_soft_breaks(link));
  const bool only_separators =
      link.find('&') == std::string::npos && link.find('=') < link.find("%26") &&
      link.find("=http") == std::string::npos;  // those of an address in an address are its own
  if (only_separators) {                        // were encoded
    replace_all(link, "%26", "&");
    undo_entities(link);
  }
  Items items;
  items.add_link(link, 0);
  return items.take();
}

std::string without_plus(std::string text) {
  std::erase_if(text, [](char c) { return c == '+' || c == ' '; });
  return text;
}

std::string with_commas(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  for (std::size_t at = 0; (at = text.find(' ', at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_not_of(' ', at), text.size());
    const bool between = at > 0 && end < text.size() &&
                         ends_in_number(std::string_view(text).substr(0, at)) &&
                         (is_digit(text[end]) || text[end] == '-' || text[end] == '.');
    text.replace(at, end - at, between ? "," : "");
  }
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
