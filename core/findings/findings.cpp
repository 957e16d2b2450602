// Findings and their bytes. Writer and reader go through the same list of members, so that they
// cannot disagree.
#include "core/findings/findings.h"

#include <type_traits>

namespace attnlab {
namespace {

struct Writing {
  ByteWriter bytes;
  void operator()(const std::string& text) { bytes.text(text); }
  void operator()(double value) { bytes.real(value); }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void operator()(T value) {
    bytes.u64(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
  }
  template <class T>
  std::size_t size(const std::vector<T>& list) {
    bytes.u64(list.size());
    return list.size();
  }
  void operator()(const Cell& cell) {
    bytes.u32(static_cast<std::uint32_t>(cell.index()));
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) (*this)(*integer);
    if (const auto* real = std::get_if<double>(&cell)) (*this)(*real);
    if (const auto* text = std::get_if<std::string>(&cell)) (*this)(*text);
  }
};

struct Reading {
  ByteReader bytes;
  void operator()(std::string& text) { text = bytes.text(); }
  void operator()(double& value) { value = bytes.real(); }
  void operator()(float& value) { value = static_cast<float>(bytes.real()); }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void operator()(T& value) {
    value = static_cast<T>(static_cast<std::int64_t>(bytes.u64()));
  }
  /// Grows with what is really there: a torn count asks for no memory.
  template <class T>
  std::size_t size(std::vector<T>& list) {
    list.clear();
    return bytes.u64();
  }
  void operator()(Cell& cell) {
    switch (bytes.u32()) {
      case 1:
        cell = static_cast<std::int64_t>(bytes.u64());
        break;
      case 2:
        cell = bytes.real();
        break;
      case 3:
        cell = bytes.text();
        break;
      default:
        cell = std::monostate();
        break;
    }
  }
};

template <class A, class... Members>
void all(A& archive, Members&... members);
template <class A, class T>
void one(A& archive, T& x);

template <class A, class T>
void list(A& archive, T& items) {
  const std::size_t count = archive.size(items);
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<A, Reading>) {
      if (!archive.bytes.ok()) return;
      items.emplace_back();
    }
    all(archive, items[i]);
  }
}

template <class T, class U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

/// Makes the alternative of that number the variant's; the first for a number there is not.
template <class... Kinds>
void choose(std::variant<Kinds...>& choice, std::uint32_t number) {
  std::uint32_t next = 0;
  ((next++ == number ? static_cast<void>(choice.template emplace<Kinds>()) : void()), ...);
}

/// The kind's number, then the kind.
template <class A, class T>
void chosen(A& archive, T& choice) {
  if constexpr (std::is_same_v<A, Reading>) {
    choose(choice, archive.bytes.u32());
  } else {
    archive.bytes.u32(static_cast<std::uint32_t>(choice.index()));
  }
  std::visit([&](auto& kind) { one(archive, kind); }, choice);
}

