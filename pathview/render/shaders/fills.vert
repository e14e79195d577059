attribute vec2 a_high;
attribute vec2 a_low;
attribute float a_color;

uniform vec2 u_center_high;
uniform vec2 u_center_low;
uniform float u_zoom;
uniform vec2 u_size;
uniform vec4 u_matrix;

varying vec3 v_color;

void main() {
    vec2 from_center = ((a_high - u_center_high) + (a_low - u_center_low)) * u_zoom;
    vec2 at = vec2(dot(u_matrix.xy, from_center), dot(u_matrix.zw, from_center));
    gl_Position = vec4(2.0 * at.x / u_size.x, -2.0 * at.y / u_size.y, 0.0, 1.0);
    v_color = vec3(floor(a_color / 65536.0), mod(floor(a_color / 256.0), 256.0), mod(a_color, 256.0)) / 255.0;
}
