#include <doctest/doctest.h>

#include <cmath>

#include "tests/unit/experiment/pi_experiment.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;

namespace {

const Schema& schema() {
  return test::every_kind_experiment().schema;
}

/// The sentence that refuses the text, empty when it is taken.
std::string refusal(std::string_view name, std::string_view text) {
  ParameterSet set(schema());
  const auto done = set.set_text(name, text);
  CHECK((done || set == ParameterSet(schema())));
  return done ? std::string() : done.error().sentence;
}

/// The canonical text that the text is taken as.
std::string taken(std::string_view name, std::string_view text) {
  ParameterSet set(schema());
  CHECK(set.set_text(name, text));
  return set.text(name);
}

}  // namespace

TEST_CASE("every parameter starts at its default") {
  const ParameterSet set(schema());
  for (const Parameter& parameter : schema().parameters) CHECK(set.is_default(parameter.name));
  CHECK(set.integer("whole") == 16);
  CHECK(set.real("real") == 0.5);
  CHECK(set.choice("word-or-real") == "red");
  CHECK(set.integers("wholes") == std::vector<std::int64_t>{16, 64});
  CHECK(set.reals("reals") == std::vector<double>{0, 0.25});
  CHECK(set.choices("words") == std::vector<std::string>{"red", "blue"});
}

TEST_CASE("a text is taken without blanks, and refused with its value and the place of the fault") {
  CHECK(taken("formula", "  mean( dot(b1, x)^2 ) ") == "mean(dot(b1,x)^2)");
  CHECK(refusal("formula", "mean(dot(b1,y))") ==
        "formula \"mean(dot(b1,y))\": there is no \"y\" (column 13)");
  CHECK(refusal("formula", "") == "formula must be a formula of at most 300 characters, not \"\"");
  const std::string beginning = std::string(50, '1');
  CHECK(
      refusal("formula", std::string(301, '1'))
          .starts_with("formula must be a formula of at most 300 characters, not \"" + beginning));
  CHECK(allowed_text(*schema().find("formula")) == "a formula of at most 300 characters");
  // Text without a form: printable characters.
  Parameter free = *schema().find("formula");
  free.form = TextForm::kLetters;
  free.max = 5;
  const Schema words{{free}};
  CHECK_FALSE(check_schema(words));  // the default is too long
  free.default_value = std::string("abc");
  const Schema short_words{{free}};
  ParameterSet set(short_words);
  CHECK(set.set_text("formula", "1 + y"));
  CHECK(set.text("formula") == "1+y");
  CHECK(set.set_text("formula", "1\xC2\xB7").error().sentence ==
        "formula must be 1 to 5 characters, not \"1\xC2\xB7\"");
}

TEST_CASE("every value of every kind reads back from its text") {
  test::RandomValues random(1);
  for (int i = 0; i < 2000; ++i) {
    const ParameterSet values = random.parameters(schema());
    ParameterSet read(schema()), lenient(schema());
    for (const Parameter& parameter : schema().parameters) {
      REQUIRE(read.set_text(parameter.name, values.text(parameter.name)));
      CHECK(lenient.set_text_clamped(parameter.name, values.text(parameter.name)).empty());
    }
    CHECK(read == values);
    CHECK(lenient == values);
  }
}

TEST_CASE("a refusal names the parameter, its value and what is allowed, and changes nothing") {
  CHECK(refusal("whole", "100001") == "whole must be -1000 to 100000, not 100001");
  CHECK(refusal("whole", "") == "whole must be -1000 to 100000, not \"\"");
  CHECK(refusal("real", "10.5") == "real must be -10 to 10, not 10.5");
  CHECK(refusal("real", "ten") == "real must be -10 to 10, not \"ten\"");
  CHECK(refusal("word", "pink") == "word must be one of red, green, blue, not \"pink\"");
  CHECK(refusal("word-or-real", "0") ==
        "word-or-real must be one of red, green, blue or a number from 1e-12 to 1000, not 0");
  CHECK(refusal("wholes", "16,64,x") == "wholes: entry 3 must be 1 to 65536, not \"x\"");
  CHECK(refusal("wholes", "16,,64") == "wholes: entry 2 must be 1 to 65536, not \"\"");
  CHECK(refusal("words", "red,pink") ==
        "words: entry 2 must be one of red, green, blue, not \"pink\"");
}

