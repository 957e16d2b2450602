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

/// `padding`: left and right of the label.
float tab_width(std::string_view label, bool on, float padding) {
  return text_size(label, on, kTextSize).x + 2 * padding;
}

bool tab(const char* id, std::string_view label, bool on, float padding) {
  const bool pressed =
      ImGui::InvisibleButton(id, ImVec2(tab_width(label, on, padding), ImGui::GetFrameHeight()),
                             ImGuiButtonFlags_EnableNav);
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 size = text_size(label, on, kTextSize);
  const ImU32 colour = on || ImGui::IsItemHovered() ? theme().ink : theme().muted;
  draw_text(list, ImVec2((a.x + b.x - size.x) / 2, (a.y + b.y - size.y) / 2), label, on, kTextSize,
            colour);
  if (on)
    list->AddRectFilled(ImVec2(a.x + padding, b.y - 2), ImVec2(b.x - padding, b.y), theme().accent,
                        1);
  return pressed;
}

/// The page around the lab has the name; a window has it in the lab.
bool names_lab(const View& view) {
  return view.state.options.show_text;
}

/// Families that have experiments, then the experiments of the current one: in a narrow lab in a
/// row of their own, of which `beside` is kept free.
void tabs(const View& view, float width, float beside) {
  const Experiment& current = *view.state.spec.experiment;
  Flow flow(width, 2);
  const float padding = view.narrow ? 6 : 10;
  for (const Family& family : kFamilies) {
    const std::vector<const Experiment*> members = experiments_of(family.id);
    if (members.empty()) continue;
    const std::string label = std::string(family.id) + "  " + std::string(family.label);
    const bool on = family.id == current.family;
    flow.next(tab_width(label, on, padding));
    if (tab(label.c_str(), label, on, padding) && !on)
      view.app.select_experiment(members.front()->id);
  }
  const std::vector<const Experiment*> members = experiments_of(current.family);
  if (members.size() < 2) {
    flow.next(view.narrow ? width : text_size(current.title, false, kTextSize).x + 12);
    ImGui::AlignTextToFramePadding();
    const TextStyle style(Face::kRegular, kTextSize, theme().muted);
    ImGui::TextUnformatted(("·  " + current.title).c_str());
    return;
  }
  const float combo_width =
      std::min(view.narrow || view.input.width >= kRoomy ? 246.0f : 170.0f, width - beside);
  flow.next(view.narrow ? width : combo_width);
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

class Tools {
 public:
  explicit Tools(const View& view) : view_(view) {
    AppState& s = view.state;
    const Tool all[] = {
        {"theme", "", s.dark ? "Light colours" : "Dark colours", s.dark ? Icon::kSun : Icon::kMoon,
         true},
        {"link", text_of(Action::kCopyLink).label, text_of(Action::kCopyLink).help, Icon::kLink,
         view.app.can(Action::kCopyLink)},
        {"save", "Save", "Save the result as a file", Icon::kSave,
         static_cast<bool>(s.platform.save_file)},
    };
    for (const Tool& tool : all)
      if (tool.shown) shown_.push_back(tool);
  }

  float width() const {
    float width = 0;
    for (const Tool& tool : shown_) width += button_width(label(tool), look(tool)) + 2;
    return width;
  }

  void draw(float right, float top) const {
    ImGui::SetCursorScreenPos(ImVec2(right - width(), top));
    for (const Tool& tool : shown_) {
      if (&tool != shown_.data()) ImGui::SameLine(0, 2);
      if (button(tool.id, label(tool), std::string(tool.help).c_str(), look(tool))) press(tool.id);
    }
    save_menu(view_, ImVec2(right, ImGui::GetItemRectMax().y + 4));
  }

 private:
  ButtonLook look(const Tool& tool) const {
    return {.kind = ButtonKind::kQuiet,
            .icon = tool.icon,
            .enabled = tool.icon != Icon::kSave || view_.state.has_result()};
  }

  std::string_view label(const Tool& tool) const {
    const bool whole =
        view_.narrow ? names_lab(view_) && tool.icon == Icon::kSave : view_.input.width >= kRoomy;
    return whole ? tool.label : std::string_view();
  }

  void press(std::string_view id) const {
    if (id == "theme") {
      view_.app.set_theme_dark(!view_.state.dark);
    } else if (id == "link") {
      view_.app.copy_link();
    } else {
      ImGui::OpenPopup("formats");
    }
  }

  const View& view_;
  std::vector<Tool> shown_;
};

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
  const Tools tools(view);
  const ImVec2 name =
      names_lab(view) ? text_size("Attention Lab", true, kHeadingSize) : ImVec2(0, 0);
  if (names_lab(view)) {
    draw_text(ImGui::GetWindowDrawList(), ImVec2(corner.x, corner.y + (row - name.y) / 2),
              "Attention Lab", true, kHeadingSize, theme().ink);
  }
  float height = row;
  if (view.narrow) {
    const bool named = names_lab(view);
    ImGui::SetCursorScreenPos(ImVec2(corner.x, corner.y + (named ? row + 2 : 0)));
    ImGui::BeginGroup();
    tabs(view, width, named ? 0 : tools.width() + kGap);
    ImGui::EndGroup();
    const float bottom = ImGui::GetItemRectMax().y;
    tools.draw(corner.x + width, named ? corner.y : bottom - row);
    height = bottom - corner.y + 4;
  } else {
    const float left = name.x > 0 ? name.x + 18 : 0;
    ImGui::SetCursorScreenPos(ImVec2(corner.x + left, corner.y));
    tabs(view, width - left, 0);
    tools.draw(corner.x + width, corner.y);
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
