#include <doctest/doctest.h>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/unit/experiment/pi_experiment.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;
using test::every_kind_experiment;
using test::pi_experiment;

namespace {
RunSpec defaults(const Experiment& experiment) {
  return {&experiment, ParameterSet(experiment.schema)};
}
}  // namespace

TEST_CASE("every run reads back from its query string, short or full, without a note") {
  test::RandomValues random(1);
  const Experiment& experiment = every_kind_experiment();
  for (int i = 0; i < 2000; ++i) {
    const RunSpec spec{&experiment, random.parameters(experiment.schema),
                       random.bits() >> (11 + random.below(53))};
    for (const std::string& query : {query_text(spec), full_query_text(spec)}) {
      CAPTURE(query);
      const Permalink link = read_query(query, experiment);
      CHECK(link.notes.empty());
      CHECK(link.spec == spec);
    }
  }
}

TEST_CASE("a query string names the experiment, what is not at its default, and the seed") {
  RunSpec spec = defaults(every_kind_experiment());
  CHECK(query_text(spec) == "e=every-kind&seed=1");
  REQUIRE(spec.parameters.set_text("wholes", "16,32"));
  CHECK(query_text(spec) == "e=every-kind&wholes=16,32&seed=1");
  CHECK(full_query_text(spec) ==
        "e=every-kind&whole=16&real=0.5&word=red&word-or-real=red&wholes=16,32&reals=0,0.25&"
        "words=red,blue&points=1,-2,1,0.5&matrix=1,0,0,1&formula=dot%28b1,q%29&seed=1");
}

TEST_CASE("the name of a saved file says what is not at its default, in 120 plain characters") {
  const auto stem = [](const char* query) {
    return file_stem(read_query(query, *experiments().front()).spec);
  };
  CHECK(stem("e=icl-risk") == "icl-risk_seed-1");
  CHECK(stem("e=icl-risk&dim=3&heads=1,2&seed=4") == "icl-risk_dim-3_heads-1-2_seed-4");
  CHECK(stem("e=icl-attention&theta=-1,0.5") == "icl-attention_theta--1-0.5_seed-1");
  const std::string full = stem(
      "e=rf-learning-curve&target=mean-power,correlation-value,mean-cosine&degree=1,2,3&dim=7&keys="
      "9"
      "&heads=50&samples=16,64,128,256&trials=3&noise=0.5&seed=9007199254740991");
  CHECK(full.size() <= 120);
  CHECK(full.find("_more_seed-9007199254740991") != std::string::npos);
  CHECK(full.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string::npos);
}

TEST_CASE("a query string needs no escaping in an address") {
  test::RandomValues random(2);
  const Experiment& experiment = every_kind_experiment();
  for (int i = 0; i < 500; ++i) {
    const RunSpec spec{&experiment, random.parameters(experiment.schema), 1};
    CHECK(full_query_text(spec).find_first_not_of(
              "abcdefghijklmnopqrstuvwxyzABCDEFNS0123456789-.,=&%") == std::string::npos);
  }
}

TEST_CASE("a plus is a plus in a formula and a blank elsewhere") {
  for (const char* formula : {"1+dot(b1,q)", "1%2Bdot(b1,q)", "1%252Bdot%2528b1%252Cq%2529"}) {
    const Permalink link =
        read_query("+e=every-kind&formula=" + std::string(formula) + "&wholes=16,+32+&seed=+7",
                   every_kind_experiment());
    CAPTURE(formula);
    CHECK(link.notes.empty());
    CHECK(link.spec.parameters.text("formula") == "1+dot(b1,q)");
    CHECK(link.spec.parameters.text("wholes") == "16,32");
    CHECK(link.spec.seed == 7);
  }
}

TEST_CASE("a faulty formula of a link is left out with its sentence") {
  const Permalink link = read_query("e=every-kind&formula=dot(b1,y)", every_kind_experiment());
  REQUIRE(link.notes.size() == 1);
  CHECK(link.notes[0] ==
        "formula \"dot(b1,y)\": there is no \"y\" (column 8); dot(b1,q) is used instead");
  CHECK(link.spec.parameters.text("formula") == "dot(b1,q)");
  const Permalink ended = read_query("e=every-kind&formula=norm(b1).", every_kind_experiment());
  CHECK(ended.spec.parameters.text("formula") == "norm(b1)");
  REQUIRE(ended.notes.size() == 1);
  CHECK(ended.notes[0] == "formula: \"norm(b1).\" is read as \"norm(b1)\"");
  for (const char* given : {"norm(b1))", "norm(b1)).", "2\\*norm(b1)", "(norm(b1))"}) {
    const Permalink link =
        read_query("e=every-kind&formula=" + std::string(given), every_kind_experiment());
    CHECK(link.spec.parameters.text("formula") == (given[0] == '2'   ? "2*norm(b1)"
                                                   : given[0] == '(' ? "(norm(b1))"
                                                                     : "norm(b1)"));
  }
}