TEST_CASE("nan and infinities are refused by name") {
  CHECK(refusal("whole", "nan") == "whole must be -1000 to 100000, not \"nan\"");
  CHECK(refusal("real", "-inf") == "real must be -10 to 10, not \"-inf\"");
  CHECK(refusal("word-or-real", "NaN") ==
        "word-or-real must be one of red, green, blue or a number from 1e-12 to 1000, not \"NaN\"");
  CHECK(refusal("reals", "0,inf") == "reals: entry 2 must be -1e300 to 1e300, not \"inf\"");
  ParameterSet set(schema());
  CHECK(set.set("real", std::nan("")).error().sentence == "real must be -10 to 10, not \"nan\"");
}

TEST_CASE("lists need an entry and may not have too many") {
  CHECK(refusal("wholes", "") ==
        "wholes needs at least one entry: up to 8 values, each 1 to 65536");
  CHECK(refusal("words", " ") == "words needs at least one entry: up to 3 of red, green, blue");
  CHECK(refusal("wholes", "1,2,3,4,5,6,7,8,9") == "wholes may have at most 8 entries, not 9");
}

TEST_CASE("a whole number may be written in any decimal form whose value is whole") {
  CHECK(taken("whole", "1e3") == "1000");
  CHECK(taken("whole", "16.0") == "16");
  CHECK(taken("wholes", "1e2,1.6e1") == "16,100");
  CHECK(refusal("whole", "2.5") == "whole must be a whole number, -1000 to 100000, not 2.5");
  CHECK(refusal("whole", "0x10") == "whole must be -1000 to 100000, not \"0x10\"");
}

TEST_CASE("typed numbers are taken across kinds when no digit is lost") {
  ParameterSet set(schema());
  CHECK(set.set("whole", 100.0));
  CHECK(set.integer("whole") == 100);
  CHECK(set.set("real", std::int64_t{3}));
  CHECK(set.real("real") == 3);
  CHECK(set.set("wholes", std::vector<double>{4, 2}));
  CHECK(set.integers("wholes") == std::vector<std::int64_t>{2, 4});
  CHECK_FALSE(set.set("whole", 0.5));
  CHECK_FALSE(set.set("word", 1.0));
}

TEST_CASE("lists are kept in order and without repeats") {
  CHECK(taken("wholes", "64,16,64") == "16,64");
  CHECK(taken("reals", "1,-1,1") == "-1,1");
  CHECK(taken("words", "blue,red,blue") == "red,blue");
}

TEST_CASE("blanks around values do not count, and minus zero is zero") {
  CHECK(taken("whole", " 5 ") == "5");
  CHECK(taken("wholes", "64, 16") == "16,64");
  CHECK(taken("word", " blue") == "blue");
  CHECK(taken("real", "-0") == "0");
}

TEST_CASE("what is allowed has a text for every kind") {
  CHECK(allowed_text(*schema().find("whole")) == "-1000 to 100000");
  CHECK(allowed_text(*schema().find("word")) == "one of red, green, blue");
  CHECK(allowed_text(*schema().find("word-or-real")) ==
        "one of red, green, blue or a number from 1e-12 to 1000");
  CHECK(allowed_text(*schema().find("wholes")) == "up to 8 values, each 1 to 65536");
  CHECK(allowed_text(*schema().find("words")) == "up to 3 of red, green, blue");
}

TEST_CASE("an unknown parameter is answered with the intended one") {
  CHECK(refusal("wholse", "1") ==
        "unknown parameter \"wholse\"; did you mean \"whole\"? There are: whole, real, word, "
        "word-or-real, wholes, reals, words, points, matrix, formula");
}

