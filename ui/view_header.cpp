// The top of the lab: name, families and experiments, theme, link and files; and notes below it.
#include <algorithm>
#include <string>
#include <vector>

#include "core/catalogue/catalogue.h"
#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

struct Family {
  std::string_view id, label;
};
constexpr float kRoomy =
    900;  // width of a lab from which everything in the row has its full length
constexpr Family kFamilies[] = {{"A", "Random features"}, {"B", "Queries"}, {"C", "In context"}};

std::vector<const Experiment*> experiments_of(std::string_view family) {
  std::vector<const Experiment*> found;
  for (const Experiment* experiment : experiments())
    if (experiment->family == family) found.push_back(experiment);
  return found;
}

float tab_width(std::string_view label, bool on) {
  return text_size(label, on, kTextSize).x + 20;
}

bool tab(const char* id, std::string_view label, bool on) {
  const bool pressed = ImGui::InvisibleButton(
      id, ImVec2(tab_width(label, on), ImGui::GetFrameHeight()), ImGuiButtonFlags_EnableNav);
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 size = text_size(label, on, kTextSize);
  const ImU32 colour = on || ImGui::IsItemHovered() ? theme().ink : theme().muted;
  draw_text(list, ImVec2((a.x + b.x - size.x) / 2, (a.y + b.y - size.y) / 2), label, on, kTextSize,
            colour);
  if (on) list->AddRectFilled(ImVec2(a.x + 10, b.y - 2), ImVec2(b.x - 10, b.y), theme().accent, 1);
  return pressed;
}

/// Families that have experiments, then the experiments of the current one.
void tabs(const View& view, float width) {
  const Experiment& current = *view.state.spec.experiment;
  Flow flow(width, 2);
  for (const Family& family : kFamilies) {
    const std::vector<const Experiment*> members = experiments_of(family.id);
    if (members.empty()) continue;
    const std::string label = std::string(family.id) + "  " + std::string(family.label);
    const bool on = family.id == current.family;
    flow.next(tab_width(label, on));
    if (tab(label.c_str(), label, on) && !on) view.app.select_experiment(members.front()->id);
  }
  const std::vector<const Experiment*> members = experiments_of(current.family);
  if (members.size() < 2) {
    flow.next(text_size(current.title, false, kTextSize).x + 12);
    ImGui::AlignTextToFramePadding();
    const TextStyle style(Face::kRegular, kTextSize, theme().muted);
    ImGui::TextUnformatted(("·  " + current.title).c_str());
    return;
  }
  const float combo_width =
      std::min(view.narrow || view.input.width >= kRoomy ? 210.0f : 170.0f, width);
  flow.next(combo_width);
  ImGui::SetNextItemWidth(combo_width);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
  if (ImGui::BeginCombo("##experiment", current.title.c_str())) {
    crisp_lines();
    for (const Experiment* experiment : members) {
      if (ImGui::Selectable(experiment->title.c_str(), experiment == &current))
        view.app.select_experiment(experiment->id);
      help_tooltip(experiment->question.c_str());
    }
    ImGui::EndCombo();
  }
  ImGui::PopStyleVar();
}

struct Tool {
  const char* id;
  std::string_view label;
  std::string_view help;
  Icon icon;
  bool shown;
};