TEST_CASE("any bytes read as a run inside the schema") {
  test::RandomValues random(3);
  const std::string pieces[] = {
      "e=", "points=", "trials=",    "seed=", "run=",  "preset=quick", "e=pi", "%",
      "%4", "%zz",     "&",          "=",     "1e999", "nan",          "-5",   "3",
      "?",  "#",       "%70oints=3", "+",     "&&",    "theme=dark"};
  for (int i = 0; i < 20000; ++i) {
    std::string query;
    const std::size_t count = random.below(12);
    for (std::size_t k = 0; k < count; ++k) {
      query += random.chance(3) ? random.any_bytes(6) : pieces[random.below(std::size(pieces))];
    }
    const Permalink link = read_query(query, pi_experiment());
    CHECK(link.spec.seed <= kMaxSeed);
    CHECK(link.notes.size() <= 20);
    const Permalink again = read_query(query_text(link.spec), *link.spec.experiment);
    CHECK(again.notes.empty());
    CHECK(again.spec == link.spec);
  }
}

TEST_CASE("wrong values in a link are clamped or left out with one note each") {
  const Permalink link = read_query(
      "#points=0&seed=-4&pionts=3&trials=%zz&run=maybe&e=tau&preset=slow", pi_experiment());
  CHECK(link.notes ==
        std::vector<std::string>{
            "there is no experiment \"tau\"; pi is used instead",
            "pi has no preset \"slow\"; it is left out",
            "points must be 1 to 10000000, not 0; 1 is used instead",
            "seed must be 0 to 9007199254740991, not -4; 0 is used instead",
            "pi has no parameter \"pionts\"; it is left out (did you mean \"points\"?)",
            "trials must be 1 to 1000, not \"%zz\"; 5 is used instead",
            "run must be 0 or 1, not \"maybe\"; 0 is used instead",
        });
  CHECK(link.spec.parameters.integer("points") == 1);
  CHECK(link.spec.seed == 0);
  CHECK_FALSE(link.run);
}

TEST_CASE("a preset is applied before the other keys, whatever its place") {
  const Permalink link = read_query("trials=9&preset=quick", pi_experiment());
  CHECK(link.notes.empty());
  CHECK(link.spec.parameters.integer("points") == 250);
  CHECK(link.spec.parameters.integer("trials") == 9);
}

TEST_CASE("percent-encoding, blanks and repeated keys are understood") {
  const Permalink link = read_query("?%70oints=3&points=%34+&run=1&trials=2&", pi_experiment());
  CHECK(link.notes.empty());
  CHECK(link.spec.parameters.integer("points") == 4);
  CHECK(link.spec.parameters.integer("trials") == 2);
  CHECK(link.run);
}

TEST_CASE("page settings of an address are read along with the run, without a note") {
  const Permalink link =
      read_query("theme=dark&lock=seed%2Ctrials&ui=min&embed=1&draw=svg&fit=1", pi_experiment());
  CHECK(link.notes.empty());
  CHECK_FALSE(link.names_run);
  CHECK(link.page == PageSettings{.embed = true,
                                  .fit = true,
                                  .minimal = true,
                                  .svg = true,
                                  .theme = PageSettings::Theme::kDark,
                                  .locked = {"seed", "trials"}});
  CHECK(page_text(link.page) == "embed=1&fit=1&ui=min&draw=svg&lock=seed,trials&theme=dark");
  CHECK(read_query("seed=2", pi_experiment()).names_run);
  CHECK_FALSE(read_query("run=1", pi_experiment()).names_run);
  CHECK(page_text(PageSettings()).empty());
}