TEST_CASE("lenient reading clamps numbers, drops unknown entries and says so once") {
  ParameterSet set(schema());
  CHECK(set.set_text_clamped("whole", "200000") ==
        "whole must be -1000 to 100000, not 200000; 100000 is used instead");
  CHECK(set.set_text_clamped("whole", "2.4") ==
        "whole must be a whole number, -1000 to 100000, not 2.4; 2 is used instead");
  CHECK(set.set_text_clamped("whole", "many") ==
        "whole must be -1000 to 100000, not \"many\"; 2 is used instead");
  CHECK(set.set_text_clamped("real", "nan") ==
        "real must be -10 to 10, not \"nan\"; 0.5 is used instead");
  CHECK(set.set_text_clamped("wholes", "0,x,32,99999") ==
        "wholes: entry 1 must be 1 to 65536, not 0; 1,32,65536 is used instead");
  CHECK(set.set_text_clamped("wholes", "9,8,7,6,5,4,3,2,1") ==
        "wholes may have at most 8 entries, not 9; 2,3,4,5,6,7,8,9 is used instead");
  CHECK(set.set_text_clamped("words", "pink,green") ==
        "words: entry 1 must be one of red, green, blue, not \"pink\"; green is used instead");
  CHECK(set.set_text_clamped("words", "") ==
        "words needs at least one entry: up to 3 of red, green, blue; green is used instead");
  CHECK(set.set_text_clamped("whole", "7").empty());
  CHECK(set.integer("whole") == 7);
}

TEST_CASE("lenient reading of any bytes stays inside the schema") {
  test::RandomValues random(2);
  ParameterSet set(schema());
  for (int i = 0; i < 20000; ++i) {
    const Parameter& parameter = schema().parameters[random.below(schema().parameters.size())];
    const std::string text =
        random.chance(2) ? random.any_bytes(20) : random.text_of("0123456789.,-+einfredblu ", 12);
    set.set_text_clamped(parameter.name, text);
    ParameterSet strict(schema());
    CHECK(strict.set_text(parameter.name, set.text(parameter.name)));
    CHECK(strict.value(parameter.name) == set.value(parameter.name));
  }
}

TEST_CASE("a tuple keeps order and repeats, and says how many entries it takes") {
  CHECK(taken("points", "1,1,-3,1,1,1") == "1,1,-3,1,1,1");
  CHECK(taken("matrix", "2, 1,2,1") == "2,1,2,1");
  CHECK(refusal("points", "1,2,3") ==
        "points must be 2 to 8 values in order (groups of 2), each -3 to 3, not 3 entries");
  CHECK(refusal("points", "1,4") == "points: entry 2 must be -3 to 3, not 4");
  CHECK(refusal("points", "") ==
        "points needs at least one entry: 2 to 8 values in order (groups of 2), each -3 to 3");
  CHECK(refusal("matrix", "1,2,3") ==
        "matrix must be 4 values in order, each -1e300 to 1e300, not 3 entries");
  CHECK(refusal("matrix", "1,2,3,4,5") == "matrix may have at most 4 entries, not 5");
}

TEST_CASE("a link's tuple is clamped, cut to whole groups, and dropped where places would shift") {
  ParameterSet set(schema());
  CHECK_FALSE(set.set_text_clamped("points", "1,9,2").empty());
  CHECK(set.text("points") == "1,3");
  CHECK_FALSE(set.set_text_clamped("points", "0,x,2,2").empty());
  CHECK(set.text("points") == "1,3");
  CHECK_FALSE(set.set_text_clamped("points", "0,0,1,1,2,2,3,3,0,0").empty());
  CHECK(set.text("points") == "0,0,1,1,2,2,3,3");
  CHECK_FALSE(set.set_text_clamped("matrix", "1,2").empty());
  CHECK(set.text("matrix") == "1,0,0,1");
}
