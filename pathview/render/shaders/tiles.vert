// Tiles of one raster layer. Positions are physical screen pixels from the middle of the view before it is turned,
// computed in double precision on the CPU: float32 level-0 coordinates would jitter far from the origin.
attribute vec2 a_position;
attribute float a_depth;
attribute vec2 a_texel;  // inside the tile
attribute vec4 a_slot;   // x, y, width, height of the tile inside the atlas page, in texels
attribute float a_share; // how far the tile has faded in

uniform vec2 u_size;     // physical screen pixels
uniform vec4 u_matrix;   // turns and mirrors, row by row

varying vec2 v_texel;
varying vec4 v_slot;
varying float v_share;

void main() {
    vec2 turned = vec2(dot(u_matrix.xy, a_position), dot(u_matrix.zw, a_position));
    gl_Position = vec4(2.0 * turned.x / u_size.x, -2.0 * turned.y / u_size.y, a_depth, 1.0);
    v_texel = a_texel;
    v_slot = a_slot;
    v_share = a_share;
}
