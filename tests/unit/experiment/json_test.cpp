#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/unit/experiment/pi_experiment.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;
using nlohmann::json;
using test::every_kind_experiment;

namespace {

json parsed(const std::string& text) {
  return json::parse(text, nullptr, false);
}

std::string refusal(std::string_view text) {
  const auto read = read_parameters_json(every_kind_experiment(), text);
  return read ? std::string() : read.error().sentence;
}

Result small_result() {
  Result result;
  result.tables.push_back({"pi",
                           "",
                           {{"mean", "", "", ColumnType::kNumber},
                            {"n", "", "", ColumnType::kWhole},
                            {"model", "", "", ColumnType::kText}},
                           {}});
  result.tables[0].rows = {{1.0 / 3, std::int64_t{7}, std::string("r\"f\na\xff")},
                           {Cell(), std::nan(""), std::string()}};
  result.claims.push_back({"A2", "It learns.", ClaimStatus::kHolds, "0.161 ± 0.010", "Level 5 %."});
  result.notes = {"one", "two"};
  return result;
}

}  // namespace

TEST_CASE("every parameter set reads back from its JSON") {
  test::RandomValues random(1);
  const Experiment& experiment = every_kind_experiment();
  for (int i = 0; i < 2000; ++i) {
    const ParameterSet values = random.parameters(experiment.schema);
    const auto read = read_parameters_json(experiment, parameters_json(values));
    REQUIRE(read);
    CHECK(*read == values);
  }
}

TEST_CASE("numbers, texts and lists are read as the schema has them") {
  const auto read = read_parameters_json(
      every_kind_experiment(),
      R"({"whole": 1e2, "real": 1, "word-or-real": 0.5, "wholes": "64,16", "reals": 3, "words": ["blue"]})");
  REQUIRE(read);
  CHECK(read->integer("whole") == 100);
  CHECK(read->real("real") == 1);
  CHECK(read->text("word-or-real") == "0.5");
  CHECK(read->text("wholes") == "16,64");
  CHECK(read->text("reals") == "3");
  CHECK(read->text("words") == "blue");
  CHECK(read->text("word") == "red");
}

TEST_CASE("JSON values that the schema does not allow are refused by name") {
  CHECK(refusal(R"({"whole": 0.5})") == "whole must be a whole number, -1000 to 100000, not 0.5");
  CHECK(refusal(R"({"whole": true})") == "whole must be -1000 to 100000, not true");
  CHECK(refusal(R"({"whole": [1]})") == "whole must be -1000 to 100000, not [1]");
  CHECK(refusal(R"({"real": null})") == "real must be -10 to 10, not null");
  CHECK(refusal(R"({"real": "nan"})") == "real must be -10 to 10, not \"nan\"");
  CHECK(refusal(R"({"word": 3})") == "word must be one of red, green, blue, not \"3\"");
  CHECK(refusal(R"({"wholes": [16, "x"]})") == "wholes: entry 2 must be 1 to 65536, not \"x\"");
  CHECK(refusal(R"({"wholes": [16, [1]]})") ==
        "wholes must be up to 8 values, each 1 to 65536, not [16,[1]]");
  CHECK(refusal(R"({"wholes": []})").starts_with("wholes needs at least one entry"));
  CHECK(refusal(R"({"whale": 1})")
            .starts_with("unknown parameter \"whale\" for every-kind; did you mean \"whole\"? It "
                         "has: whole, "));
}

TEST_CASE("text that is not a JSON object is refused") {
  for (const char* text : {"", "{", "[1]", "3", "null", "{\"whole\":1}x", "{'whole':1}",
                           "{\"whole\":1e999}", "{\"whole\":NaN}", "{\"\xff\":1}"}) {
    CAPTURE(text);
    CHECK(refusal(text).starts_with("parameters must be a JSON object such as"));
  }
}

