// Fields drawn inside Dear ImGui's frame: a callback in the draw list fills one rectangle and lets
// the backend set up its own state again.
#include "ui/gl_fields.h"

#include <algorithm>
#include <cmath>

#include "attnlab_shaders.h"
#include "core/picture/heat_layout.h"
#include "ui/theme.h"

#if defined(__EMSCRIPTEN__)
#include <GLES3/gl3.h>
#elif defined(__APPLE__)
#include <OpenGL/gl3.h>
#else
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>
#endif

namespace attnlab {
namespace {

constexpr int kDataWidth = 64;  // numbers in a row of the data texture

const char* shader_text(std::string_view name) {
  for (const ShaderText& shader : kShaderTexts) {
    if (name == shader.name) return shader.text;
  }
  return nullptr;
}

struct Colour {
  float red, green, blue;
};
Colour colour_of(ImU32 packed) {
  const ImVec4 c = ImGui::ColorConvertU32ToFloat4(packed);
  return {c.x, c.y, c.z};
}
Colour colour_of_rgb(unsigned rgb) {
  return {static_cast<float>((rgb >> 16) & 255) / 255, static_cast<float>((rgb >> 8) & 255) / 255,
          static_cast<float>(rgb & 255) / 255};
}

}  // namespace

GlFieldRenderer::~GlFieldRenderer() {
  for (const auto& [name, program] : programs_) {
    if (program.id != 0) glDeleteProgram(program.id);
  }
  if (texture_ != 0) glDeleteTextures(1, &texture_);
  if (vertex_array_ != 0) glDeleteVertexArrays(1, &vertex_array_);
}

void GlFieldRenderer::forget() {
  programs_.clear();
  wanted_.clear();
  vertex_array_ = texture_ = 0;
}

unsigned GlFieldRenderer::compiled_shader(unsigned kind, std::string_view shader) const {
  std::string text = preamble_;
  if (kind == GL_VERTEX_SHADER) {
    text += shader_text("quad");
  } else {
    text += std::string(shader_text("field")) + "\n" + shader_text(shader);
  }
  const char* const source = text.c_str();
  const unsigned id = glCreateShader(kind);
  glShaderSource(id, 1, &source, nullptr);
  glCompileShader(id);
  int done = 0;
  glGetShaderiv(id, GL_COMPILE_STATUS, &done);
  if (done) return id;
  glDeleteShader(id);
  return 0;
}

GlFieldRenderer::Program GlFieldRenderer::compiled(std::string_view shader) const {
  Program program{};
  if (shader_text(shader) == nullptr) return program;
  const unsigned vertex = compiled_shader(GL_VERTEX_SHADER, shader);
  const unsigned fragment = compiled_shader(GL_FRAGMENT_SHADER, shader);
  if (vertex != 0 && fragment != 0) {
    program.id = glCreateProgram();
    glAttachShader(program.id, vertex);
    glAttachShader(program.id, fragment);
    glLinkProgram(program.id);
    int done = 0;
    glGetProgramiv(program.id, GL_LINK_STATUS, &done);
    if (!done) {
      glDeleteProgram(program.id);
      program.id = 0;
    }
  }
  glDeleteShader(vertex);  // a linked program keeps what it needs
  glDeleteShader(fragment);
  if (program.id == 0) return program;
  const auto place = [&](const char* name) { return glGetUniformLocation(program.id, name); };
  program.corners = place("u_corners");
  program.plane = place("u_plane");
  program.data = place("u_data");
  program.knots = place("u_knots");
  program.knot_count = place("u_knot_count");
  program.range = place("u_range");
  program.logarithmic = place("u_logarithmic");
  program.levels = place("u_levels");
  program.level_count = place("u_level_count");
  program.unknown = place("u_unknown");
  program.opacity = place("u_opacity");
  program.pixel = place("u_pixel");
  program.thin_lines = place("u_thin_lines");
  return program;
}

const GlFieldRenderer::Program& GlFieldRenderer::program(std::string_view shader) {
  const auto known = programs_.find(shader);
  if (known != programs_.end()) return known->second;
  return programs_.emplace(std::string(shader), compiled(shader)).first->second;
}

void GlFieldRenderer::draw(ImDrawList* list, const FieldDrawing& drawing) {
  wanted_.push_back({drawing, std::string(drawing.shader),
                     std::vector<float>(drawing.data.begin(), drawing.data.end()),
                     std::vector<double>(drawing.contours.begin(), drawing.contours.end()),
                     theme().panel});
  Ticket ticket{this, wanted_.size() - 1};
  const auto callback = [](const ImDrawList*, const ImDrawCmd* command) {
    const Ticket& given = *static_cast<const Ticket*>(command->UserCallbackData);
    if (given.index < given.renderer->wanted_.size()) {
      given.renderer->draw_now(given.renderer->wanted_[given.index], command->ClipRect);
    }
  };
  list->AddCallback(callback, &ticket, sizeof ticket);
  list->AddCallback(ImDrawCallback_ResetRenderState, nullptr);
}

void GlFieldRenderer::upload(const std::vector<float>& data) {
  const int rows = static_cast<int>((data.size() + kDataWidth - 1) / kDataWidth);
  std::vector<float> padded(data);
  padded.resize(static_cast<std::size_t>(std::max(rows, 1)) * kDataWidth, 0);
  if (texture_ == 0) glGenTextures(1, &texture_);
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, texture_);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, kDataWidth, std::max(rows, 1), 0, GL_RED, GL_FLOAT,
               padded.data());
}

