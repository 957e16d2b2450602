// The functions that a worker calls: one job at a time, one step per call, only core. web/worker.js
// drives it in the browser, tests/parity/parity.mjs under Node.
//
// Contract with JavaScript (all texts are UTF-8 and end in a zero byte):
//   compute_start(query, index)   begins job `index` of the run that full_query_text named; 1, or 0
//                                 and compute_text() says why
//   compute_step()                works for a step (10 to 200 ms); 0 not done, 1 done, 2 failed
//   compute_fraction()            how far the job is, 0..1
//   compute_has_partial()         1 when a new partial output is at compute_bytes()
//   compute_bytes() / _size()     the partial or final output; valid until the next call
//   compute_question()            1 when the last step stopped at a question to a black box outside
//                                 (core/extraction/learn/question.h), which is at compute_bytes()
//   compute_answer(bytes, size)   its answer; call compute_step() next
//   compute_help_wanted()         how many helpers would be worth having now
//                                 (core/experiment/shared_work.h)
//   compute_help(helpers)         the number of idle helpers: the job prepares shares for them
//   compute_share()               leaves the next share at compute_bytes(); its number, 0: no more
//   compute_settle(number, bytes, size, known)
//                                 the result of a share, or (known 0) that it was lost
//   compute_waiting()             1 when steps do nothing until a share is settled
//   compute_assist(query, index, bytes, size)
//                                 begins a share of job `index` in place of a job; as compute_start
//   compute_text()                the newest sentence or document; valid until the next call
//   compute_drop()                forgets the job and gives its memory back
//   compute_export(format, query, journal, figure, dark)
//                                 format svg: the picture of the run whose finished jobs the
//                                 journal holds (of none when it is empty); bibtex: the run's
//                                 citation; left in compute_text(); 1, or 0 with a sentence there
//   compute_draw(figure, size, width, height, look)
//                                 a figure from app_drawing as an interactive SVG of this size
//                                 (height 0: as high as it needs), left in compute_text(); 1, or 0
//                                 with a sentence there. Bits of look: 1 dark, 2 more contrast,
//                                 4 the colours that the reader's system forces
//   compute_keep(query, journal)  the next picture shows this run's curves, too
//   compute_findings(query, outputs, size)
//                                 what the run finds (core/findings/findings.h), for the page;
//                                 left at compute_bytes(); 1, or 0 with a sentence there
//   compute_details(query, outputs, size)
//                                 the tables that files have and views do not, as findings; the
//                                 same
//   compute_plan(query)           the plan of the run, or why there is none
//                                 (core/experiment/faces.h); the same
//   compute_faces()               leaves the faces of all experiments at compute_bytes()
//   compute_document(query)       runs every job one after the other and leaves the result document
//                                 (docs/cli.md) in compute_text(); 1, or 0 with a sentence there
//   compute_rate(probe, runs)     runs a probe of core/selftest/rates.h `runs` times; returns the
//                                 number of probes. compute_text() has its name, unit, amount per
//                                 run and the number of its peak, with tabs between them
//   compute_selftest(group)       one group of the self-check (core/selftest); returns how many
//                                 groups there are. compute_text() has a line for each statement:
//                                 family, statement, deviation, allowed and verdict, with tabs
#include <emscripten/emscripten.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attnlab_build_info.h"
#include "core/catalogue/catalogue.h"
#include "core/catalogue/field_functions.h"
#include "core/codecs/citation.h"
#include "core/codecs/codecs.h"
#include "core/experiment/comparison.h"
#include "core/experiment/experiment.h"
#include "core/experiment/faces.h"
#include "core/experiment/outside_question.h"
#include "core/experiment/shared_work.h"
#include "core/experiment/steps.h"
#include "core/extraction/learn/question.h"
#include "core/findings/findings.h"
#include "core/numerics/linear_algebra.h"
#include "core/picture/svg.h"
#include "core/picture/together.h"
#include "core/selftest/rates.h"
#include "core/selftest/selftest.h"
#include "web/out_of_memory.h"

namespace attnlab {
using namespace extraction;
namespace {

struct Worker {
  JobSteps job;
  Bytes bytes;
  std::string text;
  std::vector<KeptResult> kept;
};

Worker& worker() {
  static Worker instance;
  return instance;
}

/// The run that a full query names. The text comes from full_query_text, so a note of the reader
/// means that page and worker are of different builds.
Expected<RunSpec> read_run(const char* query) {
  Permalink link = read_query(query, *experiments().front());
  if (!link.notes.empty()) {
    return Error{"the worker does not understand the run (" + link.notes.front() +
                 "); reload the page"};
  }
  return std::move(link.spec);
}

/// The same, for a run that must have job `index`.
Expected<RunSpec> read_job(const char* query, std::uint32_t index) {
  Expected<RunSpec> spec = read_run(query);
  if (!spec) return spec.error();
  const Expected<Plan> plan = spec->experiment->plan(*spec);
  if (!plan) return plan.error();
  if (index >= plan->jobs.size()) return Error{"the run has no job of this number"};
  return spec;
}

int fail(Error error) {
  worker().text = std::move(error.sentence);
  return 0;
}

Expected<Bytes> run_to_end(JobSteps job) {
  while (job.step() == JobSteps::State::kRunning) {
  }
  if (job.state() == JobSteps::State::kFailed) return job.error();
  return job.take_output();
}

}  // namespace
}  // namespace attnlab

