// The schema: every parameter of an experiment described once, for sliders, flags, permalinks,
// JSON, clamping, documentation and the fuzzer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

enum class ParameterKind {
  kInteger,
  kReal,
  kChoice,
  kChoiceOrReal,  ///< one of the choices, or a number in the range (for example ridge)
  kIntegerList,   ///< kept increasing, without repeats
  kRealList,      ///< kept increasing, without repeats
  kChoiceList,    ///< kept in the order of the choices, without repeats
  kRealTuple,     ///< order and repeats are kept: points of a plane, entries of a small matrix
  kText,          ///< any text of the form that the parameter names, without blanks
};

/// What a text must be.
enum class TextForm {
  kLetters,  ///< printable ASCII characters
  kFormula,  ///< a formula (core/formula/formula.h)
};

/// kInteger: int64; kReal: double; kChoice and kText: string; kChoiceOrReal: string or double;
/// lists: vectors
using ParameterValue = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                                    std::vector<double>, std::vector<std::string>>;

/// Lists and tuples: several entries, as text separated by commas.
bool has_items(ParameterKind kind);

struct Choice {
  std::string name;   ///< "mean-power": flag and permalink value
  std::string label;  ///< "Mean of a power"
  std::string help;   ///< one line, with the formula
};

/// Another parameter of the schema has one of these values (names of choices; a list: at least one
/// entry).
struct Condition {
  std::string parameter;
  std::vector<std::string> values;
};

/// Write one with `described` (parameters.h), which takes the kind from the default value.
struct Parameter {
  std::string name = {};    ///< "test-samples": flag, permalink key and JSON key
  std::string label = {};   ///< "Test samples"
  std::string symbol = {};  ///< "n", or empty
  std::string unit = {};    ///< empty for pure numbers
  std::string help = {};    ///< one line
  ParameterKind kind = ParameterKind::kInteger;
  double min = 0, max = 0;    ///< range of a number or of every list entry, both ends allowed; of a
                              ///< text: of the number of its characters
  std::size_t max_items = 1;  ///< lists and tuples: at most this many entries, at least one
  std::size_t min_items = 1;  ///< tuples: at least this many
  std::size_t group = 1;      ///< tuples: the number of entries is a multiple of it (2: points)
  std::vector<Choice> choices = {};  ///< of a text: examples
  ParameterValue default_value = {};
  std::vector<double> suggested = {};   ///< values worth offering as buttons, in order
  bool logarithmic = false;             ///< a slider moves on a log scale
  bool primary = false;                 ///< shown at once; the rest is folded under "more"
  std::vector<Condition> applies = {};  ///< has an effect only if all hold; empty: always
  TextForm form = TextForm::kLetters;   ///< of a text
};

struct Schema {
  std::vector<Parameter> parameters;
  const Parameter* find(std::string_view name) const;
};

/// Refuses, with a sentence, a schema that contradicts itself: a default value outside its range, a
/// name that is empty or given twice, a range in which whole numbers are not exact.
Expected<void> check_schema(const Schema& schema);

/// The values of one schema's parameters, always inside the schema. The schema must outlive it.
class ParameterSet {
 public:
  explicit ParameterSet(const Schema& schema);  ///< every parameter at its default

  const Schema& schema() const { return *schema_; }

  /// Values by name. Asking for an unknown name or the wrong kind is a programming error.
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  const std::string& choice(std::string_view name) const;
  const std::vector<std::int64_t>& integers(std::string_view name) const;
  const std::vector<double>& reals(std::string_view name) const;
  const std::vector<std::string>& choices(std::string_view name) const;
  const ParameterValue& value(std::string_view name) const;

  /// Strict: refuses what the schema does not allow with one sentence naming parameter, value and
  /// range, and changes nothing then. Text is the canonical text of a value ("16,64" for lists);
  /// blanks around a value or a list entry do not count. A whole number may be written in any
  /// decimal form whose value is exactly whole ("1000", "1e3", "16.0"); in the same way `set` takes
  /// a real for an integer and an integer for a real when no digit is lost.
  Expected<void> set(std::string_view name, ParameterValue value);
  Expected<void> set_text(std::string_view name, std::string_view text);

  /// Lenient, for permalinks: drops what cannot belong to an entry ("7)." is 7), clamps numbers,
  /// drops unknown list entries and unreadable values; returns the sentence that says what was
  /// done, empty when the text was taken as it is. A value without a usable part leaves the
  /// parameter as it was; so does a tuple with an entry that is not a number, or with too few
  /// entries, because the places of its entries have a meaning.
  std::string set_text_clamped(std::string_view name, std::string_view text);

  /// Canonical text of one value; set_text(name, text(name)) changes nothing.
  std::string text(std::string_view name) const;
  bool is_default(std::string_view name) const;
  /// Whether the parameter has an effect with the present values of the others. Front ends fold
  /// away parameters without an effect; links leave them out.
  bool applies(std::string_view name) const;

  bool operator==(const ParameterSet& other) const {
    return schema_ == other.schema_ && values_ == other.values_;
  }

 private:
  std::size_t known_index(std::string_view name) const;
  const Schema* schema_;
  std::vector<ParameterValue> values_;
};

/// "16 to 65536", "a formula of at most 300 characters", "one of a, b, c", "one of oracle,
/// validation or a number from 1e-12 to 1000", "up to 12 values, each 16 to 65536", "up to 3 of a,
/// b, c", "2 to 24 values in order (groups of 2), each -3 to 3".
std::string allowed_text(const Parameter& parameter);

/// "target has one of mean-cosine, correlation-cosine": when the parameter has an effect; empty:
/// always.
std::string condition_text(const Parameter& parameter);

/// `unknown parameter "headz" for OWNER; did you mean "heads"? It has: ...`; without an owner the
/// sentence does not name one.
Error unknown_parameter(const Schema& schema, std::string_view name, std::string_view owner = {});

}  // namespace attnlab
