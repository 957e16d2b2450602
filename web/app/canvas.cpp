// Canvas: Dear ImGui on an HTML canvas. See canvas.h.
#include "web/app/canvas.h"

#include <GLES3/gl3.h>
#include <emscripten/html5.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "imgui.h"
#include "imgui_impl_opengl3.h"
#include "imgui_internal.h"
#include "ui/app.h"
#include "web/app/host.h"

namespace attnlab {
namespace {

struct KeyName {
  std::string_view name;
  ImGuiKey key;
};

constexpr KeyName kKeyNames[] = {
    {"ArrowLeft", ImGuiKey_LeftArrow}, {"ArrowRight", ImGuiKey_RightArrow},
    {"ArrowUp", ImGuiKey_UpArrow},     {"ArrowDown", ImGuiKey_DownArrow},
    {"PageUp", ImGuiKey_PageUp},       {"PageDown", ImGuiKey_PageDown},
    {"Home", ImGuiKey_Home},           {"End", ImGuiKey_End},
    {"Insert", ImGuiKey_Insert},       {"Delete", ImGuiKey_Delete},
    {"Backspace", ImGuiKey_Backspace}, {"Space", ImGuiKey_Space},
    {"Enter", ImGuiKey_Enter},         {"Escape", ImGuiKey_Escape},
};

ImGuiKey key_named(std::string_view name) {
  if (name.size() == 1 && name[0] >= 'a' && name[0] <= 'z')
    return static_cast<ImGuiKey>(ImGuiKey_A + (name[0] - 'a'));
  for (const KeyName& known : kKeyNames) {
    if (known.name == name) return known.key;
  }
  return ImGuiKey_None;
}

bool is_one_of(ImGuiKey key, std::initializer_list<ImGuiKey> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool is_arrow(ImGuiKey key) {
  return key >= ImGuiKey_LeftArrow && key <= ImGuiKey_DownArrow;
}

bool is_action_key(ImGuiKey key) {
  const auto names_it = [&](const ActionText& text) {
    return !text.key.empty() && key == ImGuiKey_A + (text.key.front() - 'A');
  };
  return std::any_of(actions().begin(), actions().end(), names_it);
}

bool is_popup_open() {
  return ImGui::GetCurrentContext()->OpenPopupStack.Size > 0;
}

/// Whether the lab would do something with this key now. All other keys are the page's: a reader
/// scrolls with them.
bool uses_key(ImGuiKey key, bool ctrl, bool alt) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput) {
    if (alt) return false;
    const bool moves = is_one_of(key, {ImGuiKey_LeftArrow, ImGuiKey_RightArrow, ImGuiKey_Home,
                                       ImGuiKey_End, ImGuiKey_Backspace, ImGuiKey_Delete});
    // Of the browser's shortcuts the lab takes those of text editing.
    const bool edits = is_one_of(key, {ImGuiKey_A, ImGuiKey_C, ImGuiKey_V, ImGuiKey_X, ImGuiKey_Y,
                                       ImGuiKey_Z, ImGuiKey_Insert});
    return ctrl ? moves || edits : key != ImGuiKey_PageUp && key != ImGuiKey_PageDown;
  }
  if (ctrl || alt) return false;
  if (key == ImGuiKey_Escape || is_arrow(key)) return true;
  const bool of_control = is_one_of(key, {ImGuiKey_Space, ImGuiKey_Enter, ImGuiKey_Home,
                                          ImGuiKey_End, ImGuiKey_PageUp, ImGuiKey_PageDown});
  return of_control ? io.NavVisible || is_popup_open() : is_action_key(key);
}

const char* css_cursor(ImGuiMouseCursor cursor) {
  switch (cursor) {
    case ImGuiMouseCursor_None:
      return "none";
    case ImGuiMouseCursor_TextInput:
      return "text";
    case ImGuiMouseCursor_ResizeAll:
      return "move";
    case ImGuiMouseCursor_ResizeNS:
      return "ns-resize";
    case ImGuiMouseCursor_ResizeEW:
      return "ew-resize";
    case ImGuiMouseCursor_ResizeNESW:
      return "nesw-resize";
    case ImGuiMouseCursor_ResizeNWSE:
      return "nwse-resize";
    case ImGuiMouseCursor_Hand:
      return "pointer";
    case ImGuiMouseCursor_NotAllowed:
      return "not-allowed";
    default:
      return "default";
  }
}

void set_up_io() {
  ImGuiIO& io = ImGui::GetIO();
  io.BackendPlatformName = "attnlab_canvas";
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.ConfigInputTextCursorBlink = false;  // an idle lab draws nothing
  io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  io.BackendFlags |= ImGuiBackendFlags_HasMouseCursors;
  ImGuiPlatformIO& platform = ImGui::GetPlatformIO();
  platform.Platform_SetClipboardTextFn = [](ImGuiContext*, const char* text) {
    host::copy_text(text);
  };
  platform.Platform_GetClipboardTextFn = [](ImGuiContext*) -> const char* {
    static std::string text;
    text = host::clipboard_text();
    return text.c_str();
  };
}

}  // namespace

Canvas::~Canvas() {
  if (!open_) return;
  if (!lost_) ImGui_ImplOpenGL3_Shutdown();
  ImGui::DestroyContext();
}

