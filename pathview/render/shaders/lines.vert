// Segments as quads of constant screen width. A level-0 coordinate is the sum of two floats (high + low), and
// so is the view centre: their difference is exact to a fraction of a screen pixel on any slide, and moving the view
// uploads nothing.
attribute vec2 a_high;
attribute vec2 a_low;
attribute vec2 a_delta;
attribute float a_before;
attribute float a_color;
attribute float a_radius;
attribute float a_corner;

uniform vec2 u_center_high;
uniform vec2 u_center_low;
uniform float u_zoom;      // physical screen pixels per level-0 pixel
uniform vec2 u_size;
uniform vec4 u_matrix;
uniform float u_radius;    // half the line width in physical pixels

varying vec3 v_color;
varying vec4 v_place;      // along, across, length, radius; physical pixels
varying float v_before;

void main() {
    float end = floor(a_corner / 2.0);                     // 0 at the start, 1 at the end
    float side = 2.0 * mod(a_corner, 2.0) - 1.0;
    float way = length(a_delta);
    vec2 along = way > 0.0 ? a_delta / way : vec2(1.0, 0.0);
    float radius = u_radius * a_radius;
    float reach = radius + 1.0;                            // room for the soft edge
    vec2 start = ((a_high - u_center_high) + (a_low - u_center_low)) * u_zoom;
    vec2 at = start + a_delta * u_zoom * end
        + along * (2.0 * end - 1.0) * reach + vec2(-along.y, along.x) * side * reach;
    at = vec2(dot(u_matrix.xy, at), dot(u_matrix.zw, at));
    gl_Position = vec4(2.0 * at.x / u_size.x, -2.0 * at.y / u_size.y, 0.0, 1.0);
    float len = way * u_zoom;
    v_place = vec4(end * len + (2.0 * end - 1.0) * reach, side * reach, len, radius);
    v_before = a_before * u_zoom;
    v_color = vec3(floor(a_color / 65536.0), mod(floor(a_color / 256.0), 256.0), mod(a_color, 256.0)) / 255.0;
}
