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

template <class A, class T>
void one(A& archive, T& x) {
  if constexpr (Is<T, Column>)
    all(archive, x.name, x.label, x.error_column);
  else if constexpr (Is<T, Table>)
    all(archive, x.name, x.caption, x.columns, x.rows);
  else if constexpr (Is<T, Claim>)
    all(archive, x.id, x.statement, x.status, x.evidence, x.judged);
  else if constexpr (Is<T, Result>)
    all(archive, x.tables, x.claims, x.summary, x.notes);
  else if constexpr (Is<T, Axis>)
    all(archive, x.label, x.logarithmic, x.min, x.max, x.ticks);
  else if constexpr (Is<T, FigurePoint>)
    all(archive, x.x, x.y, x.error, x.count);
  else if constexpr (Is<T, Series>)
    all(archive, x.id, x.label, x.note, x.role, x.colour, x.variant, x.points);
  else if constexpr (Is<T, ReferenceLine>)
    all(archive, x.vertical, x.at, x.label);
  else if constexpr (Is<T, HeatPanel>)
    all(archive, x.id, x.title, x.x, x.y, x.x_labels, x.y_labels, x.rows, x.columns, x.values,
        x.errors, x.scale, x.logarithmic, x.value_label, x.scale_group, x.contours);
  else if constexpr (Is<T, Handle>)
    all(archive, x.parameter, x.x_item, x.y_item, x.x, x.y, x.label, x.help, x.colour, x.value,
        x.arrow);
  else if constexpr (Is<T, FieldPanel>)
    all(archive, x.id, x.title, x.shader, x.data, x.min, x.max, x.scale, x.value_label, x.contours,
        x.handle_shares);
  else if constexpr (Is<T, Figure>)
    all(archive, x.id, x.title, x.subtitle, x.invitation, x.x, x.y, x.series, x.references,
        x.panels, x.fields, x.handles, x.table, x.empty_text);
  else if constexpr (Is<T, Findings>)
    all(archive, x.result, x.figures);
  else if constexpr (requires(std::remove_const_t<T> & y) { y.emplace_back(); })
    list(archive, x);
  else
    archive(x);
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

}  // namespace

Bytes encode_findings(const Findings& findings) {
  return encoded(findings);
}

Expected<Findings> decode_findings(std::span<const std::uint8_t> bytes,
                                   FieldFunction (*function_of)(std::string_view shader)) {
  Expected<Findings> findings = decoded<Findings>(bytes);
  if (!findings) return findings;
  for (Figure& figure : findings->figures) {
    for (FieldPanel& field : figure.fields) field.value = function_of(field.shader);
  }
  return findings;
}

}  // namespace attnlab
