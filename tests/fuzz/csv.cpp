// CSV: refused, or a table whose own CSV reads back the same.
#include "core/codecs/codecs.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Expected<Table> table = read_csv(fuzz::text_of(data, size));
  if (!table) return 0;
  const std::string text = table_csv(*table);
  const Expected<Table> again = read_csv(text);
  ATTNLAB_MUST(again && again->rows.size() == table->rows.size());
  ATTNLAB_MUST(again->columns.size() == table->columns.size());
  ATTNLAB_MUST(table_csv(*again) == text);
  return 0;
}
