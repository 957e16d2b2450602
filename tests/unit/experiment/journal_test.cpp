#include <doctest/doctest.h>

#include "core/codecs/codecs.h"
#include "tests/unit/experiment/pi_experiment.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;
using test::every_kind_experiment;
using test::pi_experiment;

namespace {

RunSpec pi_run() {
  return {&pi_experiment(), ParameterSet(pi_experiment().schema), 7};
}

std::vector<JobOutput> random_outputs(test::RandomValues& random, std::size_t count) {
  std::vector<JobOutput> outputs;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string bytes = random.any_bytes(30);
    outputs.push_back(
        {static_cast<std::uint32_t>(random.bits()), {bytes.begin(), bytes.end()}, true});
  }
  return outputs;
}

std::string journal_of(const RunSpec& spec, const std::vector<JobOutput>& outputs) {
  std::string text = journal_header(spec, "0.1");
  for (const JobOutput& output : outputs) text += journal_line(output);
  return text;
}

bool same(const std::vector<JobOutput>& a, const std::vector<JobOutput>& b, std::size_t count) {
  if (a.size() != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (a[i].index != b[i].index || a[i].bytes != b[i].bytes || !a[i].complete) return false;
  }
  return true;
}

std::string refusal(const std::string& text, const RunSpec& spec,
                    std::string_view version = "0.1") {
  const auto read = read_journal(text, spec, version);
  return read ? std::string() : read.error().sentence;
}

}  // namespace

TEST_CASE("every journal reads back") {
  test::RandomValues random(1);
  const Experiment& experiment = every_kind_experiment();
  for (int i = 0; i < 300; ++i) {
    const RunSpec spec{&experiment, random.parameters(experiment.schema), random.bits() >> 11};
    const auto outputs = random_outputs(random, random.below(6));
    const std::string text = journal_of(spec, outputs);
    const auto read = read_journal(text, spec, "0.1");
    REQUIRE(read);
    CHECK(same(read->outputs, outputs, outputs.size()));
    CHECK(read->intact_bytes == text.size());
    CHECK(read->dropped_lines == 0);
  }
}

TEST_CASE("a journal cut anywhere keeps every line before the cut") {
  test::RandomValues random(2);
  const auto outputs = random_outputs(random, 4);
  const std::string text = journal_of(pi_run(), outputs);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    CAPTURE(length);
    const auto read = read_journal(text.substr(0, length), pi_run(), "0.1");
    REQUIRE(read);
    const std::string intact = text.substr(0, read->intact_bytes);
    const bool torn = read->intact_bytes < length;
    CHECK(read->dropped_lines == (torn ? 1 : 0));
    CHECK(same(read->outputs, outputs, read->outputs.size()));
    CHECK((intact.empty() || intact == journal_of(pi_run(), read->outputs)));
  }
}

TEST_CASE("a journal with one changed byte keeps the jobs before it, or is refused") {
  test::RandomValues random(3);
  const auto outputs = random_outputs(random, 5);
  const std::string text = journal_of(pi_run(), outputs);
  const std::size_t header = journal_header(pi_run(), "0.1").size();
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = text;
    const std::size_t at = random.below(text.size());
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random.below(255)));
    const auto read = read_journal(damaged, pi_run(), "0.1");
    if (at < header) {
      CHECK_FALSE(read);
      continue;
    }
    REQUIRE(read);
    CHECK(read->intact_bytes <= at);
    CHECK(read->outputs.size() < outputs.size());
    // A changed line end makes one line of two.
    CHECK(read->dropped_lines + 1 >= outputs.size() - read->outputs.size());
    CHECK(read->dropped_lines >= 1);
    CHECK(same(read->outputs, outputs, read->outputs.size()));
  }
}

TEST_CASE("lines after a damaged line are dropped and counted") {
  const std::string first = journal_line({0, {1}, true}), second = journal_line({1, {2}, true});
  const std::string text = journal_header(pi_run(), "0.1") + first + "noise\n" + second;
  const auto read = read_journal(text, pi_run(), "0.1");
  REQUIRE(read);
  CHECK(read->outputs.size() == 1);
  CHECK(read->dropped_lines == 2);
}

TEST_CASE("a journal of another run is refused with the first thing that differs") {
  RunSpec other = pi_run();
  REQUIRE(other.parameters.set_text("points", "500"));
  CHECK(refusal(journal_of(other, {}), pi_run()) ==
        "the resume file belongs to another run: points was 500 there and is 1000 here");
  other = pi_run();
  other.seed = 8;
  CHECK(refusal(journal_of(other, {}), pi_run()) ==
        "the resume file belongs to another run: seed was 8 there and is 7 here");
  const RunSpec every{&every_kind_experiment(), ParameterSet(every_kind_experiment().schema)};
  CHECK(refusal(journal_of(every, {}), pi_run()) ==
        "the resume file belongs to another run: experiment was every-kind there and is pi here");
}

TEST_CASE("a journal of another version is refused") {
  CHECK(refusal(journal_of(pi_run(), {}), pi_run(), "0.2 beta") ==
        "the resume file was written by version 0.1 and this is version 0.2_beta; the numbers of "
        "two versions are not mixed");
}

TEST_CASE("a file that is not a journal is refused") {
  const std::string sentence =
      "the resume file is not a journal of attnlab, or its first line is damaged";
  for (const char* text :
       {"hello", "\n", "model,n\nrfa,64\n", "attnlab-journal 1 0.1 e=pi 00000000\n"}) {
    CAPTURE(text);
    CHECK(refusal(text, pi_run()) == sentence);
  }
}
