// A screen without a GPU: builds frames of the front end, moves a pointer and presses keys.
#pragma once

#include "imgui.h"
#include "imgui_internal.h"
#include "ui/app.h"

namespace attnlab {

class Screen {
 public:
  explicit Screen(float width = 1280, float height = 800) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    setup_fonts_and_style(1, false);
    input.width = width;
    input.height = height;
  }
  ~Screen() {
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) destroy(texture);
    ImGui::DestroyContext();
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Between NewFrame and Render, `draw` builds the frame.
  template <class Draw>
  void build(Draw draw) {
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(input.width, input.height);
    io.DisplayFramebufferScale = ImVec2(input.pixel_ratio, input.pixel_ratio);
    io.DeltaTime = 1.0f / 60;
    input.now += io.DeltaTime;
    ImGui::NewFrame();
    draw();
    ImGui::Render();
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
      if (texture->Status == ImTextureStatus_WantDestroy) {
        destroy(texture);
      } else {
        texture->SetTexID(1);
        texture->SetStatus(ImTextureStatus_OK);
      }
    }
  }

  void frame(App& app) {
    app.poll(input.now);
    build([&] { app.frame(input); });
  }
  void frames(App& app, int count) {
    for (int i = 0; i < count; ++i) frame(app);
  }

  void move(App& app, float x, float y) {
    ImGui::GetIO().AddMousePosEvent(x, y);
    frames(app, 2);
  }
  void click(App& app, float x, float y) {
    move(app, x, y);
    ImGui::GetIO().AddMouseButtonEvent(0, true);
    frame(app);
    ImGui::GetIO().AddMouseButtonEvent(0, false);
    frames(app, 2);
  }
  void press(App& app, ImGuiKey key) {
    ImGui::GetIO().AddKeyEvent(key, true);
    frame(app);
    ImGui::GetIO().AddKeyEvent(key, false);
    frames(app, 2);
  }

  FrameInput input;

 private:
  static void destroy(ImTextureData* texture) {
    texture->SetTexID(ImTextureID_Invalid);
    texture->SetStatus(ImTextureStatus_Destroyed);
  }
};

}  // namespace attnlab
