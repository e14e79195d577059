uniform sampler2D u_atlas;
uniform vec2 u_atlas_size;
uniform float u_opacity;
uniform float u_crisp;  // 1: nearest, 0: linear

varying vec2 v_texel;
varying vec4 v_slot;
varying float v_share;

void main() {
    // Half a texel inside the slot, so that a neighbour in the atlas never bleeds in.
    vec2 texel = clamp(v_texel, vec2(0.5), v_slot.zw - 0.5);
    texel = mix(texel, floor(texel) + 0.5, u_crisp);
    gl_FragColor = vec4(texture2D(u_atlas, (v_slot.xy + texel) / u_atlas_size).rgb, u_opacity * v_share);
}
