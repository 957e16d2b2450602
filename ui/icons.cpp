// Icons drawn with strokes.
#include "ui/icons.h"

#include <cmath>
#include <initializer_list>

namespace attnlab {
namespace {

constexpr float kPi = 3.1415927f;

/// Draws in units of half the icon's size around its centre.
class Pen {
 public:
  Pen(ImDrawList* list, ImVec2 centre, float size, ImU32 colour)
      : list_(list), centre_(centre), half_(size / 2), colour_(colour) {}

  ImVec2 at(float x, float y) const { return {centre_.x + half_ * x, centre_.y + half_ * y}; }
  float stroke() const { return half_ * 0.2f < 1.4f ? 1.4f : half_ * 0.2f; }

  void line(std::initializer_list<ImVec2> points, bool closed = false) const {
    for (const ImVec2& p : points) list_->PathLineTo(at(p.x, p.y));
    list_->PathStroke(colour_, closed ? ImDrawFlags_Closed : 0, stroke());
  }
  void fill(std::initializer_list<ImVec2> points) const {
    for (const ImVec2& p : points) list_->PathLineTo(at(p.x, p.y));
    list_->PathFillConvex(colour_);
  }
  void arc(float x, float y, float r, float from, float to) const {
    list_->PathArcTo(at(x, y), half_ * r, from, to);
    list_->PathStroke(colour_, 0, stroke());
  }
  /// A disc of radius r minus a disc shifted to the right: a crescent.
  void crescent(float r, float shift) const {
    const float tip = std::acos(shift / 2 / r);
    list_->PathArcTo(at(0, 0), half_ * r, tip, 2 * kPi - tip, 24);
    list_->PathArcTo(at(shift, 0), half_ * r, kPi + tip, kPi - tip, 24);
    list_->PathFillConcave(colour_);
  }
  void dot(float x, float y, float r) const {
    list_->AddCircleFilled(at(x, y), half_ * r, colour_);
  }

 private:
  ImDrawList* list_;
  ImVec2 centre_;
  float half_;
  ImU32 colour_;
};

void draw_sun(const Pen& pen) {
  pen.dot(0, 0, 0.42f);
  for (int i = 0; i < 8; ++i) {
    const float a = kPi / 4 * static_cast<float>(i), c = std::cos(a), s = std::sin(a);
    pen.line({{0.65f * c, 0.65f * s}, {0.95f * c, 0.95f * s}});
  }
}

void draw_moon(const Pen& pen) {
  pen.crescent(0.8f, 0.45f);
}

void draw_link(const Pen& pen) {
  pen.arc(-0.42f, 0, 0.42f, kPi * 0.5f, kPi * 1.5f);
  pen.arc(0.42f, 0, 0.42f, -kPi * 0.5f, kPi * 0.5f);
  pen.line({{-0.42f, -0.42f}, {-0.1f, -0.42f}});
  pen.line({{-0.42f, 0.42f}, {-0.1f, 0.42f}});
  pen.line({{0.42f, -0.42f}, {0.1f, -0.42f}});
  pen.line({{0.42f, 0.42f}, {0.1f, 0.42f}});
  pen.line({{-0.4f, 0}, {0.4f, 0}});
}

}  // namespace

void draw_icon(ImDrawList* list, Icon icon, ImVec2 centre, float size, ImU32 colour) {
  const Pen pen(list, centre, size, colour);
  switch (icon) {
    case Icon::kPlay:
      pen.fill({{-0.55f, -0.8f}, {0.85f, 0}, {-0.55f, 0.8f}});
      break;
    case Icon::kPause:
      pen.fill({{-0.6f, -0.75f}, {-0.2f, -0.75f}, {-0.2f, 0.75f}, {-0.6f, 0.75f}});
      pen.fill({{0.2f, -0.75f}, {0.6f, -0.75f}, {0.6f, 0.75f}, {0.2f, 0.75f}});
      break;
    case Icon::kStep:
      pen.fill({{-0.7f, -0.7f}, {0.3f, 0}, {-0.7f, 0.7f}});
      pen.fill({{0.4f, -0.7f}, {0.7f, -0.7f}, {0.7f, 0.7f}, {0.4f, 0.7f}});
      break;
    case Icon::kReset:
      pen.arc(0, 0, 0.7f, -kPi * 0.35f, kPi * 1.3f);
      pen.fill({{-0.75f, -0.85f}, {0.02f, -0.72f}, {-0.5f, -0.12f}});
      break;
    case Icon::kWarning:
      pen.line({{0, -0.8f}, {0.9f, 0.75f}, {-0.9f, 0.75f}}, true);
      pen.line({{0, -0.25f}, {0, 0.25f}});
      pen.dot(0, 0.5f, 0.1f);
      break;
    case Icon::kCheck:
      pen.line({{-0.65f, 0.05f}, {-0.15f, 0.55f}, {0.7f, -0.5f}});
      break;
    case Icon::kCross:
      pen.line({{-0.55f, -0.55f}, {0.55f, 0.55f}});
      pen.line({{-0.55f, 0.55f}, {0.55f, -0.55f}});
      break;
    case Icon::kQuestion:
      pen.arc(0, -0.3f, 0.38f, -kPi, kPi * 0.45f);
      pen.line({{0.08f, 0.07f}, {0, 0.3f}});
      pen.dot(0, 0.7f, 0.12f);
      break;
    case Icon::kSearch:
      pen.arc(-0.18f, -0.18f, 0.52f, 0, 2 * kPi);
      pen.line({{0.2f, 0.2f}, {0.75f, 0.75f}});
      break;
    case Icon::kSun:
      draw_sun(pen);
      break;
    case Icon::kMoon:
      draw_moon(pen);
      break;
    case Icon::kLink:
      draw_link(pen);
      break;
    case Icon::kSave:
      pen.line({{0, -0.8f}, {0, 0.35f}});
      pen.line({{-0.4f, -0.05f}, {0, 0.35f}, {0.4f, -0.05f}});
      pen.line({{-0.75f, 0.3f}, {-0.75f, 0.8f}, {0.75f, 0.8f}, {0.75f, 0.3f}});
      break;
    case Icon::kTable:
      pen.line({{-0.8f, -0.65f}, {0.8f, -0.65f}, {0.8f, 0.65f}, {-0.8f, 0.65f}}, true);
      pen.line({{-0.8f, -0.2f}, {0.8f, -0.2f}});
      pen.line({{-0.2f, -0.65f}, {-0.2f, 0.65f}});
      break;
    case Icon::kWalk:
      pen.line({{-0.9f, -0.6f}, {-0.15f, -0.1f}});
      pen.arc(0.08f, 0.06f, 0.26f, 0, 2 * kPi);
      pen.line({{0.3f, 0.22f}, {0.9f, 0.65f}});
      break;
    case Icon::kDown:
      pen.line({{-0.5f, -0.25f}, {0, 0.3f}, {0.5f, -0.25f}});
      break;
    case Icon::kRight:
      pen.line({{-0.25f, -0.5f}, {0.3f, 0}, {-0.25f, 0.5f}});
      break;
  }
}

}  // namespace attnlab
