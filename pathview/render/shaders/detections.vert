// Dots of constant screen size. Places are relative to the corner of their square of the slide, and the corner to the
// middle of the view in double precision: exact on any slide, and moving the view uploads nothing.
attribute vec2 a_at;
attribute float a_score;
attribute float a_class;

uniform vec2 u_corner;     // of the square, level-0 pixels from the middle of the view
uniform float u_zoom;      // physical screen pixels per level-0 pixel
uniform vec2 u_size;
uniform vec4 u_matrix;
uniform float u_least;     // objects with a lower score are not drawn
uniform float u_diameter;  // physical pixels

varying float v_class;

void main() {
    vec2 at = (a_at + u_corner) * u_zoom;
    at = vec2(dot(u_matrix.xy, at), dot(u_matrix.zw, at));
    gl_Position = vec4(2.0 * at.x / u_size.x, -2.0 * at.y / u_size.y, 0.0, 1.0);
    if (a_score < u_least)
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = u_diameter + 1.0;
    v_class = a_class;
}