/// `corner` is its upper right corner.
void save_menu(const View& view, ImVec2 corner) {
  ImGui::SetNextWindowPos(corner, ImGuiCond_Always, ImVec2(1, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
  if (ImGui::BeginPopup("formats")) {
    crisp_lines();
    for (const SaveFormat& format : save_formats()) {
      if (!format.of_result && !view.state.platform.make_file) continue;
      const std::string label = std::string(format.label) + ": " + std::string(format.help);
      if (ImGui::Selectable(label.c_str())) view.app.save(format.id);
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

void tools(const View& view, float right, float top) {
  AppState& s = view.state;
  const bool dark = s.dark;
  const bool has_result = s.has_result();
  const Tool all[] = {
      {"theme", "", dark ? "Light colours" : "Dark colours", dark ? Icon::kSun : Icon::kMoon, true},
      {"link", text_of(Action::kCopyLink).label, text_of(Action::kCopyLink).help, Icon::kLink,
       view.app.can(Action::kCopyLink)},
      {"save", "Save", "Save the result as a file", Icon::kSave,
       static_cast<bool>(s.platform.save_file)},
  };
  const auto look = [&](const Tool& tool) {
    return ButtonLook{.kind = ButtonKind::kQuiet,
                      .icon = tool.icon,
                      .enabled = tool.icon != Icon::kSave || has_result};
  };
  const auto label = [&](const Tool& tool) {
    const bool whole = view.narrow ? tool.icon == Icon::kSave : view.input.width >= kRoomy;
    return whole ? tool.label : std::string_view();
  };
  float width = 0;
  for (const Tool& tool : all)
    if (tool.shown) width += button_width(label(tool), look(tool)) + 2;
  ImGui::SetCursorScreenPos(ImVec2(right - width, top));
  bool first = true;
  for (const Tool& tool : all) {
    if (!tool.shown) continue;
    if (!first) ImGui::SameLine(0, 2);
    first = false;
    if (button(tool.id, label(tool), std::string(tool.help).c_str(), look(tool))) {
      const std::string_view id = tool.id;
      if (id == "theme") {
        view.app.set_theme_dark(!dark);
      } else if (id == "link") {
        view.app.copy_link();
      } else {
        ImGui::OpenPopup("formats");
      }
    }
  }
  save_menu(view, ImVec2(right, ImGui::GetItemRectMax().y + 4));
}

/// A line with a cross that removes it; true when the cross is pressed.
bool dismissable(const std::string& text, NoteKind kind, int index, float width) {
  ImGui::PushID(index);
  const float cross = ImGui::GetFrameHeight();
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  ImGui::BeginGroup();
  ImGui::SetCursorScreenPos(ImVec2(corner.x, corner.y + (cross - kTextSize) / 2 - 2));
  ImGui::BeginChild("text", ImVec2(width - cross - kGap, 0), ImGuiChildFlags_AutoResizeY);
  crisp_lines();
  note(text, kind);
  ImGui::EndChild();
  ImGui::EndGroup();
  ImGui::SetCursorScreenPos(ImVec2(corner.x + width - cross, corner.y));
  const bool pressed =
      button("dismiss", "", "Dismiss", {.kind = ButtonKind::kQuiet, .icon = Icon::kCross});
  ImGui::PopID();
  return pressed;
}

}  // namespace

void header_view(const View& view, float width) {
  ImGui::PushID("header");
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float row = ImGui::GetFrameHeight();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 name = text_size("Attention Lab", true, 18);
  draw_text(list, ImVec2(corner.x, corner.y + (row - name.y) / 2), "Attention Lab", true, 18,
            theme().ink);
  float height = row;
  if (view.narrow) {
    tools(view, corner.x + width, corner.y);
    ImGui::SetCursorScreenPos(ImVec2(corner.x, corner.y + row + 2));
    ImGui::BeginGroup();
    tabs(view, width);
    ImGui::EndGroup();
    height = ImGui::GetItemRectMax().y - corner.y + 4;
  } else {
    ImGui::SetCursorScreenPos(ImVec2(corner.x + name.x + 18, corner.y));
    tabs(view, width - name.x - 18);
    tools(view, corner.x + width, corner.y);
  }
  ImGui::SetCursorScreenPos(corner);
  ImGui::Dummy(ImVec2(width, height));
  ImGui::PopID();
}

void notes_view(const View& view, float width) {
  AppState& s = view.state;
  ImGui::PushID("notes");
  for (std::size_t i = 0; i < s.notes.size(); ++i)
    if (dismissable(s.notes[i], NoteKind::kWarning, static_cast<int>(i), width)) {
      s.notes.erase(s.notes.begin() + static_cast<std::ptrdiff_t>(i));
      s.touch();
      break;
    }
  if (!s.save_note.empty() && dismissable(s.save_note, NoteKind::kInfo, -1, width)) {
    s.save_note.clear();
    s.touch();
  }
  if (s.run)
    for (const std::string& text : s.run->notes()) note(text, NoteKind::kWarning);
  ImGui::PopID();
}

}  // namespace attnlab