/// Writes or reads the members. The structured bindings name all of them, so that a new member does
/// not compile until it travels.
template <class A, class T>
void one(A& archive, T& x) {
  if constexpr (Is<T, Column>) {
    auto& [name, label, error_column, type] = x;
    all(archive, name, label, error_column, type);
  } else if constexpr (Is<T, Table>) {
    auto& [name, caption, columns, rows] = x;
    all(archive, name, caption, columns, rows);
  } else if constexpr (Is<T, Claim>) {
    auto& [id, statement, status, evidence, judged] = x;
    all(archive, id, statement, status, evidence, judged);
  } else if constexpr (Is<T, Result>) {
    auto& [tables, claims, summary, notes] = x;
    all(archive, tables, claims, summary, notes);
  } else if constexpr (Is<T, Axis>) {
    auto& [label, logarithmic, min, max, ticks] = x;
    all(archive, label, logarithmic, min, max, ticks);
  } else if constexpr (Is<T, FigurePoint>) {
    auto& [px, py, error, count] = x;
    all(archive, px, py, error, count);
  } else if constexpr (Is<T, Series>) {
    auto& [id, label, note, role, colour, variant, points] = x;
    all(archive, id, label, note, role, colour, variant, points);
  } else if constexpr (Is<T, ReferenceLine>) {
    auto& [vertical, at, label] = x;
    all(archive, vertical, at, label);
  } else if constexpr (Is<T, HeatPanel>) {
    auto& [id, title, ax, ay, x_labels, y_labels, rows, columns, values, errors, scale, logarithmic,
           value_label, scale_group, contours] = x;
    all(archive, id, title, ax, ay, x_labels, y_labels, rows, columns, values, errors, scale,
        logarithmic, value_label, scale_group, contours);
  } else if constexpr (Is<T, Handle>) {
    auto& [parameter, x_item, y_item, px, py, label, help, colour, value, arrow] = x;
    all(archive, parameter, x_item, y_item, px, py, label, help, colour, value, arrow);
  } else if constexpr (Is<T, FieldPanel>) {
    auto& [id, title, shader, data, value, min, max, scale, value_label, contours, shares] = x;
    static_cast<void>(value);  // a function: looked up by the shader's name
    all(archive, id, title, shader, data, min, max, scale, value_label, contours, shares);
  } else if constexpr (Is<T, LinePlot>) {
    auto& [series, references] = x;
    all(archive, series, references);
  } else if constexpr (Is<T, HeatMaps> || Is<T, Fields>) {
    auto& [panels] = x;
    all(archive, panels);
  } else if constexpr (Is<T, Figure>) {
    auto& [id, title, subtitle, invitation, ax, ay, content, handles, table, empty_text] = x;
    all(archive, id, title, subtitle, invitation, ax, ay, content, handles, table, empty_text);
  } else if constexpr (Is<T, Findings>) {
    auto& [result, figures] = x;
    all(archive, result, figures);
  } else if constexpr (Is<T, FigureContent>) {
    chosen(archive, x);
  } else if constexpr (requires(std::remove_const_t<T> & y) { y.emplace_back(); }) {
    list(archive, x);
  } else {
    archive(x);
  }
}

template <class A, class... Members>
void all(A& archive, Members&... members) {
  (one(archive, members), ...);
}

template <class T>
Bytes encoded(const T& value) {
  Writing archive;
  one(archive, value);
  return archive.bytes.take();
}

template <class T>
Expected<T> decoded(std::span<const std::uint8_t> bytes) {
  Reading archive{ByteReader(bytes)};
  T value;
  one(archive, value);
  if (!archive.bytes.at_end()) return Error{"what the other module found could not be read"};
  return value;
}

void find_functions(Figure& figure, FieldFunction (*function_of)(std::string_view shader)) {
  Fields* fields = std::get_if<Fields>(&figure.content);
  if (fields == nullptr) return;
  for (FieldPanel& field : fields->panels) field.value = function_of(field.shader);
}

}  // namespace

Bytes encode_findings(const Findings& findings) {
  return encoded(findings);
}

Expected<Findings> decode_findings(std::span<const std::uint8_t> bytes,
                                   FieldFunction (*function_of)(std::string_view shader)) {
  Expected<Findings> findings = decoded<Findings>(bytes);
  if (!findings) return findings;
  for (const Table& table : findings->result.tables) {
    if (const auto checked = check_types(table); !checked) return checked.error();
  }
  for (Figure& figure : findings->figures) find_functions(figure, function_of);
  return findings;
}

Bytes encode_figure(const Figure& figure) {
  return encoded(figure);
}

Expected<Figure> decode_figure(std::span<const std::uint8_t> bytes,
                               FieldFunction (*function_of)(std::string_view shader)) {
  Expected<Figure> figure = decoded<Figure>(bytes);
  if (figure) find_functions(*figure, function_of);
  return figure;
}

}  // namespace attnlab
