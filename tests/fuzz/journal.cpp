// Journals. Odd first byte: any text, also after a valid first line. Even: a journal of jobs, cut
// or changed at one place; everything before that place is kept, and no other job is invented.
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

namespace {

bool same(const JobOutput& a, const JobOutput& b) {
  return a.index == b.index && a.bytes == b.bytes;
}

void read_any(std::string_view text, const RunSpec& spec) {
  const Expected<Journal> journal = read_journal(text, spec, "1.0");
  if (!journal) return;
  ATTNLAB_MUST(journal->intact_bytes <= text.size());
  if (journal->intact_bytes == 0) return;
  const Expected<Journal> intact = read_journal(text.substr(0, journal->intact_bytes), spec, "1.0");
  ATTNLAB_MUST(intact && intact->dropped_lines == 0);
  ATTNLAB_MUST(std::equal(intact->outputs.begin(), intact->outputs.end(), journal->outputs.begin(),
                          journal->outputs.end(), same));
}

void damage(fuzz::Pieces pieces, const RunSpec& spec) {
  const std::uint32_t at = pieces.number();
  const std::uint8_t change = pieces.byte();
  const bool cut = pieces.byte() % 2 == 0;
  std::string text = journal_header(spec, "1.0");
  std::vector<JobOutput> jobs;
  std::vector<std::size_t> ends;
  while (!pieces.empty() && jobs.size() < 50) {
    const std::string_view bytes = pieces.text(pieces.byte());
    jobs.push_back({static_cast<std::uint32_t>(jobs.size()), Bytes(bytes.begin(), bytes.end())});
    text += journal_line(jobs.back());
    ends.push_back(text.size());
  }
  const std::size_t place = at % (text.size() + 1);
  if (place < journal_header(spec, "1.0").size()) return;  // then it may not be a journal
  const bool changed = !cut && place < text.size() && change != 0;
  if (changed) text[place] = static_cast<char>(text[place] ^ change);
  if (cut) text.resize(place);
  const Expected<Journal> read = read_journal(text, spec, "1.0");
  ATTNLAB_MUST(read);
  std::size_t before = 0;  // complete jobs before the place
  while (before < ends.size() && ends[before] <= place) ++before;
  const std::size_t kept = cut || changed ? before : jobs.size();
  ATTNLAB_MUST(read->outputs.size() == kept);
  for (std::size_t i = 0; i < kept; ++i) ATTNLAB_MUST(same(read->outputs[i], jobs[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Experiment& first = *experiments().front();
  const RunSpec spec{&first, ParameterSet(first.schema)};
  fuzz::Pieces pieces(data, size);
  if (pieces.byte() % 2 == 0) {
    damage(pieces, spec);
    return 0;
  }
  const std::string text(pieces.rest());
  read_any(text, spec);
  read_any(journal_header(spec, "1.0") + text, spec);
  return 0;
}
