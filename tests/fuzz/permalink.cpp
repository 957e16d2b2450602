// Permalinks: any text gives a run inside the schema, settings of the page, and few readable notes;
// its own permalink gives the same without a note, also after a mail program.
#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

namespace {

/// The link with entities, lines of at most 20 letters, each as in an answer to a mail.
std::string mailed_text(const std::string& link) {
  std::string text;
  for (std::size_t i = 0; i < link.size(); ++i) {
    if (i % 20 == 19) text += "\r\n> ";
    text += link[i] == '&' ? std::string("&amp;") : std::string(1, link[i]);
  }
  return text;
}

/// What a link keeps: parameters without an effect are left out.
RunSpec as_linked(const RunSpec& spec) {
  RunSpec kept{spec.experiment, ParameterSet(spec.experiment->schema), spec.seed};
  for (const Parameter& parameter : spec.experiment->schema.parameters) {
    const std::string& name = parameter.name;
    if (spec.parameters.applies(name))
      ATTNLAB_MUST(kept.parameters.set(name, spec.parameters.value(name)));
  }
  return kept;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Experiment& first = *experiments().front();
  const Permalink link = read_query(fuzz::text_of(data, size), first);
  ATTNLAB_MUST(link.notes.size() <= 20);
  for (const std::string& note : link.notes) {
    ATTNLAB_MUST(!note.empty());
    ATTNLAB_MUST(valid_utf8(note) == note);
  }
  const std::pair<std::string, RunSpec> printed[] = {{query_text(link.spec), as_linked(link.spec)},
                                                     {full_query_text(link.spec), link.spec}};
  for (const auto& [text, spec] : printed) {
    const Permalink again = read_query(text + "&" + page_text(link.page), first);
    ATTNLAB_MUST(again.notes.empty());
    ATTNLAB_MUST(again.spec == spec);
    ATTNLAB_MUST(again.page == link.page);
    const Permalink mailed = read_query(mailed_text(text + "&" + page_text(link.page)), first);
    ATTNLAB_MUST(mailed.notes.empty());
    ATTNLAB_MUST(mailed.spec == spec);
    ATTNLAB_MUST(mailed.page == link.page);
  }
  return 0;
}
