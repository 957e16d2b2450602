// Claims under the figure: verdict, measured evidence, and what the paper says.
#include <algorithm>

#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kVerdictWidth = 118.0f;
constexpr float kStacked = 520.0f;  // narrower panels put the evidence below the verdict
constexpr float kEvidenceSize = kTextSize;
constexpr float kBetween = 10.0f;

/// What was measured comes first; before a run there is only what the paper says.
std::string first_line(const AppState& s, const Claim& claim) {
  if (!s.judges()) return claim.statement;
  return claim.evidence.empty() ? "Not enough measured yet." : claim.evidence;
}

std::string second_line(const AppState& s, const Claim& claim) {
  if (!s.judges()) return "Claim " + claim.id;
  return "Claim " + claim.id + ": " + claim.statement +
         (claim.judged.empty() ? "" : "\n" + claim.judged);
}

const char* verdict_word(const AppState& s, const Claim& claim) {
  if (!s.has_result()) return "To test";
  switch (claim.status) {
    case ClaimStatus::kHolds:
      return "HOLDS";
    case ClaimStatus::kFails:
      return "FAILS";
    case ClaimStatus::kNoCounterexample:
      return "Not refuted";
    case ClaimStatus::kUndecided:
      break;
  }
  return "Undecided";
}

Icon verdict_icon(ClaimStatus status) {
  switch (status) {
    case ClaimStatus::kHolds:
      return Icon::kCheck;
    case ClaimStatus::kFails:
      return Icon::kCross;
    case ClaimStatus::kNoCounterexample:
      return Icon::kSearch;
    case ClaimStatus::kUndecided:
      break;
  }
  return Icon::kQuestion;
}

struct ClaimBox {
  float text_x, text_width, evidence_y, statement_y, height;
};

ClaimBox measure(const AppState& s, const Claim& claim, float width) {
  const bool stacked = width < kStacked;
  ClaimBox box{};
  box.text_x = stacked ? 0 : kVerdictWidth;
  box.text_width = std::max(80.0f, width - box.text_x);
  box.evidence_y = stacked ? 24 : 0;
  box.statement_y =
      box.evidence_y + 3 + text_size(first_line(s, claim), false, kEvidenceSize, box.text_width).y;
  box.height =
      box.statement_y + text_size(second_line(s, claim), false, kSmallSize, box.text_width).y;
  return box;
}

void draw_claim(const AppState& s, const Claim& claim, float width) {
  const ClaimBox box = measure(s, claim, width);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImU32 colour = s.has_result() ? status_colour(claim.status) : theme().muted;
  if (s.changed()) colour = with_alpha(colour, 0.6f);
  const ImU32 ink = s.changed() ? theme().muted : theme().ink;
  list->AddCircleFilled(ImVec2(at.x + 9, at.y + 9), 9, with_alpha(colour, 0.16f));
  draw_icon(list, verdict_icon(claim.status), ImVec2(at.x + 9, at.y + 9), 10, colour);
  draw_text(list, ImVec2(at.x + 25, at.y), verdict_word(s, claim), true, kTextSize, colour);
  draw_text(list, ImVec2(at.x + box.text_x, at.y + box.evidence_y), first_line(s, claim), false,
            kEvidenceSize, ink, box.text_width);
  draw_text(list, ImVec2(at.x + box.text_x, at.y + box.statement_y), second_line(s, claim), false,
            kSmallSize, theme().muted, box.text_width);
  ImGui::Dummy(ImVec2(width, box.height));
}

bool shown(const AppState& s, const Claim& claim) {
  return !s.judges() || claim.need.what.empty();
}

/// What claims need that these settings cannot decide; one line each, none before a result.
std::vector<OpenNeed> needs(const AppState& s) {
  return s.judges() ? open_needs(s.judged().claims) : std::vector<OpenNeed>{};
}

bool offers(const AppState& s, const OpenNeed& open) {
  return !open.offer.empty() && std::none_of(open.need.settings.begin(), open.need.settings.end(),
                                             [&](const auto& one) { return s.locked(one.first); });
}

struct NeedBox {
  float text_width;
  ImVec2 text;  ///< size of the sentence
  bool beside;  ///< the offer is on the same line as the sentence
};

NeedBox measure_need(const AppState& s, const OpenNeed& open, float width) {
  const float offer = offers(s, open) ? chip_size(open.offer, width).x + kGap : 0;
  NeedBox box{width, {}, false};
  box.beside = offer > 0 && width - offer >= 0.4f * width;
  if (box.beside) box.text_width = width - offer;
  box.text = text_size(open.sentence, false, kTextSize, box.text_width);
  return box;
}

float need_height(const AppState& s, const OpenNeed& open, float width) {
  const NeedBox box = measure_need(s, open, width);
  if (!offers(s, open)) return box.text.y;
  const float offer = chip_size(open.offer, width).y;
  return box.beside ? std::max(box.text.y, offer) : box.text.y + 4 + offer;
}

void need_view(const View& view, const OpenNeed& open, float width) {
  const NeedBox box = measure_need(view.state, open, width);
  const float height = need_height(view.state, open, width);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float text_y = box.beside ? at.y + (height - box.text.y) / 2 : at.y;
  draw_text(ImGui::GetWindowDrawList(), ImVec2(at.x, text_y), open.sentence, false, kTextSize,
            theme().muted, box.text_width);
  if (offers(view.state, open)) {
    ImGui::SetCursorScreenPos(box.beside ? ImVec2(at.x + box.text.x + kGap, at.y)
                                         : ImVec2(at.x, at.y + box.text.y + 4));
    if (chip(open.offer.c_str(), open.offer,
             "Changes the parameters; their run can judge the claim", {.most_width = width}))
      for (const auto& [parameter, text] : open.need.settings)
        view.app.set_parameter(parameter, text);
  }
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(width, height));
}

}  // namespace

float claims_height(const View& view, float width) {
  const Result& result = view.state.judged();
  float height = 0;
  for (const Claim& claim : result.claims)
    if (shown(view.state, claim)) height += measure(view.state, claim, width).height + kBetween;
  for (const OpenNeed& open : needs(view.state))
    height += need_height(view.state, open, width) + kBetween;
  for (const std::string& text : result.notes)
    height += text_size(text, false, kSmallSize, width).y + kBetween;
  return height;
}

void claims_view(const View& view, float width) {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(kGap, kBetween));
  for (const Claim& claim : view.state.judged().claims)
    if (shown(view.state, claim)) draw_claim(view.state, claim, width);
  for (const OpenNeed& open : needs(view.state)) need_view(view, open, width);
  for (const std::string& text : view.state.judged().notes) note(text, NoteKind::kInfo);
  ImGui::PopStyleVar();
}

}  // namespace attnlab