using namespace attnlab;

extern "C" {

EMSCRIPTEN_KEEPALIVE int compute_start(const char* query, std::uint32_t index) {
  worker().job = {};
  Expected<RunSpec> spec = read_job(query, index);
  if (!spec) return fail(spec.error());
  const Experiment& experiment = *spec->experiment;
  worker().job = experiment.start(*std::move(spec), index);
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_assist(const char* query, std::uint32_t index,
                                        const std::uint8_t* bytes, std::size_t size) {
  worker().job = {};
  Expected<RunSpec> spec = read_job(query, index);
  if (!spec) return fail(spec.error());
  const Experiment& experiment = *spec->experiment;
  if (!experiment.assist) return fail({"the jobs of this run have no shares"});
  worker().job = experiment.assist(*std::move(spec), index, Bytes(bytes, bytes + size));
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_step() {
  Worker& state = worker();
  switch (state.job.step()) {
    case JobSteps::State::kRunning:
      return 0;
    case JobSteps::State::kDone:
      state.bytes = state.job.take_output();
      return 1;
    case JobSteps::State::kFailed:
      break;
  }
  state.text = state.job.error().sentence;
  state.job = {};
  return 2;
}

EMSCRIPTEN_KEEPALIVE double compute_fraction() {
  return worker().job.fraction();
}

EMSCRIPTEN_KEEPALIVE int compute_has_partial() {
  std::optional<Bytes> partial = worker().job.take_partial();
  if (!partial) return 0;
  worker().bytes = *std::move(partial);
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_question() {
  const OutsideQuestion* question = worker().job.question();
  if (question == nullptr) return 0;
  worker().bytes = question->bytes();
  return 1;
}

EMSCRIPTEN_KEEPALIVE void compute_answer(const std::uint8_t* bytes, std::size_t size) {
  OutsideQuestion* question = worker().job.question();
  if (question != nullptr) question->answer(Bytes(bytes, bytes + size));
}

EMSCRIPTEN_KEEPALIVE unsigned compute_help_wanted() {
  const SharedWork* work = worker().job.shared_work();
  return work == nullptr ? 0 : static_cast<unsigned>(work->wanted());
}
EMSCRIPTEN_KEEPALIVE void compute_help(unsigned helpers) {
  if (SharedWork* work = worker().job.shared_work()) work->grant(helpers);
}
EMSCRIPTEN_KEEPALIVE unsigned compute_share() {
  SharedWork* work = worker().job.shared_work();
  if (work == nullptr) return 0;
  std::optional<SharedWork::Share> share = work->next_share();
  if (!share) return 0;
  worker().bytes = std::move(share->bytes);
  return share->number;
}
EMSCRIPTEN_KEEPALIVE void compute_settle(unsigned number, const std::uint8_t* bytes,
                                         std::size_t size, int known) {
  SharedWork* work = worker().job.shared_work();
  if (work == nullptr) return;
  work->settle(number, known != 0 ? std::optional(Bytes(bytes, bytes + size)) : std::nullopt);
}
EMSCRIPTEN_KEEPALIVE int compute_waiting() {
  const SharedWork* work = worker().job.shared_work();
  return work != nullptr && work->waiting();
}

EMSCRIPTEN_KEEPALIVE const std::uint8_t* compute_bytes() {
  return worker().bytes.data();
}
EMSCRIPTEN_KEEPALIVE std::size_t compute_bytes_size() {
  return worker().bytes.size();
}
EMSCRIPTEN_KEEPALIVE const char* compute_text() {
  return worker().text.c_str();
}
EMSCRIPTEN_KEEPALIVE void compute_drop() {
  worker() = {};
}

EMSCRIPTEN_KEEPALIVE int compute_export(const char* format, const char* query, const char* journal,
                                        unsigned figure, int dark) {
  const Expected<RunSpec> spec = read_run(query);
  if (!spec) return fail(spec.error());
  const BuildInfo build{kVersion, kTarget, simd_target_name()};
  if (std::string_view(format) == "bibtex") {
    worker().text = run_bibtex(*spec, build);
    return 1;
  }
  std::vector<JobOutput> outputs;
  if (*journal != 0) {
    Expected<Journal> read = read_journal(journal, *spec, kVersion);
    if (!read) return fail(read.error());
    outputs = std::move(read->outputs);
  }
  std::vector<Figure> figures = spec->experiment->find(*spec, outputs).figures;
  const std::vector<KeptResult> kept = std::exchange(worker().kept, {});
  for (Figure& one : figures) one = with_kept(std::move(one), *spec, kept);
  add_together(figures);
  if (figure >= figures.size()) return fail({"there is no figure of this number"});
  worker().text = figure_svg(figures[figure], {.dark = dark != 0,
                                               .slide = std::string_view(format) == "slide",
                                               .source = source_line(*spec, build)});
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_draw(const std::uint8_t* bytes, std::size_t size, int width,
                                      int height, int look) {
  const Expected<Figure> figure = decode_figure({bytes, size}, field_function);
  if (!figure) return fail(figure.error());
  worker().text = figure_svg(*figure, {.width = width,
                                       .height = height,
                                       .dark = (look & 1) != 0,
                                       .interactive = true,
                                       .contrast = (look & 4) != 0   ? SvgContrast::kForced
                                                   : (look & 2) != 0 ? SvgContrast::kMore
                                                                     : SvgContrast::kPlain});
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_keep(const char* query, const char* journal) {
  Expected<RunSpec> spec = read_run(query);
  if (!spec) return fail(spec.error());
  const Expected<Journal> read = read_journal(journal, *spec, kVersion);
  if (!read) return fail(read.error());
  Findings findings = spec->experiment->find(*spec, read->outputs);
  worker().kept.push_back({*std::move(spec), std::move(findings), {}});
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_findings(const char* query, const std::uint8_t* outputs,
                                          std::size_t size) {
  const Expected<RunSpec> spec = read_run(query);
  if (!spec) return fail(spec.error());
  const Expected<std::vector<JobOutput>> read = decode_outputs({outputs, size});
  if (!read) return fail(read.error());
  worker().bytes = encode_findings(spec->experiment->find(*spec, *read));
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_details(const char* query, const std::uint8_t* outputs,
                                         std::size_t size) {
  const Expected<RunSpec> spec = read_run(query);
  if (!spec) return fail(spec.error());
  const Expected<std::vector<JobOutput>> read = decode_outputs({outputs, size});
  if (!read) return fail(read.error());
  Findings found;
  if (spec->experiment->details) found.result.tables = spec->experiment->details(*spec, *read);
  worker().bytes = encode_findings(found);
  return 1;
}

EMSCRIPTEN_KEEPALIVE int compute_plan(const char* query) {
  const Expected<RunSpec> spec = read_run(query);
  if (!spec) return fail(spec.error());
  worker().bytes = encode_plan(spec->experiment->plan(*spec));
  return 1;
}

EMSCRIPTEN_KEEPALIVE void compute_faces() {
  worker().bytes = encode_faces(experiments());
}

EMSCRIPTEN_KEEPALIVE int compute_document(const char* query) {
  const Expected<RunSpec> spec = read_run(query);
  if (!spec) return fail(spec.error());
  const Expected<Plan> plan = spec->experiment->plan(*spec);
  if (!plan) return fail(plan.error());
  std::vector<JobOutput> outputs;
  for (std::uint32_t index = 0; index < plan->jobs.size(); ++index) {
    Expected<Bytes> bytes = run_to_end(spec->experiment->start(*spec, index));
    if (!bytes) return fail(bytes.error());
    outputs.push_back({index, *std::move(bytes)});
  }
  const Result result = whole_result(*spec, outputs);
  worker().text =
      result_json(*spec, result, {kVersion, kTarget, simd_target_name()}, outputs.size(), 0);
  return 1;
}

EMSCRIPTEN_KEEPALIVE unsigned compute_rate(unsigned index, unsigned runs) {
  static const std::vector<RateProbe> probes = rate_probes();
  if (index >= probes.size()) return static_cast<unsigned>(probes.size());
  const RateProbe& probe = probes[index];
  for (unsigned i = 0; i < runs; ++i) probe.run();
  worker().text = probe.name + '\t' + probe.unit + '\t' + exact_text(Cell{probe.amount}) + '\t' +
                  std::to_string(probe.peak);
  return static_cast<unsigned>(probes.size());
}

EMSCRIPTEN_KEEPALIVE unsigned compute_selftest(unsigned group) {
  std::string& text = worker().text;
  text.clear();
  for (const SelfCheck& check : self_check_group(group)) {
    const auto cells = self_check_cells(check);
    for (const std::string& cell : cells) text += cell + (&cell == &cells.back() ? '\n' : '\t');
  }
  return static_cast<unsigned>(self_check_groups());
}

}  // extern "C"