TEST_CASE("a switch without a value is on, 0 is off, in every key alike") {
  CHECK(read_query("embed", pi_experiment()).page.embed);
  CHECK(read_query("embed=", pi_experiment()).page.embed);
  CHECK_FALSE(read_query("embed=0", pi_experiment()).page.embed);
  CHECK_FALSE(read_query("embed=1&embed=0", pi_experiment()).page.embed);
}

TEST_CASE("blanks around the names of a lock do not count, and each is kept once") {
  for (const char* query : {"lock=heads, seed", "lock=+heads%20,,seed,heads,"}) {
    CAPTURE(query);
    const Permalink link = read_query(query, pi_experiment());
    CHECK(link.notes.empty());
    CHECK(link.page.locked == std::vector<std::string>{"heads", "seed"});
  }
}

TEST_CASE("a wrong value of a page setting is left out with a note") {
  const Permalink link =
      read_query("lock=headss,a%26trials%3D9,seed&ui=tiny&theme=blue&embed=yes", pi_experiment());
  CHECK(join(link.notes, "\n") ==
        "lock: \"headss,a&trials=9,seed\" is read as \"headss,a,seed\"\n"
        "lock names \"headss\", which no experiment has; it is left out (did you mean \"heads\"?)\n"
        "ui must be full or min, not \"tiny\"; it is left out\n"
        "theme must be auto or light or dark, not \"blue\"; it is left out\n"
        "embed must be 0 or 1, not \"yes\"; it is left out");
  CHECK(link.page == PageSettings{.locked = {"seed"}});
}

TEST_CASE("page settings are read back from their text, whatever they are") {
  test::RandomValues random(5);
  const std::string names[] = {"heads", "seed", "trials", "experiment", "preset", "dim"};
  for (int i = 0; i < 500; ++i) {
    PageSettings page{.embed = random.chance(2),
                      .fit = random.chance(2),
                      .minimal = random.chance(2),
                      .svg = random.chance(2),
                      .theme = static_cast<PageSettings::Theme>(random.below(3)),
                      .figure = random.chance(2) ? "learning-curve_mean-power-2" : "",
                      .locked = {}};
    for (const std::string& name : names) {
      if (random.chance(2)) page.locked.push_back(name);
    }
    const Permalink link = read_query(page_text(page), pi_experiment());
    CHECK(link.notes.empty());
    CHECK(link.page == page);
  }
}

TEST_CASE("the search part of an address gives page settings only, and its own come first") {
  Permalink link = read_query("points=3&lock=trials&ui=min", pi_experiment());
  read_page_settings("?lock=seed&points=9&utm_source=mail", link);
  CHECK(link.notes.empty());
  CHECK(link.spec.parameters.integer("points") == 3);
  CHECK(link.page == PageSettings{.minimal = true, .locked = {"seed"}});
}

TEST_CASE("a link of many wrong keys gives few notes, and the last counts the others") {
  std::string query;
  for (int i = 0; i < 100; ++i) query += "&zz" + std::to_string(i) + "=1";
  query += "&seed=2";
  const Permalink link = read_query(query, pi_experiment());
  REQUIRE(link.notes.size() == 20);
  CHECK(link.notes.back() == "and 81 more notes like these");
}

TEST_CASE("keys of a link after the 256th are left out") {
  std::string query;
  for (int i = 0; i < 255; ++i) query += "&zz" + std::to_string(i) + "=1";
  CHECK(read_query(query + "&points=9", pi_experiment()).spec.parameters.integer("points") == 9);
  const Permalink longer = read_query(query + "&zz=1&points=9", pi_experiment());
  CHECK(longer.spec == defaults(pi_experiment()));
}

// --- Links as mail programs, chats and editors leave them ---------------------------------------

namespace {

struct Mangled {
  const char* given;
  const char* meant;
  const char* note = "";  ///< of one sentence, or none
};

void check_mangled(const Mangled& link) {
  CAPTURE(std::string(link.given));
  const Permalink read = read_query(link.given, pi_experiment());
  const Permalink meant = read_query(link.meant, pi_experiment());
  CHECK(read.spec == meant.spec);
  CHECK(read.page == meant.page);
  CHECK(read.run == meant.run);
  CHECK(join(read.notes, "|") == link.note);
}

}  // namespace

