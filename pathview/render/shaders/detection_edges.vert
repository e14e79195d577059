// Outlines of constant screen width; places as in detections.vert.
attribute vec2 a_at;
attribute vec2 a_delta;
attribute float a_score;
attribute float a_class;
attribute float a_corner;

uniform vec2 u_corner;
uniform float u_zoom;
uniform vec2 u_size;
uniform vec4 u_matrix;
uniform float u_least;
uniform float u_radius;    // half the line width in physical pixels

varying float v_class;
varying vec3 v_place;      // along, across, length; physical pixels

void main() {
    float end = floor(a_corner / 2.0);
    float side = 2.0 * mod(a_corner, 2.0) - 1.0;
    vec2 along = normalize(a_delta);
    float reach = u_radius + 1.0;
    vec2 at = (a_at + a_delta * end + u_corner) * u_zoom
        + along * (2.0 * end - 1.0) * reach + vec2(-along.y, along.x) * side * reach;
    at = vec2(dot(u_matrix.xy, at), dot(u_matrix.zw, at));
    gl_Position = vec4(2.0 * at.x / u_size.x, -2.0 * at.y / u_size.y, 0.0, 1.0);
    if (a_score < u_least)
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    float len = length(a_delta) * u_zoom;
    v_place = vec3(end * len + (2.0 * end - 1.0) * reach, side * reach, len);
    v_class = a_class;
}
