#include <doctest/doctest.h>

#include "core/base/text.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;

TEST_CASE("joining what was split gives the text again") {
  test::RandomValues random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = random.text_of("ab,", 12);
    CHECK(join(split(text, ','), ",") == text);
  }
  CHECK(split("", ',').empty());
  CHECK(split(",", ',') == std::vector<std::string>{"", ""});
}

TEST_CASE("text that is valid UTF-8 stays as it is") {
  const std::string text = "plain, ± λ ₙ 𝔼 \xEF\xBF\xBD";
  CHECK(valid_utf8(text) == text);
}

TEST_CASE("bytes that belong to no character are replaced, each by itself") {
  const std::string mark = "\xEF\xBF\xBD";
  CHECK(valid_utf8("a\x80z") == "a" + mark + "z");
  CHECK(valid_utf8("\xC0\xAF") == mark + mark);                        // overlong
  CHECK(valid_utf8("\xED\xA0\x80") == mark + mark + mark);             // surrogate
  CHECK(valid_utf8("\xF4\x90\x80\x80") == mark + mark + mark + mark);  // above U+10FFFF
  CHECK(valid_utf8("\xE2\x82") == mark + mark);                        // cut
}

TEST_CASE("making any bytes valid UTF-8 twice is the same as once") {
  test::RandomValues random(2);
  for (int i = 0; i < 5000; ++i) {
    const std::string once = valid_utf8(random.any_bytes(20));
    CHECK(valid_utf8(once) == once);
  }
}

TEST_CASE("quoted text is short, without control characters and valid") {
  CHECK(quoted_text("nan") == "\"nan\"");
  CHECK(quoted_text("a\nb") ==
        "\"a\xEF\xBF\xBD"
        "b\"");
  CHECK(quoted_text(std::string(61, 'x')) == "\"" + std::string(60, 'x') + "…\"");
  test::RandomValues random(3);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = quoted_text(random.any_bytes(200));
    CHECK(text.size() <= 66);
    CHECK(valid_utf8(text) == text);
  }
}

TEST_CASE("a misspelt name finds the intended one") {
  const std::vector<std::string> names = {"heads", "keys", "test-samples", "samples"};
  CHECK(closest("headz", names) == "heads");
  CHECK(closest("haeds", names) == "heads");
  CHECK(closest("sample", names) == "samples");
  CHECK(closest("test", names) == "test-samples");
  CHECK(closest("temperature", names).empty());
  CHECK(closest("", names).empty());
  CHECK(closest(std::string(100000, 'a'), names).empty());
}

TEST_CASE("an unknown name is answered with the names there are") {
  CHECK(unknown_name_text("parameter", "headz", "pi", {"heads", "keys"}) ==
        "unknown parameter \"headz\" for pi; did you mean \"heads\"? It has: heads, keys");
  CHECK(unknown_name_text("experiment", "zzz", "", {"pi"}) ==
        "unknown experiment \"zzz\"; there are: pi");
}

TEST_CASE("a count and its noun agree") {
  CHECK(counted(1, "box", "boxes") == "1 box");
  CHECK(counted(2, "box", "boxes") == "2 boxes");
  CHECK(counted(0, "trial") == "0 trials");
  CHECK(counted(1, "trial") == "1 trial");
  CHECK(counted(12, "training seed") == "12 training seeds");
}