TEST_CASE("a link that was encoded as a whole, once or more, is the link") {
  const char* meant = "e=pi&points=9&trials=2&seed=11&theme=dark";
  for (const char* given : {
           "#e%3Dpi%26points%3D9%26trials%3D2%26seed%3D11%26theme%3Ddark",
           "e%253Dpi%2526points%253D9%2526trials%253D2%2526seed%253D11%2526theme%253Ddark",
           "e%3Dpi%26points%3D9%26trials%3D2%26seed%3D11&theme=dark",
           "https://host.example/lab/#e%3dpi%26points%3d9%26trials%3d2%26seed%3d11%26theme%3ddark",
           "https://host.example/lab/?embed=1#e=pi&points=9&trials=2&seed=11&theme=dark",
           "%23e%3Dpi%26points%3D9%26trials%3D2%26seed%3D11%26theme%3Ddark",
           "<e=pi&points=9&trials=2&seed=11&theme=dark",
           "https://host.example/lab/%23e=pi&points=9&trials=2&seed=11&theme=dark",
           "https://host.example/lab/\xEF\xBC\x83"
           "e=pi&points=9&trials=2&seed=11&theme=dark",
           "https://host.example/lab/#e=pi&points=9&trials=2&seed=11&theme=dark#:~:text=hello",
           "https://filter.example/?url=https%3A%2F%2Fhost.example%2Flab%2F%23e%3Dpi%26points%3D9"
           "%26trials%3D2%26seed%3D11%26theme%3Ddark",
           "e=pi%26amp%3Bpoints=9%26amp%3Btrials=2%26amp%3Bseed=11%26amp%3Btheme=dark",
           "e=pi&amp%3Bpoints=9&amp%3btrials=2&amp%3Bseed=11&amp%3Btheme=dark",
           "e=pi%26points=9%26trials=2%26seed=11%26theme=dark",
           "e%3Dpi%26amp%3Bpoints%3D9%26amp%3Btrials%3D2%26amp%3Bseed%3D11%26amp%3Btheme%3Ddark",
           "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fhost.example%2Flab%2F"
           "%23e%3Dpi%26points%3D9%26trials%3D2%26seed%3D11%26theme%3Ddark&data=05%7C01%7C&sdata="
           "abc%3D&reserved=0",
           "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fhost.example%2Flab%2F"
           "%23e%3Dpi%26points%3D9%26trials%3D2%26seed%3D11%26theme%3Ddark&amp;data=05%7C01%7C&amp;"
           "sdata=abc%3D&amp;reserved=0",
           "https://urldefense.proofpoint.com/v2/url?u=https-3A__host.example_lab-2D1_-23e-3Dpi-26"
           "points-3D9-26trials-3D2-26seed-3D11-26theme-3Ddark&d=DwMFaQ&c=abc&r=x-y_z&m=1&s=2&e=",
           "https://urldefense.com/v3/__https://host.example/lab/*e=pi&points=9&trials=2&seed=11&"
           "theme=dark__;Iw!!Abc-1_2!xyz$",
           "https://urldefense.com/v3/__https://host.example/l*b/**Ae=pi&points=9&trials=2*seed=11&"
           "theme=dark__;w6QvIyY!!Abc!xyz$ ",
           "e%253Dpi%2526amp%253Bpoints%253D9%2526amp%253Btrials%253D2%2526seed%253D11%26theme="
           "dark",
       }) {
    check_mangled({given, meant});
  }
}

TEST_CASE("entities, quoted-printable, folded lines and odd characters leave the link as it was") {
  const char* meant = "e=pi&points=9&lock=seed,trials&seed=11";
  for (const char* given : {
           "#e=pi&amp;points=9&amp;lock=seed,trials&amp;seed=11",
           "#e=pi&amp;amp;points=9&#38;lock=seed,trials&#x26;seed=11",
           "#e=pi&#038;points=9&AMP;lock=seed&#44;&#160;trials&#X26;seed=1&#8203;1",
           "#e=pi&amp;points=9&amp;lock=seed&#65292;trials&amp;seed&#61;11",
           "e=3Dpi&points=3D9&lock=3Dseed,tr=\r\nials&seed=3D11",
           "e=pi&points=3D9&lock=seed,trials&seed=11",
           "e=pi&poi=\r\nnts=9&lock=seed,trials&seed=1=\n1",
           "e=pi=\n&points=\n9&lock=seed,=\r\ntrials&se=\ned=3=\nD11",
           "e=pi&points[]=9&lock[]=seed&lock[]=trials&seed[0]=11",
           "e=pi&points%5B%5D=9&lock=seed,trials&seed=11",
           "e=pi&poi\r\nnts=9&lock=seed,\n> trials&seed=1\n1",
           " e=pi & points = 9 & lock=seed, trials & seed=11 ",
           "e=pi&points=9&lock=seed%2Ctrials&seed=11",
           "e=pi&points=9&lock=seed%252Ctrials&seed=11",
           "e=pi&points=9&lock=seed,\xC2\xA0trials&seed=\xE2\x80\x8B"
           "11",
           "e=pi&points=9&lock=seed\xEF\xBC\x8Ctrials&seed=\xEF\xBC\x91\xEF\xBC\x91",
           "e\xEF\xBC\x9Dpi\xEF\xBC\x86points=9&lock=seed,trials&seed=11",
           "e=pi&points=9&lock=seed%C2%A0,trials&seed=%EF%BB%BF11",
       }) {
    check_mangled({given, meant});
  }
}

