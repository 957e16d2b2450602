// Draws a figure into a frame buffer of its own, with a context of Dear ImGui of its own: the
// window may be in the middle of a frame. See desktop_picture.h.
#include "native/desktop_picture.h"

#include <vector>

#include <png.h>

#include "backends/imgui_impl_opengl3.h"
#include "imgui.h"
#include "ui/app.h"
#include "ui/gl_fields.h"
#include "ui/plot.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

#if defined(__APPLE__)
#include <OpenGL/gl3.h>
#else
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>
#endif

namespace attnlab {
namespace {

constexpr int kPixelRatio = 2;
constexpr float kMargin = 16, kTop = 14;  // as in figure_svg
constexpr float kSourceSize = 10.5f, kSourceHeight = 26;

/// A frame buffer that receives everything drawn during its life.
class OffScreen {
 public:
  OffScreen(int width, int height) {
    glGetIntegerv(GL_DRAW_FRAMEBUFFER_BINDING, &before_);
    glGenFramebuffers(1, &buffer_);
    glBindFramebuffer(GL_FRAMEBUFFER, buffer_);
    glGenRenderbuffers(1, &pixels_);
    glBindRenderbuffer(GL_RENDERBUFFER, pixels_);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGB8, width, height);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, pixels_);
  }
  ~OffScreen() {
    glBindFramebuffer(GL_FRAMEBUFFER, static_cast<unsigned>(before_));
    glDeleteFramebuffers(1, &buffer_);
    glDeleteRenderbuffers(1, &pixels_);
  }
  OffScreen(const OffScreen&) = delete;
  OffScreen& operator=(const OffScreen&) = delete;

  bool complete() const {
    return glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
  }

 private:
  int before_ = 0;
  unsigned buffer_ = 0, pixels_ = 0;
};

/// A context of Dear ImGui that is the current one during its life.
class OwnContext {
 public:
  OwnContext() : before_(ImGui::GetCurrentContext()), own_(ImGui::CreateContext()) {
    ImGui::SetCurrentContext(own_);
    ImGui_ImplOpenGL3_Init("#version 330 core");
  }
  ~OwnContext() {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui::DestroyContext(own_);
    ImGui::SetCurrentContext(before_);
  }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;

 private:
  ImGuiContext *before_, *own_;
};

void lay_out_picture(const Figure& figure, const SvgOptions& options, ImVec2 size,
                     FieldRenderer& fields) {
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(size);
  ImGui::Begin("picture", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoInputs);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->_FringeScale = 1.0f / kPixelRatio;
  ImGui::SetCursorScreenPos(ImVec2(kMargin, kTop));
  PlotState state;
  PlotOptions look;
  look.fields = &fields;
  plot("figure", figure, state, look, ImVec2(size.x - 2 * kMargin, size.y - kTop - kSourceHeight));
  draw_text(list, ImVec2(kMargin, size.y - kSourceHeight + 6), options.source, false, kSourceSize,
            theme().muted);
  ImGui::End();
}

}  // namespace

std::string frame_png(int width, int height) {
  const auto row_bytes = static_cast<std::size_t>(width) * 3;
  std::vector<unsigned char> pixels(row_bytes * static_cast<std::size_t>(height));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, pixels.data());
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  const auto write = [&](void* to, png_alloc_size_t* size) {
    // A negative step: OpenGL's first row is the lowest.
    return png_image_write_to_memory(&image, to, size, 0, pixels.data(),
                                     -static_cast<png_int_32>(row_bytes), nullptr) != 0;
  };
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string file(size, '\0');
  if (!write(file.data(), &size)) return {};
  file.resize(size);
  return file;
}

std::string figure_png(const Figure& figure, const SvgOptions& options, float window_ratio) {
  const PictureSize size = picture_size(figure, options);
  const int width = kPixelRatio * size.width, height = kPixelRatio * size.height;
  const OffScreen target(width, height);
  if (!target.complete()) return {};
  const OwnContext context;
  setup_fonts_and_style(window_ratio,
                        options.dark);  // settings that both contexts share do not change
  GlFieldRenderer fields(kGlslDesktop);
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = ImVec2(static_cast<float>(size.width), static_cast<float>(size.height));
  io.DisplayFramebufferScale = ImVec2(kPixelRatio, kPixelRatio);
  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  Figure still = figure;
  still.invitation.clear();
  lay_out_picture(still, options, io.DisplaySize, fields);
  ImGui::Render();
  const ImVec4 ground = ImGui::ColorConvertU32ToFloat4(theme().ground);
  glClearColor(ground.x, ground.y, ground.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  return frame_png(width, height);
}

}  // namespace attnlab
