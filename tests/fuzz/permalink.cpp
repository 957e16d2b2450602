// Permalinks: any text gives a run inside the schema, settings of the page, and few readable notes;
// its own permalink gives the same without a note.
#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Experiment& first = *experiments().front();
  const Permalink link = read_query(fuzz::text_of(data, size), first);
  ATTNLAB_MUST(link.notes.size() <= 20);
  for (const std::string& note : link.notes) {
    ATTNLAB_MUST(!note.empty());
    ATTNLAB_MUST(valid_utf8(note) == note);
  }
  for (const std::string& text : {query_text(link.spec), full_query_text(link.spec)}) {
    const Permalink again = read_query(text + "&" + page_text(link.page), first);
    ATTNLAB_MUST(again.notes.empty());
    ATTNLAB_MUST(again.spec == link.spec);
    ATTNLAB_MUST(again.page == link.page);
  }
  return 0;
}
