// What claims need that the settings cannot decide: said once for all claims, and setting what is
// offered helps.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/findings/findings.h"

namespace attnlab {
namespace {

std::vector<OpenNeed> needs_of(const RunSpec& spec) {
  return open_needs(spec.experiment->find(spec, {}).result.claims);
}

bool needs(const RunSpec& spec, const std::string& what) {
  const std::vector<OpenNeed> open = needs_of(spec);
  return std::any_of(open.begin(), open.end(),
                     [&](const OpenNeed& one) { return one.need.what == what; });
}

}  // namespace

TEST_CASE("setting what a claim needs takes the need away, and the schema allows it") {
  for (const char* link : {"e=rf-learning-curve&models=rfa",
                           "e=rf-learning-curve&models=brfa,rfmlp&degree=2,3",
                           "e=rf-learning-curve&degree=6",
                           "e=rf-learning-curve&degree=1",
                           "e=rf-learning-curve&target=mean-cosine&frequency=64",
                           "e=rf-heads&heads=100",
                           "e=rf-heads&heads=3",
                           "e=rf-bias&bias-scale=0",
                           "e=rf-bias&bias-scale=3",
                           "e=rf-length&models=rfmlp",
                           "e=rf-trained&train=values&compare=rf-invariant-wide",
                           "e=icl-risk&heads=1",
                           "e=icl-risk&heads=2,3",
                           "e=icl-training&heads=2",
                           "e=icl-embedding&heads=1",
                           "e=icl-diversity&kappa=2",
                           "e=icl-diversity&kappa=0.5",
                           "e=icl-plateaus&trials=1",
                           "e=icl-plateaus&heads=1",
                           "e=icl-plateaus&eigenvalues=3",
                           "e=icl-depth&layers=1"}) {
    CAPTURE(link);
    const Permalink opened = read_query(link, *experiments().front());
    CHECK(opened.notes.empty());
    int offered = 0;
    for (const OpenNeed& open : needs_of(opened.spec)) {
      CAPTURE(open.sentence);
      if (open.need.settings.empty()) continue;
      ++offered;
      std::string changed = query_text(opened.spec);
      for (const auto& [parameter, text] : open.need.settings) {
        CHECK(open.offer.find(parameter + " to " + text) != std::string::npos);
        changed += "&" + parameter + "=" + text;
      }
      const Permalink set = read_query(changed, *opened.spec.experiment);
      CHECK(set.notes.empty());
      for (const auto& [parameter, text] : open.need.settings)
        CHECK(set.spec.parameters.text(parameter) == text);
      CHECK(!needs(set.spec, open.need.what));
    }
    CHECK(offered > 0);
  }
}

TEST_CASE("claims of one need are one sentence, and the need travels with the findings") {
  Claim a{"A3", "s"}, b{"A5", "s"}, c{"A5", "s"}, d{"A1", "s"};
  for (Claim* claim : {&a, &b, &c}) lack(*claim, {"two degrees", {{"degree", "2,4"}}});
  CHECK(a.evidence == "Needs two degrees: degree 2,4.");
  CHECK(open_needs({d}).empty());
  const std::vector<OpenNeed> alone = open_needs({a});
  REQUIRE(alone.size() == 1);
  CHECK(alone[0].sentence == "1 claim needs two degrees: A3.");
  const std::vector<OpenNeed> open = open_needs({a, d, b, c});
  REQUIRE(open.size() == 1);
  CHECK(open[0].sentence == "3 more claims need two degrees: A3, A5.");
  CHECK(open[0].offer == "Set degree to 2,4");
  Findings findings;
  findings.result.claims = {a, d};
  const Expected<Findings> back = decode_findings(encode_findings(findings), nullptr);
  REQUIRE(back);
  CHECK(back->result.claims[0].need == a.need);
  CHECK(back->result.claims[1].need.what.empty());
}

}  // namespace attnlab
