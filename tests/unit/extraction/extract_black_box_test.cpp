#include <cmath>
#include <limits>

#include "core/experiment/outside_question.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/boxes.h"
#include "core/extraction/learn/question.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

std::string text_in(const Result& result, const char* column) {
  const Table& table = result.tables.at(0);
  return std::get<std::string>(table.rows.at(0).at(table.column(column)));
}

QueryBatch two_questions() {
  QueryBatch batch(2);
  const std::vector<double> a = {0.1, -2}, b = {1e300, 5e-324};
  const std::uint32_t first = batch.token(a), second = batch.token(b);
  batch.query({first, second});
  batch.query({second});
  batch.query({first, first, second});
  return batch;
}

}  // namespace

TEST_CASE(
    "extract-black-box: each box that is not the assumed model is recognised by its own mark") {
  const std::vector<std::pair<std::string, std::string>> marks = {
      {"two-heads", "more than one head"},
      {"positions", "without positions"},
      {"residual", "bypasses the attention"},
      {"network", "network follows"}};
  for (const auto& [box, mark] : marks) {
    for (const char* method : {"single", "low-rank"}) {
      const Result result =
          checked_result(spec_of(named("extract-black-box"), {{"box", box}, {"method", method}}));
      CAPTURE(box);
      CHECK(text_in(result, "status") == "not-a-match");
      CHECK_MESSAGE(text_in(result, "evidence").find(mark) != std::string::npos,
                    text_in(result, "evidence"));
      CHECK(result.claims.at(0).status == ClaimStatus::kFails);
      CHECK(result.table("value")->rows.empty());
      CHECK(result.table("weight")->rows.empty());
    }
  }
}

TEST_CASE("extract-black-box: the right model for a box is recovered, exact count and all") {
  const std::vector<std::pair<std::string, std::string>> models = {
      {"one-head", "single"}, {"one-head", "low-rank"}, {"network", "transformer"}};
  for (const auto& [box, method] : models) {
    const Result result = checked_result(
        spec_of(named("extract-black-box"), {{"box", box}, {"method", method}, {"dim", "5"}}));
    CHECK(text_in(result, "status") == "recovered");
    CHECK(result.claims.at(0).status == ClaimStatus::kHolds);
    CHECK(result.table("weight")->rows.size() == 25);
    CHECK(result.table("value")->rows.size() == (method == "transformer" ? 0 : 5));
    CHECK(result.table("ffn")->rows.empty() == (method != "transformer"));
    CHECK(result.table("check")->rows.size() == 6);
  }
}

TEST_CASE("extract-black-box: a rank above the dimension is refused by name") {
  const auto plan = named("extract-black-box")
                        .plan(spec_of(named("extract-black-box"),
                                      {{"method", "low-rank"}, {"dim", "4"}, {"rank", "5"}}));
  REQUIRE_FALSE(plan);
  CHECK(plan.error().sentence.find("rank must be 0 to 4") != std::string::npos);
}

TEST_CASE(
    "a job that asks outside gets answers from the caller that drives it, and otherwise ends by "
    "itself") {
  const RunSpec spec = spec_of(named("extract-black-box"), {{"box", "own"}, {"dim", "3"}});
  const MadeBox box = make_box("one-head", 3, 9);
  JobSteps job = spec.experiment->start(spec, 0);
  std::size_t asked = 0;
  while (job.step() == JobSteps::State::kRunning) {
    OutsideQuestion* question = job.question();
    if (question == nullptr) continue;
    QueryBatch batch(1);
    REQUIRE(decode_question(question->bytes(), batch));
    asked += batch.size();
    question->answer(encode_answers(*box.oracle->ask(batch)));
  }
  REQUIRE(job.state() == JobSteps::State::kDone);
  const std::vector<JobOutput> outputs = {{0, job.take_output(), true}};
  const Result result = spec.experiment->find(spec, outputs).result;
  CHECK(text_in(result, "status") == "recovered");
  CHECK(asked == 12 + 224);
  CHECK(findings_of(spec, outputs).figures.at(0).maps().panels.size() == 1);

  JobSteps alone = spec.experiment->start(spec, 0);
  while (alone.step() == JobSteps::State::kRunning) {
  }
  CHECK(alone.state() == JobSteps::State::kFailed);
  CHECK(alone.error().sentence.find("attnlab extract") != std::string::npos);
  CHECK(alone.question() == nullptr);
}

TEST_CASE("a batch of questions survives bytes, and damaged bytes are refused") {
  const QueryBatch batch = two_questions();
  const Bytes bytes = encode_question(batch);
  CHECK(bytes.size() % 8 == 0);
  QueryBatch read(1);
  REQUIRE(decode_question(bytes, read));
  REQUIRE(read.size() == 3);
  CHECK(read.dim() == 2);
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(read[i].size() == batch[i].size());
    for (std::size_t k = 0; k < read[i].size(); ++k) {
      CHECK(std::ranges::equal(read.token_values(read[i][k]), batch.token_values(batch[i][k])));
    }
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(decode_question({bytes.data(), length}, read));
  }
  for (std::size_t word = 0; word < 10; ++word) {
    Bytes damaged = bytes;
    damaged[4 * word + 3] = 0x7f;  // a huge count, end or token number
    CHECK_FALSE(decode_question(damaged, read));
  }
}

TEST_CASE("answers must be one finite number per question") {
  std::vector<double> read;
  const std::vector<double> answers = {1, -0.5};
  CHECK(decode_answers(encode_answers(answers), 2, read));
  CHECK(read == answers);
  CHECK_FALSE(decode_answers(encode_answers(answers), 1, read));
  CHECK_FALSE(decode_answers(encode_answers(answers), 3, read));
  const std::vector<double> bad = {1, std::numeric_limits<double>::infinity()};
  CHECK_FALSE(decode_answers(encode_answers(bad), 2, read));
}
