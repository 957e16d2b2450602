// Vertex shader of every field: a rectangle without vertex data, and the plane's point at each corner.
uniform vec4 u_corners;  // in clip space: left, bottom, right, top
uniform vec4 u_plane;    // of the figure's plane: x and y at left bottom, x and y at right top
out vec2 v_point;

void main() {
  vec2 t = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  v_point = mix(u_plane.xy, u_plane.zw, t);
  gl_Position = vec4(mix(u_corners.xy, u_corners.zw, t), 0.0, 1.0);
}
