// Controls generated from the schema: one for each kind of parameter.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/seed.h"
#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kEntryWidth = 78.0f;
constexpr std::size_t kMostSegments = 8;  // an integer range this small gets one chip per value
constexpr std::size_t kMostChoiceChips = 4;
constexpr std::size_t kMostListChips = 6;

class Control {
 public:
  Control(const View& view, const Parameter& parameter, float width)
      : view_(view), parameter_(parameter), width_(width) {}

  void draw() {
    label();
    switch (parameter_.kind) {
      case ParameterKind::kInteger:
      case ParameterKind::kReal:
        number();
        break;
      case ParameterKind::kChoice:
        choice();
        break;
      case ParameterKind::kChoiceOrReal:
        choice_or_number();
        break;
      case ParameterKind::kChoiceList:
        choice_list();
        break;
      case ParameterKind::kIntegerList:
      case ParameterKind::kRealList:
        number_list();
        break;
      case ParameterKind::kRealTuple:
        text_entry();
        break;
      case ParameterKind::kText:
        examples();
        text_entry();
        break;
    }
  }

 private:
  const ParameterSet& values() const { return view_.state.spec.parameters; }
  void set(std::string_view text) const { view_.app.set_parameter(parameter_.name, text); }
  std::string text() const { return values().text(parameter_.name); }

  std::string help() const {
    std::string help = parameter_.help;
    if (!help.empty() && help.back() != '.') help += '.';
    return help + " Allowed: " + allowed_text(parameter_) + ".";
  }

  void label() const {
    {
      const TextStyle style(Face::kBold, kSmallSize, theme().ink);
      ImGui::TextUnformatted(parameter_.label.c_str());
    }
    help_tooltip(help().c_str());
    std::string extra = parameter_.symbol;
    if (!parameter_.unit.empty()) extra += (extra.empty() ? "" : ", ") + parameter_.unit;
    if (!extra.empty()) {
      ImGui::SameLine(0, 6);
      const TextStyle style(Face::kRegular, kSmallSize, theme().muted);
      ImGui::TextUnformatted(extra.c_str());
    }
    if (view_.state.locked(parameter_.name)) {
      ImGui::SameLine(0, 6);
      const TextStyle style(Face::kRegular, kSmallSize, theme().muted);
      ImGui::TextUnformatted("· fixed here");
    }
  }

  double current_number() const {
    const ParameterValue& value = values().value(parameter_.name);
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    return std::nan("");
  }

  void slider_and_entry(double value, bool whole) const {
    const std::string hint = help();
    double moved = value;
    const float slider_width = width_ - kEntryWidth - kGap;
    if (slider("##slider", &moved, parameter_.min, parameter_.max, parameter_.logarithmic, whole,
               slider_width, hint.c_str()))
      set(exact_text(moved));
    ImGui::SameLine(0, kGap);
    entry("##entry", text(), kEntryWidth, hint.c_str(), [&](std::string_view t) { set(t); });
  }

  void number() const {
    const bool whole = parameter_.kind == ParameterKind::kInteger;
    if (whole && parameter_.max - parameter_.min < kMostSegments) {
      Flow flow(width_);
      for (double v = parameter_.min; v <= parameter_.max; ++v) {
        const std::string name = exact_text(static_cast<std::int64_t>(v));
        flow.next(chip_size(name).x);
        if (chip(name.c_str(), name, nullptr, {.on = v == current_number()})) set(name);
      }
      return;
    }
    slider_and_entry(current_number(), whole);
  }

  void choice() const {
    const std::string now = text();
    if (parameter_.choices.size() <= kMostChoiceChips) {
      Flow flow(width_);
      for (const Choice& c : parameter_.choices) {
        flow.next(chip_size(c.label).x);
        if (chip(c.name.c_str(), c.label, c.help.c_str(), {.on = c.name == now})) set(c.name);
      }
      return;
    }
    const auto chosen = std::find_if(parameter_.choices.begin(), parameter_.choices.end(),
                                     [&](const Choice& c) { return c.name == now; });
    ImGui::SetNextItemWidth(width_);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
    if (ImGui::BeginCombo(
            "##choice", chosen != parameter_.choices.end() ? chosen->label.c_str() : now.c_str())) {
      crisp_lines();
      for (const Choice& c : parameter_.choices) {
        if (ImGui::Selectable(c.label.c_str(), c.name == now)) set(c.name);
        help_tooltip(c.help.c_str());
      }
      ImGui::EndCombo();
    }
    ImGui::PopStyleVar();
  }

  void choice_or_number() const {
    const std::string now = text();
    const std::string hint = help();
    Flow flow(width_);
    for (const Choice& c : parameter_.choices) {
      flow.next(chip_size(c.label).x);
      if (chip(c.name.c_str(), c.label, c.help.c_str(), {.on = c.name == now})) set(c.name);
    }
    const bool is_number = !std::isnan(current_number());
    flow.next(kEntryWidth + 12);
    entry("##entry", is_number ? now : std::string(), kEntryWidth + 12, hint.c_str(),
          [&](std::string_view t) {
            if (!t.empty()) set(t);
          });
    if (!is_number) {
      const ImVec2 at = ImGui::GetItemRectMin();
      const float y = (at.y + ImGui::GetItemRectMax().y) / 2;
      const ImVec2 size = text_size("a number", false, kSmallSize);
      if (!ImGui::IsItemActive())
        draw_text(ImGui::GetWindowDrawList(), ImVec2(at.x + 10, y - size.y / 2), "a number", false,
                  kSmallSize, paint(theme().muted));
    }
  }

