// Fields through OpenGL 3.3 (desktop) or WebGL 2 (page). The shell's context must be current in all
// calls.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ui/field_renderer.h"

namespace attnlab {

class GlFieldRenderer : public FieldRenderer {
 public:
  /// `preamble`: the beginning of every shader text, kGlslDesktop or kGlslWeb.
  explicit GlFieldRenderer(std::string preamble) : preamble_(std::move(preamble)) {}
  ~GlFieldRenderer() override;
  GlFieldRenderer(const GlFieldRenderer&) = delete;
  GlFieldRenderer& operator=(const GlFieldRenderer&) = delete;

  void begin_frame() override { wanted_.clear(); }
  bool can_draw(std::string_view shader) override { return program(shader).id != 0; }
  void draw(ImDrawList* list, const FieldDrawing& drawing) override;

  /// The context was lost with everything in it: everything is made again when it is needed.
  void forget();

 private:
  struct Program {
    unsigned id = 0;  ///< 0: the shader cannot be drawn here
    int corners, plane, data, knots, knot_count, range, logarithmic, levels, level_count, unknown,
        opacity, pixel, thin_lines;
  };
  /// A drawing with a copy of its numbers, and the colours of the theme at that time.
  struct Wanted {
    FieldDrawing drawing;
    std::string shader;
    std::vector<float> data;
    std::vector<double> contours;
    ImU32 unknown;
  };
  struct Ticket {
    GlFieldRenderer* renderer;
    std::size_t index;
  };

  const Program& program(std::string_view shader);
  Program compiled(std::string_view shader) const;
  unsigned compiled_shader(unsigned kind, std::string_view shader) const;
  void draw_now(const Wanted& wanted, const ImVec4& clip);
  void upload(const std::vector<float>& data);
  static void set_uniforms(const Program& program, const Wanted& wanted);

  std::string preamble_;
  std::map<std::string, Program, std::less<>> programs_;
  std::vector<Wanted> wanted_;
  unsigned vertex_array_ = 0, texture_ = 0;
};

inline constexpr const char* kGlslDesktop = "#version 330 core\n";
inline constexpr const char* kGlslWeb =
    "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp sampler2D;\n";

}  // namespace attnlab