TEST_CASE("JSON nested a million deep is refused without following it") {
  CHECK_FALSE(refusal(std::string(1000000, '[')).empty());
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  CHECK_FALSE(refusal(objects).empty());
  CHECK(refusal(R"({"word": "[[[[[[[[[[[[[["})").starts_with("word must be one of"));
}

TEST_CASE("any bytes as JSON parameters give values or a sentence") {
  test::RandomValues random(2);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = random.chance(2)
                                 ? random.any_bytes(30)
                                 : "{" + random.text_of("\"wholes:,[]{}0123e.- \\u", 30) + "}";
    const auto read = read_parameters_json(every_kind_experiment(), text);
    if (!read) CHECK_FALSE(read.error().sentence.empty());
  }
}

TEST_CASE("any text is a valid JSON string that reads back, with damaged bytes replaced") {
  test::RandomValues random(3);
  CHECK(json_quoted("a\"b\\c\nd\x01") == "\"a\\\"b\\\\c\\nd\\u0001\"");
  CHECK(parsed(json_quoted("λ ± 𝔼")).get<std::string>() == "λ ± 𝔼");
  for (int i = 0; i < 3000; ++i) {
    const json read = parsed(json_quoted(random.any_bytes(20)));
    CHECK(read.is_string());
  }
}

TEST_CASE("the result document has the keys of the command line's contract, in order") {
  const RunSpec spec{&test::pi_experiment(), ParameterSet(test::pi_experiment().schema), 7};
  const std::string text = result_json(spec, small_result(), {"0.1", "linux", "avx2"}, 5, 1.25);
  const auto document = nlohmann::ordered_json::parse(text, nullptr, false);
  REQUIRE(document.is_object());
  std::vector<std::string> keys;
  for (const auto& [key, value] : document.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"attnlab", "experiment", "params", "seed", "build",
                                         "tables", "claims", "notes", "jobs", "elapsed_s"});
  CHECK(document["attnlab"] == 1);
  CHECK(document["experiment"] == "pi");
  CHECK(document["params"]["points"] == 1000);
  CHECK(document["seed"] == 7);
  CHECK(document["build"].dump() == R"({"version":"0.1","target":"linux","simd":"avx2"})");
  CHECK(document["tables"]["pi"]["columns"].dump() == R"(["mean","n","model"])");
  CHECK(document["tables"]["pi"]["types"].dump() == R"(["number","integer","text"])");
  CHECK(document["tables"]["pi"]["rows"][0][0] == 1.0 / 3);
  CHECK(document["tables"]["pi"]["rows"][0][2] == "r\"f\na\xEF\xBF\xBD");
  CHECK(document["tables"]["pi"]["rows"][1].dump() == R"([null,null,""])");
  CHECK(
      document["claims"].dump() ==
      R"([{"id":"A2","statement":"It learns.","status":"holds","evidence":"0.161 ± 0.010","judged":"Level 5 %."}])");
  CHECK(document["notes"].dump() == R"(["one","two"])");
  CHECK(document["jobs"] == 5);
  CHECK(document["elapsed_s"] == 1.25);
}

TEST_CASE("the result document has one table row per line") {
  const RunSpec spec{&test::pi_experiment(), ParameterSet(test::pi_experiment().schema), 7};
  const std::string text = result_json(spec, small_result(), {}, 5, 1);
  CHECK(text.find("\n   [null,null,\"\"]") != std::string::npos);
  CHECK(text.ends_with("}\n"));
}

TEST_CASE("a result without rows, claims or tables is a valid document") {
  const RunSpec spec{&test::pi_experiment(), ParameterSet(test::pi_experiment().schema)};
  Result empty;
  CHECK(parsed(result_json(spec, empty, {}, 0, 0))["tables"].dump() == "{}");
  empty.tables.push_back({"pi", "", {}, {}});
  CHECK(parsed(result_json(spec, empty, {}, 0, 0))["tables"]["pi"]["rows"].dump() == "[]");
}

TEST_CASE("an experiment's description has its parameters, ranges, defaults and presets") {
  const json every = parsed(experiment_json(every_kind_experiment()));
  REQUIRE(every.is_object());
  REQUIRE(every["parameters"].size() == 10);
  CHECK(every["parameters"][0]["kind"] == "integer");
  CHECK(every["parameters"][0]["min"] == -1000);
  CHECK(every["parameters"][0]["default"] == 16);
  CHECK(every["parameters"][2]["choices"][1]["name"] == "green");
  CHECK_FALSE(every["parameters"][2].contains("min"));
  CHECK(every["parameters"][4]["default"].dump() == "[16,64]");
  CHECK(every["parameters"][6]["kind"] == "choice-list");
  CHECK(every["parameters"][7]["kind"] == "real-tuple");
  CHECK(every["parameters"][7]["min_items"] == 2);
  CHECK(every["parameters"][7]["group"] == 2);
  CHECK(every["parameters"][9]["kind"] == "text");
  CHECK(every["parameters"][9]["max_length"] == 300);
  CHECK_FALSE(every["parameters"][9].contains("max"));
  const json pi = parsed(experiment_json(test::pi_experiment()));
  CHECK(pi["presets"][0]["values"].dump() == R"({"points":250,"trials":3})");
}

TEST_CASE("the list of all experiments is valid JSON in the order of the registry") {
  const json list = parsed(experiments_json());
  CHECK(list["attnlab"] == 1);
  REQUIRE(list["experiments"].size() == experiments().size());
  for (std::size_t i = 0; i < experiments().size(); ++i) {
    CHECK(list["experiments"][i]["id"] == experiments()[i]->id);
  }
}
