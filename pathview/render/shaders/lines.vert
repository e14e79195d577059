// Segments as quads of constant screen width. A level-0 coordinate is the sum of two floats (high + low), and
// so is the view centre: their difference is exact to a fraction of a screen pixel on any slide, and moving the view
// uploads nothing.
attribute vec2 a_high;
attribute vec2 a_low;
attribute vec2 a_along;    // unit direction of the segment
attribute vec2 a_corner;   // -1 or 1: which end, which side
attribute vec2 a_lengths;  // level-0 length of the segment, and of the line before it
attribute vec4 a_style;    // r, g, b, radius factor

uniform vec2 u_center_high;
uniform vec2 u_center_low;
uniform float u_zoom;      // physical screen pixels per level-0 pixel
uniform vec2 u_size;
uniform vec2 u_turn;
uniform float u_radius;    // half the line width in physical pixels

varying vec3 v_color;
varying vec4 v_place;      // along, across, length, radius; physical pixels
varying float v_before;

vec2 turned(vec2 v) {
    return vec2(u_turn.x * v.x - u_turn.y * v.y, u_turn.y * v.x + u_turn.x * v.y);
}

void main() {
    vec2 at = turned(((a_high - u_center_high) + (a_low - u_center_low)) * u_zoom);
    vec2 along = turned(a_along);
    float radius = u_radius * a_style.w;
    float reach = radius + 1.0;  // room for the soft edge
    at += along * a_corner.x * reach + vec2(-along.y, along.x) * a_corner.y * reach;
    gl_Position = vec4(2.0 * at.x / u_size.x, -2.0 * at.y / u_size.y, 0.0, 1.0);
    float len = a_lengths.x * u_zoom;
    v_place = vec4(a_corner.x < 0.0 ? -reach : len + reach, a_corner.y * reach, len, radius);
    v_before = a_lengths.y * u_zoom;
    v_color = a_style.rgb;
}