void GlFieldRenderer::set_uniforms(const Program& program, const Wanted& wanted) {
  const FieldDrawing& drawing = wanted.drawing;
  std::vector<float> knots;
  for (const unsigned rgb : heat_knots(drawing.scale)) {
    const Colour c = colour_of_rgb(rgb);
    knots.insert(knots.end(), {c.red, c.green, c.blue});
  }
  glUniform3fv(program.knots, static_cast<int>(knots.size() / 3), knots.data());
  glUniform1i(program.knot_count, static_cast<int>(knots.size() / 3));
  glUniform2f(program.range, static_cast<float>(drawing.colours.lo),
              static_cast<float>(drawing.colours.hi));
  glUniform1i(program.logarithmic, drawing.logarithmic);
  std::vector<float> levels;
  for (const double level : wanted.contours) {
    if (levels.size() < kMostContours) levels.push_back(static_cast<float>(level));
  }
  if (!levels.empty()) {
    glUniform1fv(program.levels, static_cast<int>(levels.size()), levels.data());
  }
  glUniform1i(program.level_count, static_cast<int>(levels.size()));
  const Colour unknown = colour_of(wanted.unknown);
  glUniform3f(program.unknown, unknown.red, unknown.green, unknown.blue);
  glUniform1f(program.opacity, drawing.opacity);
  glUniform1i(program.thin_lines, has_thin_lines(drawing.scale));
}

void GlFieldRenderer::draw_now(const Wanted& wanted, const ImVec4& clip) {
  const Program& shader = program(wanted.shader);
  const ImDrawData* frame = ImGui::GetDrawData();
  if (shader.id == 0 || frame == nullptr) return;
  const ImVec2 size = frame->DisplaySize, scale = frame->FramebufferScale;
  if (size.x <= 0 || size.y <= 0) return;
  if (vertex_array_ == 0) glGenVertexArrays(1, &vertex_array_);
  glBindVertexArray(vertex_array_);
  glUseProgram(shader.id);
  upload(wanted.data);
  set_uniforms(shader, wanted);
  const Box& box = wanted.drawing.box;
  glUniform4f(shader.corners, 2 * box.x0 / size.x - 1, 1 - 2 * box.y1 / size.y,
              2 * box.x1 / size.x - 1, 1 - 2 * box.y0 / size.y);
  const Range &x = wanted.drawing.x, &y = wanted.drawing.y;
  glUniform4f(shader.plane, static_cast<float>(x.lo), static_cast<float>(y.lo),
              static_cast<float>(x.hi), static_cast<float>(y.hi));
  glUniform1f(shader.pixel, scale.x);
  glUniform1i(shader.data, 0);
  const auto device = [](float logical, float ratio) {
    return static_cast<int>(std::lround(logical * ratio));
  };
  const int left = device(clip.x, scale.x), right = device(clip.z, scale.x);
  const int top = device(clip.y, scale.y), bottom = device(clip.w, scale.y);
  if (right <= left || bottom <= top) return;
  glScissor(left, device(size.y, scale.y) - bottom, right - left, bottom - top);
  glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}

}  // namespace attnlab