  /// The list's text with one item switched on or off; at least one item stays.
  std::string toggled(const std::string& item) const {
    std::vector<std::string> items = split(text(), ',');
    const auto at = std::find(items.begin(), items.end(), item);
    if (at == items.end()) {
      items.push_back(item);
    } else if (items.size() > 1) {
      items.erase(at);
    }
    return join(items, ",");
  }

  bool has_item(const std::string& item) const {
    const std::vector<std::string> items = split(text(), ',');
    return std::find(items.begin(), items.end(), item) != items.end();
  }

  /// Many choices, several of which may be on: a drop-down list with check marks.
  void choice_list_popup() const {
    std::vector<std::string> chosen;
    for (const Choice& c : parameter_.choices)
      if (has_item(c.name)) chosen.push_back(c.label);
    ImGui::SetNextItemWidth(width_);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
    if (ImGui::BeginCombo("##choices", join(chosen, ", ").c_str(), ImGuiComboFlags_HeightLarge)) {
      crisp_lines();
      for (const Choice& c : parameter_.choices) {
        if (ImGui::Selectable(("      " + c.label).c_str(), false,
                              ImGuiSelectableFlags_NoAutoClosePopups))
          set(toggled(c.name));
        help_tooltip(c.help.c_str());
        if (!has_item(c.name)) continue;
        const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
        draw_icon(ImGui::GetWindowDrawList(), Icon::kCheck, ImVec2(a.x + 10, (a.y + b.y) / 2), 12,
                  theme().accent);
      }
      ImGui::EndCombo();
    }
    ImGui::PopStyleVar();
  }

  void choice_list() const {
    if (parameter_.choices.size() > kMostListChips) {
      choice_list_popup();
      return;
    }
    Flow flow(width_);
    for (const Choice& c : parameter_.choices) {
      flow.next(chip_size(c.label).x);
      if (chip(c.name.c_str(), c.label, c.help.c_str(), {.on = has_item(c.name)}))
        set(toggled(c.name));
    }
  }

  void number_list() const {
    Flow flow(width_);
    for (const double value : parameter_.suggested) {
      const std::string name = exact_text(value);
      flow.next(chip_size(name).x);
      if (chip(name.c_str(), name, nullptr, {.on = has_item(name)})) set(toggled(name));
    }
    const std::string hint = help();
    // A list of all values is below the chips, unless the chips already are the whole range.
    const bool whole = parameter_.kind == ParameterKind::kIntegerList &&
                       parameter_.suggested.size() > parameter_.max - parameter_.min;
    if (!whole) entry("##entry", text(), width_, hint.c_str(), [&](std::string_view t) { set(t); });
  }

  /// Texts to start from, by their labels.
  void examples() const {
    const std::string now = text();
    Flow flow(width_);
    for (const Choice& c : parameter_.choices) {
      flow.next(chip_size(c.label).x);
      const std::string hint = c.name + ": " + c.help;
      if (chip(c.name.c_str(), c.label, hint.c_str(), {.on = c.name == now})) set(c.name);
    }
  }

  void text_entry() const {
    const std::string hint = help();
    entry("##entry", text(), width_, hint.c_str(), [&](std::string_view t) { set(t); });
  }

  const View& view_;
  const Parameter& parameter_;
  float width_;
};

void parameter_note(const View& view, const std::string& name) {
  const auto at = view.state.parameter_notes.find(name);
  if (at != view.state.parameter_notes.end() && !at->second.empty())
    note(at->second, NoteKind::kWarning);
}

/// A bar beside the control drawn last where it is marked; pointing at the control marks it.
void mark_view(ViewState& state, const std::string& parameter) {
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  if (state.marked == parameter) {
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(a.x - 8, a.y), ImVec2(a.x - 5, b.y),
                                              theme().accent, 1.5f);
  }
  if (ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows) && ImGui::IsMouseHoveringRect(a, b))
    state.pointed = parameter;
}

}  // namespace

void parameter_view(const View& view, const Parameter& parameter, float width) {
  ImGui::PushID(parameter.name.c_str());
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(kGap, 5));
  ImGui::BeginGroup();
  ImGui::BeginDisabled(view.state.locked(parameter.name));
  Control(view, parameter, width).draw();
  ImGui::EndDisabled();
  parameter_note(view, parameter.name);
  ImGui::EndGroup();
  mark_view(view.state.view, parameter.name);
  ImGui::PopStyleVar();
  ImGui::PopID();
  ImGui::Dummy(ImVec2(0, 4));
}

void seed_view(const View& view, float width) {
  ImGui::PushID("seed");
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(kGap, 5));
  ImGui::BeginDisabled(view.state.locked("seed"));
  {
    const TextStyle style(Face::kBold, kSmallSize, theme().ink);
    ImGui::TextUnformatted(seed_parameter().label.c_str());
  }
  const ButtonLook look;
  const float next_width = button_width("Next", look);
  const auto seed = static_cast<std::int64_t>(view.state.spec.seed);
  entry("##entry", exact_text(seed), width - next_width - kGap, seed_parameter().help.c_str(),
        [&](std::string_view t) { view.app.set_seed(t); });
  ImGui::SameLine(0, kGap);
  if (button("next", "Next", "Another draw of everything random", look))
    view.app.set_seed(exact_text(seed + 1));
  ImGui::EndDisabled();
  parameter_note(view, "seed");
  ImGui::PopStyleVar();
  ImGui::PopID();
  ImGui::Dummy(ImVec2(0, 4));
}

}  // namespace attnlab
