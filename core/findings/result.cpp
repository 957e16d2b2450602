#include "core/findings/result.h"

#include <algorithm>

#include "core/base/text.h"

namespace attnlab {

std::string_view status_text(ClaimStatus status) {
  switch (status) {
    case ClaimStatus::kHolds:
      return "holds";
    case ClaimStatus::kFails:
      return "fails";
    case ClaimStatus::kNoCounterexample:
      return "no-counterexample";
    case ClaimStatus::kUndecided:
      break;
  }
  return "undecided";
}

void lack(Claim& claim, Need need) {
  claim.status = ClaimStatus::kUndecided;
  claim.evidence = "Needs " + need.what;
  const char* before = ": ";
  for (const auto& [parameter, text] : need.settings) {
    claim.evidence += before + parameter + " " + text;
    before = ", ";
  }
  claim.evidence += ".";
  claim.need = std::move(need);
}

std::vector<OpenNeed> open_needs(const std::vector<Claim>& claims) {
  std::vector<OpenNeed> open;
  std::vector<std::vector<std::string>> names;
  bool judged = false;
  for (const Claim& claim : claims) {
    if (claim.need.what.empty()) {
      judged = true;
      continue;
    }
    const auto same = std::find_if(open.begin(), open.end(),
                                   [&](const OpenNeed& one) { return one.need == claim.need; });
    const auto at = static_cast<std::size_t>(same - open.begin());
    if (same == open.end()) {
      open.push_back({{}, {}, claim.need});
      names.emplace_back();
    }
    names[at].push_back(claim.id);
  }
  for (std::size_t i = 0; i < open.size(); ++i) {
    const std::size_t count = names[i].size();
    names[i].erase(std::unique(names[i].begin(), names[i].end()), names[i].end());
    open[i].sentence = std::to_string(count) + (judged ? " more claim" : " claim") +
                       (count == 1 ? " needs " : "s need ") + open[i].need.what + ": " +
                       join(names[i], ", ") + ".";
    for (const auto& [parameter, text] : open[i].need.settings)
      open[i].offer += (open[i].offer.empty() ? "Set " : " and ") + parameter + " to " + text;
  }
  return open;
}

const Table* Result::table(std::string_view name) const {
  for (const Table& table : tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace attnlab
