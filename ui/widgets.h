// The few controls the lab is made of: buttons, chips, cards, sliders with exact entry, notes. All
// are ImGui items: reachable by keyboard, with a visible focus and a help text.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "imgui.h"
#include "ui/icons.h"

namespace attnlab {

/// A help text at the item drawn last, after a short while under the mouse or the focus.
void help_tooltip(const char* help);

/// A colour under ImGui's current opacity (disabled items are paler).
ImU32 paint(ImU32 colour);

/// Lays items in rows that wrap at the width; call next(width) before each item.
class Flow {
 public:
  explicit Flow(float width, float gap = 6);
  void next(float item_width);

 private:
  float width_, gap_, x_ = 0;
  bool first_ = true;
};

enum class ButtonKind { kPlain, kPrimary, kQuiet };

struct ButtonLook {
  ButtonKind kind = ButtonKind::kPlain;
  std::optional<Icon> icon = std::nullopt;
  bool enabled = true;
  float width = 0;  ///< 0: as wide as icon and label need
};

float button_width(std::string_view label, const ButtonLook& look);
/// `help` is the tooltip; it says what an icon button without a label does.
bool button(const char* id, std::string_view label, const char* help, const ButtonLook& look = {});

struct ChipLook {
  bool on = false;
  float most_width = 0;  ///< a longer label is broken into lines; 0: never
};

ImVec2 chip_size(std::string_view label, float most_width = 0);
bool chip(const char* id, std::string_view label, const char* help, const ChipLook& look);

/// A card with a title and wrapped text; true when pressed.
bool card(const char* id, std::string_view title, std::string_view text, const char* help,
          bool chosen, float width);

/// A slider from 0 to 1 in equal or logarithmic steps of [min, max]; true while it changes.
bool slider(const char* id, double* value, double min, double max, bool logarithmic, bool whole,
            float width, const char* help);

/// A text field; calls `commit` with the text when the reader leaves it or presses Enter.
void entry(const char* id, std::string_view text, float width, const char* help,
           const std::function<void(std::string_view)>& commit);

enum class NoteKind { kInfo, kWarning };
/// A wrapped line with an icon.
void note(std::string_view text, NoteKind kind);

/// Wrapped text in the current style, inside the given width (0: the rest of the region).
void paragraph(std::string_view text, float width = 0);

/// A row that folds what follows; returns whether it is open.
bool fold(const char* id, std::string_view label, bool* open, float width);

/// A thin line across the width.
void rule(float width);

}  // namespace attnlab