TEST_CASE("characters after a number or a name that cannot belong to it are dropped with a note") {
  for (const Mangled& link : std::vector<Mangled>{
           {"points=9&seed=7.", "points=9&seed=7"},  // a number that may be written so
           {"points=9&seed=7,", "points=9&seed=7", "seed: \"7,\" is read as \"7\""},
           {"points=9&seed=12)", "points=9&seed=12", "seed: \"12)\" is read as \"12\""},
           {"seed=12&points=9>", "points=9&seed=12", "points: \"9>\" is read as \"9\""},
           {"points=(9)&seed=12", "points=9&seed=12", "points: \"(9)\" is read as \"9\""},
           {"points=9&seed=7\">here</a>", "points=9&seed=7",
            "seed: \"7\">here</a>\" is read as \"7\""},
           {"points=9&seed=7 is nice", "points=9&seed=7", "seed: \"7isnice\" is read as \"7\""},
           {"points=9&seed=7, and more", "points=9&seed=7", "seed: \"7,andmore\" is read as \"7\""},
           {"points=9&seed=7. Look", "points=9&seed=7", "seed: \"7.Look\" is read as \"7\""},
           {"points=9&seed=7 - the risk", "points=9&seed=7",
            "seed: \"7-therisk\" is read as \"7\""},
           {"e=pi).&seed=2", "seed=2", "e: \"pi).\" is read as \"pi\""},
           {"seed=2&theme=dark\xE2\x80\x9D", "seed=2&theme=dark",
            "theme: \"dark\xE2\x80\x9D\" is read as \"dark\""},
           {"seed=2&lock=trials>,seed", "seed=2&lock=trials,seed",
            "lock: \"trials>,seed\" is read as \"trials,seed\""},
           {"seed=2&points=99999999999.", "seed=2&points=10000000",
            "points: \"99999999999.\" is read as \"99999999999\"; points must be 1 to 10000000, "
            "not 99999999999; 10000000 is used instead"},
       }) {
    check_mangled(link);
  }
  const Permalink list = read_query("e=every-kind&wholes=16,32>&reals=0.5;,\"1\"&words=red,'blue'",
                                    every_kind_experiment());
  CHECK(list.notes.size() == 3);
  CHECK(query_text(list.spec) == "e=every-kind&wholes=16,32&reals=0.5,1&seed=1");
  const Permalink prose = read_query(
      "e=every-kind&wholes=16,32 please, and soon&reals=0.5,1e-2, too", every_kind_experiment());
  CHECK(prose.notes.size() == 2);
  CHECK(query_text(prose.spec) == "e=every-kind&wholes=16,32&reals=0.01,0.5&seed=1");
}

