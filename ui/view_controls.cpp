// The column of controls: presets, primary parameters, the other parameters folded, seed.
#include <algorithm>
#include <vector>

#include "core/catalogue/catalogue.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr std::size_t kMostCards = 5;  // of presets, before the rest is folded away

void section(const char* title) {
  const TextStyle style(Face::kRegular, kSmallSize, theme().muted);
  ImGui::TextUnformatted(title);
}

/// The first sentences of a preset's text, short enough for a card.
std::string first_sentence(const std::string& text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (std::string_view(".:?").find(text[i]) != std::string_view::npos && text[i + 1] == ' ')
      return text.substr(0, i) + (text[i] == '?' ? "?" : ".");
  return text;
}

void preset_cards(const View& view, float width) {
  AppState& s = view.state;
  if (s.spec.experiment->presets.empty() || s.locked("preset")) return;
  section("Start from");
  const std::vector<Preset>& presets = s.spec.experiment->presets;
  const auto preset_card = [&](const Preset& preset) {
    const bool chosen = preset.name == s.preset;
    // Only the chosen card has a text, so that the parameters stay visible.
    const std::string text = chosen ? first_sentence(preset.text) : std::string();
    if (card(preset.name.c_str(), preset.label, text, preset.text.c_str(), chosen, width))
      view.app.select_preset(preset.name);
  };
  // Many presets would push the parameters off the screen: the last ones are folded away.
  const std::size_t shown = presets.size() > kMostCards + 1 ? kMostCards : presets.size();
  for (std::size_t i = 0; i < shown; ++i) preset_card(presets[i]);
  if (shown < presets.size()) {
    const std::string label = std::to_string(presets.size() - shown) + " more to start from";
    const bool open = fold("presets", label.c_str(), &s.view.presets_open, width);
    for (std::size_t i = shown; i < presets.size(); ++i)
      if (open || presets[i].name == s.preset) preset_card(presets[i]);
  }
  ImGui::Dummy(ImVec2(0, 4));
}

/// Primary parameters with an effect; in a small lab those that can be changed.
std::vector<const Parameter*> primary_parameters(const AppState& s) {
  std::vector<const Parameter*> primary;
  for (const Parameter& parameter : s.spec.experiment->schema.parameters) {
    if (!parameter.primary || !s.spec.parameters.applies(parameter.name)) continue;
    if (s.page().minimal && s.locked(parameter.name)) continue;
    primary.push_back(&parameter);
  }
  return primary;
}

}  // namespace

bool shows_controls(const View& view) {
  return !view.state.page().minimal || !primary_parameters(view.state).empty();
}

void first_control_view(const View& view, float width) {
  const auto primary = primary_parameters(view.state);
  if (primary.empty()) return;
  ImGui::PushID("controls");
  parameter_view(view, *primary.front(), width);
  ImGui::PopID();
}

void controls_view(const View& view, float width) {
  AppState& s = view.state;
  ImGui::PushID("controls");
  if (!s.page().minimal) preset_cards(view, width);
  section(s.page().minimal ? "What to touch" : "Or change");
  const std::vector<const Parameter*> primary = primary_parameters(s);
  for (std::size_t i = view.narrow && !s.page().minimal ? 1 : 0; i < primary.size(); ++i)
    parameter_view(view, *primary[i], width);
  if (!s.page().minimal) {
    const std::vector<Parameter>& parameters = s.spec.experiment->schema.parameters;
    const auto in_more = [&](const Parameter& parameter) {
      return !parameter.primary && s.spec.parameters.applies(parameter.name);
    };
    if (std::any_of(parameters.begin(), parameters.end(), in_more) &&
        fold("more", "More", &s.view.more_open, width))
      for (const Parameter& parameter : parameters)
        if (in_more(parameter)) parameter_view(view, parameter, width);
    seed_view(view, width);
  }
  ImGui::PopID();
}

void text_view(const View& view, float width) {
  AppState& s = view.state;
  const Experiment& experiment = *s.spec.experiment;
  {
    const TextStyle style(Face::kBold, kHeadingSize, theme().ink);
    paragraph(experiment.question, width - ImGui::GetFrameHeight());  // next to it: the cross
  }
  paragraph(experiment.summary, width);
  layer_view(view, width);
  for (const Preset& preset : experiment.presets) {
    if (preset.name != s.preset) continue;
    ImGui::Dummy(ImVec2(0, 4));
    {
      const TextStyle style(Face::kBold, kTextSize, theme().ink);
      paragraph(preset.label, width);
    }
    paragraph(preset.text, width);
  }
}

}  // namespace attnlab
