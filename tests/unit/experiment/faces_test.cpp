#include "core/experiment/faces.h"

#include <limits>

#include "core/codecs/opening.h"
#include "core/numerics/philox.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::test;

namespace {

/// Everything that front ends do with a schema and presets stays inside them.
void use(const Experiment& face) {
  ParameterSet parameters(face.schema);
  for (const Parameter& parameter : face.schema.parameters) {
    const std::string text = parameters.text(parameter.name);
    parameters.set_text_clamped(parameter.name, text + ",1e300,-7,nan");
    CHECK_FALSE(allowed_text(parameter).empty());
  }
  for (const Preset& preset : face.presets) {
    static_cast<void>(preset_parameters(face, preset.name));
  }
  CHECK_FALSE(experiment_json(face).empty());
}

Bytes faces_of(const std::vector<Experiment>& faces) {
  std::vector<const Experiment*> pointers;
  for (const Experiment& face : faces) pointers.push_back(&face);
  return encode_faces(pointers);
}

std::string refusal(const Experiment& face) {
  const auto read = decode_faces(faces_of({face}));
  return read ? std::string() : read.error().sentence;
}

}  // namespace

TEST_CASE("what every experiment is stays the same after encoding and decoding") {
  const Bytes bytes = encode_faces(experiments());
  const Expected<std::vector<Experiment>> read = decode_faces(bytes);
  REQUIRE(read);
  REQUIRE(read->size() == experiments().size());
  for (std::size_t i = 0; i < read->size(); ++i) {
    const Experiment &one = *experiments()[i], &other = (*read)[i];
    CAPTURE(one.id);
    CHECK(experiment_json(other) == experiment_json(one));
    CHECK(other.live == one.live);
    CHECK(other.whole);
    CHECK_FALSE(static_cast<bool>(other.plan));
    ParameterSet ours(one.schema), theirs(other.schema);
    for (const Parameter& parameter : one.schema.parameters) {
      CHECK(theirs.text(parameter.name) == ours.text(parameter.name));
    }
  }
  CHECK(faces_of(*read) == bytes);
}

TEST_CASE("torn lists of experiments are refused, wherever they end") {
  const Bytes bytes = encode_faces(experiments());
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 8) {
    CHECK_FALSE(decode_faces(std::span(bytes).first(size)));
  }
}

TEST_CASE("a list of experiments with changed bytes is refused, or can be used like any other") {
  const Bytes bytes = faces_of({*experiments().front()});
  std::size_t refused = 0;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    Bytes changed = bytes;
    const auto random = philox4x32({i, 0, 0, 0}, {7, 0});
    changed[random[0] % changed.size()] = static_cast<std::uint8_t>(random[1]);
    // Zeros and ones are what counts, kinds and numbers consist of.
    if (i % 2 == 0) changed[random[0] % changed.size()] = random[1] % 2 == 0 ? 0 : 0xff;
    const auto read = decode_faces(changed);
    if (!read) {
      CHECK_FALSE(read.error().sentence.empty());
      ++refused;
      continue;
    }
    for (const Experiment& face : *read) use(face);
  }
  CHECK(refused > 100);
}

TEST_CASE("a schema that contradicts itself is refused with a sentence that names the parameter") {
  const Experiment good = *experiments().front();
  CHECK(refusal(good).empty());
  const auto refused = [&](auto change) {
    Experiment bad = good;
    change(bad.schema.parameters[1]);
    return refusal(bad).starts_with(good.id + ": ");
  };
  CHECK(refused([](Parameter& parameter) { parameter.name.clear(); }));
  CHECK(refused([&](Parameter& parameter) { parameter.name = good.schema.parameters[0].name; }));
  CHECK(refused([](Parameter& parameter) { parameter.kind = static_cast<ParameterKind>(99); }));
  CHECK(refused([](Parameter& parameter) { parameter.group = 0; }));
  CHECK(refused(
      [](Parameter& parameter) { parameter.default_value = std::string("no such value"); }));
  CHECK(refused([](Parameter& parameter) {
    parameter.kind = ParameterKind::kInteger;
    parameter.max = 1e300;
    parameter.default_value = std::int64_t{1};
  }));
  Experiment nameless = good;
  nameless.id.clear();
  CHECK_FALSE(refusal(nameless).empty());
  CHECK_FALSE(decode_faces(faces_of({good, good})));
  CHECK_FALSE(decode_faces(faces_of({})));
}

TEST_CASE("a plan, and the sentence why there is none, are the same after encoding and decoding") {
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    const Expected<Plan> plan = experiment->plan(spec);
    REQUIRE(plan);
    const Bytes bytes = encode_plan(plan);
    const Expected<Plan> read = decode_plan(bytes);
    REQUIRE(read);
    REQUIRE(read->jobs.size() == plan->jobs.size());
    for (std::size_t i = 0; i < read->jobs.size(); ++i) {
      CHECK(read->jobs[i].label == plan->jobs[i].label);
      CHECK(read->jobs[i].cost == plan->jobs[i].cost);
    }
    CHECK(read->job_bytes == plan->job_bytes);
    CHECK(read->memory_parameter == plan->memory_parameter);
    CHECK(read->outside == plan->outside);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 8) {
      CHECK_FALSE(decode_plan(std::span(bytes).first(size)));
    }
  }
  CHECK(decode_plan(encode_plan(Error{"dim is too small"})).error().sentence == "dim is too small");
  Plan wrong;
  wrong.jobs = {{"job", -1}};
  CHECK_FALSE(decode_plan(encode_plan(wrong)));
  wrong.jobs = {{"job", 1}};
  CHECK(decode_plan(encode_plan(wrong)));
  wrong.job_bytes = std::numeric_limits<double>::infinity();
  CHECK_FALSE(decode_plan(encode_plan(wrong)));
}

TEST_CASE("what the page opens with has the first experiment, the names of all, and its run") {
  const Experiment& first = *experiments().front();
  const RunSpec spec = spec_with(first, {{"dim", "4"},
                                         {"keys", "4"},
                                         {"heads", "20"},
                                         {"samples", "16"},
                                         {"test-samples", "100"},
                                         {"trials", "1"}});
  const std::vector<JobOutput> outputs = run_all(spec);
  std::string journal = journal_header(spec, "1");
  CHECK_FALSE(encode_opening(journal, "1"));  // without its jobs
  for (const JobOutput& output : outputs) journal += journal_line(output);
  CHECK_FALSE(encode_opening(journal, "2"));
  const Expected<Bytes> bytes = encode_opening(journal, "1");
  REQUIRE(bytes);
  const Expected<Opening> read = decode_opening(*bytes);
  REQUIRE(read);
  CHECK(read->query == full_query_text(spec));
  CHECK(read->journal == journal);
  CHECK(decode_plan(read->plan)->jobs.size() == outputs.size());
  CHECK(read->found == encode_findings(first.find(spec, outputs)));
  CHECK(read->blank == encode_findings(first.find(spec, {})));
  REQUIRE(read->experiments.size() == experiments().size());
  for (std::size_t i = 0; i < experiments().size(); ++i) {
    const Experiment &named = read->experiments[i], &known = *experiments()[i];
    CHECK(named.whole == (i == 0));
    CHECK(named.id == known.id);
    CHECK(named.family == known.family);
    CHECK(named.title == known.title);
    CHECK(named.question == known.question);
    CHECK(named.live == known.live);
    CHECK(named.schema.parameters.empty() == (i > 0));
  }
  for (std::size_t size = 0; size < bytes->size(); size += 1 + size / 8) {
    CHECK_FALSE(decode_opening(std::span(*bytes).first(size)));
  }
}
