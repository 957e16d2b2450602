// What the page opens with, computed while it is built: a module for Node (web/make_opening.mjs,
// web/make_formulas.mjs), which no reader loads. It is linked of the same objects as the workers'
// module, so that the page's build compiles everything once and needs no native program.
//
//   making_start(query)      the run that the page opens with; 1, or 0 and making_text() says why
//   making_step()            computes a job; 1 while there are more of them, 0 done, 2 failed
//   making_opening()         core/codecs/opening.h, left at making_bytes(); 1, or 0 with a sentence
//   making_picture(dark)     the picture (SVG) of the result, left in making_text()
//   making_experiments()     the document of `attnlab list --json`, left in making_text()
#include <emscripten/emscripten.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attnlab_build_info.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/citation.h"
#include "core/codecs/codecs.h"
#include "core/codecs/opening.h"
#include "core/experiment/experiment.h"
#include "core/experiment/steps.h"
#include "core/numerics/linear_algebra.h"
#include "core/picture/svg.h"
#include "core/picture/together.h"

namespace attnlab {
namespace {

struct Making {
  std::optional<RunSpec> spec;
  std::uint32_t jobs = 0;
  std::vector<JobOutput> outputs;
  Bytes bytes;
  std::string text;
};

Making& making() {
  static Making instance;
  return instance;
}

int fail(Error error) {
  making().text = std::move(error.sentence);
  return 0;
}

}  // namespace
}  // namespace attnlab

using namespace attnlab;

extern "C" {

EMSCRIPTEN_KEEPALIVE int making_start(const char* query) {
  Permalink link = read_query(query, *experiments().front());
  if (!link.notes.empty()) return fail({link.notes.front()});
  const Expected<Plan> plan = link.spec.experiment->plan(link.spec);
  if (!plan) return fail(plan.error());
  making() = {.spec = std::move(link.spec),
              .jobs = static_cast<std::uint32_t>(plan->jobs.size()),
              .outputs = {},
              .bytes = {},
              .text = {}};
  return 1;
}

EMSCRIPTEN_KEEPALIVE int making_step() {
  Making& state = making();
  const auto index = static_cast<std::uint32_t>(state.outputs.size());
  if (index == state.jobs) return 0;
  JobSteps job = state.spec->experiment->start(*state.spec, index);
  while (job.step() == JobSteps::State::kRunning) {
  }
  if (job.state() == JobSteps::State::kFailed) {
    fail(job.error());
    return 2;
  }
  state.outputs.push_back({index, job.take_output()});
  return 1;
}

EMSCRIPTEN_KEEPALIVE int making_opening() {
  Making& state = making();
  std::string journal = journal_header(*state.spec, kVersion);
  for (const JobOutput& output : state.outputs) journal += journal_line(output);
  Expected<Bytes> opening = encode_opening(journal, kVersion);
  if (!opening) return fail(opening.error());
  state.bytes = *std::move(opening);
  return 1;
}

EMSCRIPTEN_KEEPALIVE void making_picture(int dark) {
  Making& state = making();
  std::vector<Figure> figures = state.spec->experiment->find(*state.spec, state.outputs).figures;
  add_together(figures);
  const BuildInfo build{kVersion, kTarget, simd_target_name()};
  state.text =
      figure_svg(figures.front(), {.dark = dark != 0, .source = source_line(*state.spec, build)});
}

EMSCRIPTEN_KEEPALIVE void making_experiments() {
  making().text = experiments_json();
}

EMSCRIPTEN_KEEPALIVE const std::uint8_t* making_bytes() {
  return making().bytes.data();
}
EMSCRIPTEN_KEEPALIVE std::size_t making_bytes_size() {
  return making().bytes.size();
}
EMSCRIPTEN_KEEPALIVE const char* making_text() {
  return making().text.c_str();
}

}  // extern "C"
