// Dear ImGui's platform half for a browser canvas: input events in, frames out through WebGL 2.
// Supports mouse, touch and pen, wheel, keyboard, text, clipboard, cursors, any device pixel ratio,
// and a lost and restored WebGL context. web/canvas.js listens, this file translates.
#pragma once

#include <string_view>

#include "core/codecs/contract.h"
#include "ui/gl_fields.h"

namespace attnlab {

class App;
struct FrameInput;

class Canvas {
 public:
  Canvas() = default;
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  /// Opens WebGL 2 on the element "#canvas", once; false where the browser has none.
  bool open();
  /// The context was lost (nothing is drawn until it is back), or came back: then everything on
  /// the GPU is made again.
  void context(bool lost);

  /// Draws one frame of the app. True when the next one should follow at once.
  bool draw(App& app, const FrameInput& input);

  /// Logical pixels from the canvas' corner; button 0 left, 1 middle, 2 right (as in the DOM).
  void pointer(PointerKind kind, float x, float y, int button, bool touch);
  /// Wheel movement in lines, positive away from the user. False: nothing here would move, so the
  /// page may scroll.
  bool wheel(float x, float y);
  /// A key by its name in web/dom.js ("a", "Space", "ArrowLeft"); modifiers: bits of KeyModifier.
  /// True: the lab uses the key, so the page must not.
  bool key(std::string_view name, bool down, int modifiers);
  void text(const char* utf8);
  void focus(bool focused);
  /// A text field is being edited.
  bool wants_text() const;
  /// Escape would close or cancel something inside the lab.
  bool wants_escape() const;

 private:
  bool open_ = false;
  bool lost_ = false;
  double last_now_ = -1;
  int settling_ = 0;  ///< frames that still follow a change of size
  GlFieldRenderer fields_{kGlslWeb};
  int cursor_ = -2;
};

}  // namespace attnlab
