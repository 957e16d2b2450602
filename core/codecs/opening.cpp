#include "core/codecs/opening.h"

#include <algorithm>

#include "core/base/archive.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/experiment/faces.h"

namespace attnlab {
namespace {

/// The opening's parts; the list of experiments as its own bytes.
struct Parts {
  Bytes experiments, plan, blank, found;
  std::string query, journal;
};

struct Members {
  static auto of(Is<Parts> auto& x) {
    auto& [experiments, plan, blank, found, query, journal] = x;
    return std::tie(experiments, plan, blank, found, query, journal);
  }
};

Bytes first_and_names() {
  std::vector<Experiment> faces;
  for (const Experiment* experiment : experiments()) {
    faces.push_back(faces.empty() ? *experiment : only_named(*experiment));
  }
  std::vector<const Experiment*> pointers;
  for (const Experiment& face : faces) pointers.push_back(&face);
  return encode_faces(pointers);
}

}  // namespace

Expected<Bytes> encode_opening(std::string_view journal, std::string_view version) {
  const auto header = read_journal_header(journal);
  if (!header) return header.error();
  const Experiment& first = *experiments().front();
  const RunSpec spec = read_query(header->first, first).spec;
  if (spec.experiment != &first) return Error{"the page opens with " + first.id};
  Expected<Journal> read = read_journal(journal, spec, version);
  if (!read) return read.error();
  const Expected<Plan> plan = first.plan(spec);
  if (!plan) return plan.error();
  if (read->outputs.size() != plan->jobs.size()) return Error{"the journal is not of a whole run"};
  std::sort(read->outputs.begin(), read->outputs.end(),
            [](const JobOutput& a, const JobOutput& b) { return a.index < b.index; });
  return encoded<Members>(Parts{.experiments = first_and_names(),
                                .plan = encode_plan(plan),
                                .blank = encode_findings(first.find(spec, {})),
                                .found = encode_findings(first.find(spec, read->outputs)),
                                .query = full_query_text(spec),
                                .journal = std::string(journal)});
}

Expected<Opening> decode_opening(std::span<const std::uint8_t> bytes) {
  Expected<Parts> parts =
      decoded<Members, Parts>(bytes, "the data of the lab's opening cannot be read");
  if (!parts) return parts.error();
  Expected<std::vector<Experiment>> experiments = decode_faces(parts->experiments);
  if (!experiments) return experiments.error();
  if (!experiments->front().whole) return Error{"the first experiment is not whole"};
  return Opening{.experiments = *std::move(experiments),
                 .query = std::move(parts->query),
                 .plan = std::move(parts->plan),
                 .blank = std::move(parts->blank),
                 .found = std::move(parts->found),
                 .journal = std::move(parts->journal)};
}

}  // namespace attnlab
