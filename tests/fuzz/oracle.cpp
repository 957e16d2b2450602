// Messages of a black box: answer lines of a program, bytes of questions and answers between page
// and worker, and the log of an earlier run.
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "core/extraction/learn/question.h"
#include "native/oracle_lines.h"
#include "native/query_log.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;
using namespace attnlab::extraction;

namespace {

void read_bytes(std::string_view text) {
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()),
                                            text.size());
  QueryBatch batch(1);
  if (decode_question(bytes, batch)) {
    const Bytes again = encode_question(batch);
    ATTNLAB_MUST(again.size() == bytes.size());
    ATTNLAB_MUST(std::memcmp(again.data(), bytes.data(), 16) == 0);
  }
  std::vector<double> answers;
  if (decode_answers(bytes, bytes.size() / 8, answers)) {
    const Bytes again = encode_answers(answers);
    ATTNLAB_MUST(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()));
  }
}

/// A log whose first line is valid in half of the cases.
void replay(std::string_view text, bool right) {
  static const int file = memfd_create("log", MFD_CLOEXEC);
  static const std::string name = "/proc/self/fd/" + std::to_string(file);
  const std::string first = "{\"attnlab_log\":1,\"dim\":2,\"oracle\":\"box\"}\n";
  const std::string whole = (right ? first : "") + std::string(text);
  ATTNLAB_MUST(ftruncate(file, 0) == 0);
  ATTNLAB_MUST(pwrite(file, whole.data(), whole.size(), 0) == static_cast<ssize_t>(whole.size()));
  Expected<QueryReplay> log = QueryReplay::open(name, 2);
  if (!log) return;
  QueryBatch batch(2);
  for (const double value : {0.5, -1.0, 3.0}) {
    const double token[] = {value, 1};
    batch.query({batch.token(token)});
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto answer = log->next(batch, i);
    if (!answer || !*answer) return;
    ATTNLAB_MUST(std::isfinite((*answer)->front()));
    ATTNLAB_MUST(log->used_bytes() <= whole.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Pieces pieces(data, size);
  const std::uint8_t what = pieces.byte();
  const std::string_view text = pieces.rest();
  if (what % 4 == 0) {
    for (const std::size_t width : {1, 2}) {
      const auto answer = read_answer(text, width);
      ATTNLAB_MUST(!answer || answer->size() == width);
      for (std::size_t k = 0; answer && k < width; ++k) ATTNLAB_MUST(std::isfinite((*answer)[k]));
    }
  } else if (what % 4 == 1) {
    read_bytes(text);
  } else {
    replay(text, what % 4 == 2);
  }
  return 0;
}
