// Permalinks: whatever the text, a run inside the schema comes out, few and readable notes, and the
// run's own text gives the same run without a note.
#include "core/codecs/codecs.h"
#include "core/catalogue/catalogue.h"
#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Experiment& first = *experiments().front();
  const Permalink link =
      read_query(fuzz::text_of(data, size), first, {"embed", "ui", "lock", "theme"});
  ATTNLAB_MUST(link.notes.size() <= 20);
  for (const std::string& note : link.notes) {
    ATTNLAB_MUST(!note.empty());
    ATTNLAB_MUST(valid_utf8(note) == note);
  }
  for (const std::string& text : {query_text(link.spec), full_query_text(link.spec)}) {
    const Permalink again = read_query(text, first);
    ATTNLAB_MUST(again.notes.empty());
    ATTNLAB_MUST(again.spec == link.spec);
  }
  return 0;
}