TEST_CASE(
    "between two numbers of a list a blank stands for a comma, with a note; a fold does not") {
  const auto wholes = [](const std::string& list) {
    const Permalink link = read_query("e=every-kind&wholes=" + list, every_kind_experiment());
    return link.spec.parameters.text("wholes") + (link.notes.empty() ? "" : "|") +
           join(link.notes, "|");
  };
  for (const char* blank : {" ", "%20", "+", "\t", "\xC2\xA0", "%2520"}) {
    CAPTURE(blank);
    CHECK(wholes("1" + std::string(blank) + "3").substr(0, 4) == "1,3|");
  }
  CHECK(wholes("1 3") == "1,3|wholes: \"1 3\" is read as \"1,3\"");
  CHECK(wholes("16 64 256, 7") == "7,16,64,256|wholes: \"16 64 256,7\" is read as \"16,64,256,7\"");
  for (const char* clean :
       {"1\n6", "1\r\n> 6", "1 \n 6", "1%0A6", "1\xE2\x80\x8B\x36", " 16 ", "=\n16"}) {
    CAPTURE(clean);
    CHECK(wholes(clean) == "16");
  }
  CHECK(wholes("1, 6") == "1,6");
  const Permalink points =
      read_query("e=every-kind&points=1 -2 1 .5&whole=1 2", every_kind_experiment());
  CHECK(points.spec.parameters.text("points") == "1,-2,1,0.5");
  CHECK(points.spec.parameters.text("whole") == "12");
}

TEST_CASE("lists of other programs, one entry a key, are lists") {
  for (const char* query :
       {"e=every-kind&wholes[]=16&wholes[]=32", "e=every-kind&wholes%5B%5D=16&wholes%5B%5D=32",
        "e=every-kind&wholes[0]=16&wholes[1]=32",
        "e%3Devery-kind%26wholes[]%3D16%26wholes[]%3D32"}) {
    CAPTURE(query);
    const Permalink link = read_query(query, every_kind_experiment());
    CHECK(link.notes.empty());
    CHECK(link.spec.parameters.text("wholes") == "16,32");
  }
}

TEST_CASE("a link of which nothing is understood says so; a wrong word says what was meant") {
  CHECK(read_query("#%zz", pi_experiment()).notes ==
        std::vector<std::string>{"nothing of the link \"#%zz\" is understood; it is left out"});
  CHECK(read_query("pionts=3", pi_experiment()).notes ==
        std::vector<std::string>{
            "nothing of the link \"pionts=3\" is understood; it is left out",
            "pi has no parameter \"pionts\"; it is left out (did you mean \"points\"?)"});
  CHECK(read_query("", pi_experiment()).notes.empty());
  CHECK(read_query(" ", pi_experiment()).notes.empty());
}

TEST_CASE("any clean link is the same state after any mangling of these kinds") {
  test::RandomValues random(11);
  const Experiment& experiment = every_kind_experiment();
  const auto percent = [](std::string_view text) {
    std::string safe;
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      constexpr const char* kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      safe += plain ? std::string(1, c) : std::string{'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    return safe;
  };
  const auto replaced = [](std::string text, char from, std::string_view to) {
    std::string result;
    for (const char c : text) result += c == from ? std::string(to) : std::string(1, c);
    return result;
  };
  const std::string folds[] = {"\r\n", "\n> ", "\n", "\xE2\x80\x8B", "\xC2\xAD"};
  const std::string blanks[] = {" ", "\t", "\xC2\xA0", "%20"};
  const std::string tails[] = {".", ")", ">", "\"", "'", ",", ";", ")."};
  for (int i = 0; i < 4000; ++i) {
    RunSpec spec{&experiment, random.parameters(experiment.schema), random.below(1u << 30)};
    std::string link = random.chance(2) ? query_text(spec) : full_query_text(spec);
    if (random.chance(2)) link += tails[random.below(std::size(tails))];
    std::string folded;  // a blank or a fold anywhere, as in a long line of a mail
    const auto numeric = [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == '.'; };
    for (const char c : link) {
      // Between two numbers a blank may stand for a comma.
      const bool inside = !folded.empty() && numeric(folded.back()) && numeric(c);
      const bool fold = inside || random.chance(2);
      if (random.chance(40))
        folded +=
            fold ? folds[random.below(std::size(folds))] : blanks[random.below(std::size(blanks))];
      folded += c;
    }
    link = folded;
    if (random.chance(3)) link = replaced(link, ',', random.chance(2) ? "%2C" : "\xEF\xBC\x8C");
    switch (random.below(4)) {
      case 0:
        for (std::size_t k = random.below(3); k > 0; --k) link = replaced(link, '&', "&amp;");
        break;
      case 1:
        for (std::size_t k = 1 + random.below(2); k > 0; --k) link = percent(link);
        break;
      default:
        break;
    }
    if (random.chance(2)) link = "https://host.example/lab/#" + link;
    CAPTURE(link);
    CHECK(read_query(link, experiment).spec == spec);
  }
}
