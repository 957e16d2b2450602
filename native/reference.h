// docs/reference.md: every experiment with its parameters, presets, tables and claims, made from
// the schema and from the empty findings, so that it cannot differ from the program.
#pragma once

#include <string>

namespace attnlab {

/// The whole page as Markdown: `attnlab list --markdown` prints it, tests/source/reference.mjs
/// holds docs/reference.md to it.
std::string reference_markdown();

}  // namespace attnlab
