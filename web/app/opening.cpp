#include "web/app/opening.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "attnlab_build_info.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/codecs/opening.h"
#include "core/experiment/faces.h"

namespace attnlab {
namespace {

struct Known {
  Opening opening;
  Bytes outputs;  ///< of the journal
};

Known& known() {
  static Known instance;
  return instance;
}

/// The finished jobs as a run has them: in the order of their numbers.
Bytes outputs_of(const std::string& journal, const std::string& query) {
  const RunSpec spec = read_query(query, catalogue().front()).spec;
  Expected<Journal> read = read_journal(journal, spec, kVersion);
  if (!read) return {};
  std::sort(read->outputs.begin(), read->outputs.end(),
            [](const JobOutput& a, const JobOutput& b) { return a.index < b.index; });
  return encode_outputs(read->outputs);
}

}  // namespace

std::span<const Experiment> catalogue() {
  return known().opening.experiments;
}

namespace opening {

Expected<void> open(std::span<const std::uint8_t> bytes) {
  Expected<Opening> read = decode_opening(bytes);
  if (!read) return read.error();
  known().opening = *std::move(read);
  known().outputs = outputs_of(known().opening.journal, known().opening.query);
  return {};
}

Expected<void> complete(std::span<const std::uint8_t> faces) {
  Expected<std::vector<Experiment>> read = decode_faces(faces);
  if (!read) return read.error();
  std::vector<Experiment>& all = known().opening.experiments;
  const bool same =
      std::equal(all.begin(), all.end(), read->begin(), read->end(),
                 [](const Experiment& a, const Experiment& b) { return a.id == b.id && b.whole; });
  if (!same) return Error{"the workers' module has other experiments than the page"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].whole) all[i] = std::move((*read)[i]);  // runs refer to those that are
  }
  return {};
}

const std::string& journal() {
  return known().opening.journal;
}

std::optional<Bytes> plan(const std::string& query) {
  if (query != known().opening.query) return std::nullopt;
  return known().opening.plan;
}

std::optional<Bytes> findings(const std::string& query, const Bytes& outputs) {
  const Opening& opening = known().opening;
  if (query != opening.query) return std::nullopt;
  if (outputs.empty()) return opening.blank;
  if (outputs != known().outputs) return std::nullopt;
  return opening.found;
}

}  // namespace opening
}  // namespace attnlab