bool Canvas::open() {
  if (open_) return true;
  EmscriptenWebGLContextAttributes attributes;
  emscripten_webgl_init_context_attributes(&attributes);
  attributes.majorVersion = 2;
  attributes.alpha = false;
  attributes.depth = false;
  attributes.stencil = false;
  attributes.antialias = false;  // Dear ImGui smooths its own edges
  attributes.powerPreference = EM_WEBGL_POWER_PREFERENCE_LOW_POWER;
  const EMSCRIPTEN_WEBGL_CONTEXT_HANDLE context =
      emscripten_webgl_create_context("#canvas", &attributes);
  if (context <= 0) return false;
  emscripten_webgl_make_context_current(context);
  ImGui::CreateContext();
  set_up_io();
  setup_fonts_and_style(1, false);  // before the first frame, which would choose a size of its own
  open_ = ImGui_ImplOpenGL3_Init("#version 300 es");
  return open_;
}

void Canvas::context(bool lost) {
  if (!open_ || lost == lost_) return;
  lost_ = lost;
  // Objects of a lost context may only be deleted while it is lost.
  if (lost) {
    ImGui_ImplOpenGL3_Shutdown();
    fields_.forget();
    return;
  }
  ImGui_ImplOpenGL3_Init("#version 300 es");
}

bool Canvas::draw(App& app, const FrameInput& input) {
  if (!open_ || lost_ || input.width <= 0 || input.height <= 0) return false;
  // A context is lost before its event arrives; in between, everything that is created fails.
  if (emscripten_is_webgl_context_lost(emscripten_webgl_get_current_context())) return false;
  ImGuiIO& io = ImGui::GetIO();
  if (io.DisplaySize.x != input.width || io.DisplaySize.y != input.height)
    settling_ = 2;  // regions know the size of their content one frame later
  io.DisplaySize = {input.width, input.height};
  io.DisplayFramebufferScale = {input.pixel_ratio, input.pixel_ratio};
  const double passed = last_now_ < 0 ? 0 : input.now - last_now_;
  io.DeltaTime = static_cast<float>(std::clamp(passed, 1e-4, 1.0));
  last_now_ = input.now;

  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  FrameInput with_fields = input;
  with_fields.fields = &fields_;
  const bool more = app.frame(with_fields);
  ImGui::Render();
  glClearColor(0, 0, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());

  if (const int cursor = ImGui::GetMouseCursor(); cursor != cursor_) {
    cursor_ = cursor;
    host::set_cursor(css_cursor(cursor));
  }
  // Events are trickled one change a frame, so some may still wait for theirs.
  const bool settles = settling_ > 0;
  settling_ -= settles;
  return more || settles || ImGui::GetCurrentContext()->InputEventsQueue.Size > 0;
}

void Canvas::pointer(PointerKind kind, float x, float y, int button, bool touch) {
  if (!open_) return;
  ImGuiIO& io = ImGui::GetIO();
  io.AddMouseSourceEvent(touch ? ImGuiMouseSource_TouchScreen : ImGuiMouseSource_Mouse);
  if (kind == PointerKind::kLeave) {
    io.AddMousePosEvent(-FLT_MAX, -FLT_MAX);
    return;
  }
  io.AddMousePosEvent(x, y);
  if (kind == PointerKind::kMove) return;
  constexpr int kButtons[] = {ImGuiMouseButton_Left, ImGuiMouseButton_Middle,
                              ImGuiMouseButton_Right};
  if (button >= 0 && button <= 2)
    io.AddMouseButtonEvent(kButtons[button], kind == PointerKind::kDown);
  // A finger that is lifted hovers over nothing.
  if (touch && kind == PointerKind::kUp) io.AddMousePosEvent(-FLT_MAX, -FLT_MAX);
}

bool Canvas::wheel(float x, float y) {
  if (!open_) return false;
  bool moves = false;
  for (ImGuiWindow* window = ImGui::GetCurrentContext()->HoveredWindow; window && !moves;
       window = window->ParentWindow) {
    const float past = y > 0 ? window->Scroll.y : window->ScrollMax.y - window->Scroll.y;
    moves = y != 0 && past >= 1;
  }
  if (moves) ImGui::GetIO().AddMouseWheelEvent(x, y);
  return moves;
}

bool Canvas::key(std::string_view name, bool down, int modifiers) {
  if (!open_) return false;
  ImGuiIO& io = ImGui::GetIO();
  const auto held = [&](KeyModifier modifier) {
    return (modifiers & static_cast<int>(modifier)) != 0;
  };
  const bool ctrl = held(KeyModifier::kCtrl) || held(KeyModifier::kMeta);  // macOS: Command
  const bool alt = held(KeyModifier::kAlt);
  io.AddKeyEvent(ImGuiMod_Ctrl, ctrl);
  io.AddKeyEvent(ImGuiMod_Shift, held(KeyModifier::kShift));
  io.AddKeyEvent(ImGuiMod_Alt, alt);
  const ImGuiKey key = key_named(name);
  if (key == ImGuiKey_None) return false;
  const bool used = uses_key(key, ctrl, alt);
  if (used || !down) io.AddKeyEvent(key, down);
  return used;
}

void Canvas::text(const char* utf8) {
  if (open_) ImGui::GetIO().AddInputCharactersUTF8(utf8);
}

void Canvas::focus(bool focused) {
  if (open_) ImGui::GetIO().AddFocusEvent(focused);
}

bool Canvas::wants_text() const {
  return open_ && ImGui::GetIO().WantTextInput;
}

bool Canvas::wants_escape() const {
  return open_ && (ImGui::GetIO().WantTextInput || ImGui::GetCurrentContext()->ActiveId != 0 ||
                   is_popup_open());
}

}  // namespace attnlab
