// Fragment shader of every field: colours one value and draws lines where another crosses levels.
// The text of one field follows, which defines field(); it reads its data with number(i).
// Written for GLSL 330 and GLSL ES 300; the line with the version and the precision comes before.
in vec2 v_point;
out vec4 o_colour;

uniform sampler2D u_data;  // 64 numbers a row
uniform vec3 u_knots[9];   // colours at equal steps of the range
uniform int u_knot_count;
uniform vec2 u_range;
uniform bool u_logarithmic;
uniform float u_levels[8];
uniform int u_level_count;
uniform vec3 u_unknown;    // colour where there is no value
uniform float u_opacity;
uniform float u_pixel;     // device pixels per logical pixel
uniform bool u_thin_lines; // on pale colours: dark and thin; else white with a dark rim

const float kUnknown = -3.0e38;
float g_cover = 1.0;  // a field sets it to 0 where the ground should show

float number(int i) { return texelFetch(u_data, ivec2(i & 63, i >> 6), 0).r; }

// (value to colour, value to draw lines through); kUnknown where there is none.
vec2 field(vec2 point);

vec3 colour_of(float value) {
  float share = u_logarithmic
                    ? (value > 0.0 ? log(value / u_range.x) / log(u_range.y / u_range.x) : 0.0)
                    : (value - u_range.x) / (u_range.y - u_range.x);
  float at = clamp(share, 0.0, 1.0) * float(u_knot_count - 1);
  int i = min(int(at), u_knot_count - 2);
  return mix(u_knots[i], u_knots[i + 1], at - float(i));
}

void main() {
  vec2 value = field(v_point);
  vec3 colour = value.x > kUnknown ? colour_of(value.x) : u_unknown;
  vec2 slope = vec2(dFdx(value.y), dFdy(value.y));
  float steepness = length(slope);
  bool has_lines = value.y > kUnknown && steepness > 0.0 && steepness < 1.0e30;
  for (int i = 0; has_lines && i < u_level_count; ++i) {
    // Distance to the line in logical pixels.
    float away = abs(value.y - u_levels[i]) / steepness / u_pixel;
    const vec3 kDark = vec3(0.063, 0.071, 0.094);
    if (u_thin_lines) {
      colour = mix(colour, kDark, 0.65 * (1.0 - smoothstep(0.4, 1.1, away)));
    } else {
      colour = mix(colour, kDark, 1.0 - smoothstep(1.5, 2.3, away));
      colour = mix(colour, vec3(1.0), 1.0 - smoothstep(0.6, 1.4, away));
    }
  }
  o_colour = vec4(colour, u_opacity * g_cover);
}
