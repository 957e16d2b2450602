// The published JSON Schema, printed from the shapes.
#include "core/base/text.h"
#include "core/lessons/lesson.h"
#include "core/lessons/shape.h"

namespace attnlab {
namespace {

using Type = LessonMember::Type;

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';  // names and meanings have nothing to escape
}

std::string limits(std::string_view low, std::string_view high, const LessonMember& member) {
  return ", " + in_quotes(low) + ": " + exact_text(member.low) + ", " + in_quotes(high) + ": " +
         exact_text(member.high);
}

std::string type_text(const LessonMember& member) {
  switch (member.type) {
    case Type::kText:
      return "\"type\": \"string\"" + limits("minLength", "maxLength", member);
    case Type::kNumber:
      return "\"type\": \"number\"" + limits("minimum", "maximum", member);
    case Type::kYesNo:
      return "\"type\": \"boolean\"";
    case Type::kTexts:
      return R"("type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true)" +
             limits("minItems", "maxItems", member);
    case Type::kObjects:
      return "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/" +
             std::string(member.shape->name) + "\"}" + limits("minItems", "maxItems", member);
    case Type::kCheck:
      return R"("$ref": "#/$defs/check")";
    case Type::kCells:
      return R"("type": "object", "additionalProperties": {"type": ["string", "number"]})" +
             limits("minProperties", "maxProperties", member);
  }
  return "";
}

/// The members of an object's schema, each on a line of its own that begins with `indent`.
std::string object_text(const LessonShape& shape, std::string_view kind,
                        const std::string& indent) {
  std::string needed, properties;
  for (const LessonMember& member : shape.members) {
    if (member.needed) needed += (needed.empty() ? "" : ", ") + in_quotes(member.name);
    const std::string type = !kind.empty() && member.name == "kind"
                                 ? "\"const\": " + in_quotes(kind)
                                 : type_text(member);
    properties += (properties.empty() ? "" : ",") + ("\n" + indent + "  ") +
                  in_quotes(member.name) + ": {" + type +
                  ", \"description\": " + in_quotes(member.meaning) + "}";
  }
  return indent + "\"type\": \"object\", \"additionalProperties\": false,\n" + indent +
         "\"required\": [" + needed + "],\n" + indent + "\"properties\": {" + properties + "\n" +
         indent + "}";
}

void add_shapes(const LessonShape& shape, std::string& text) {
  for (const LessonMember& member : shape.members) {
    if (member.shape == nullptr) continue;
    text += "    " + in_quotes(member.shape->name) + ": {\n" +
            object_text(*member.shape, "", "      ") + "\n    },\n";
    add_shapes(*member.shape, text);
  }
}

}  // namespace

std::string lesson_schema() {
  std::string text =
      "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "  \"title\": \"A lesson of Attention Lab\",\n" +
      object_text(lesson_shape(), "", "  ") + ",\n  \"$defs\": {\n";
  add_shapes(lesson_shape(), text);
  for (const LessonShape& check : lesson_checks()) add_shapes(check, text);
  text += "    \"check\": {\"oneOf\": [";
  std::string separator;
  for (const LessonShape& check : lesson_checks()) {
    text += separator + "{\n" + object_text(check, check.name, "      ") + "\n    }";
    separator = ", ";
  }
  return text + "]}\n  }\n}\n";
}

}  // namespace attnlab
