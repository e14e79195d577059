uniform vec4 u_tint;       // colour to use instead of the line's own, as far as its alpha says
uniform float u_opacity;
uniform float u_dash;      // physical pixels of dash and of gap; 0 draws a solid line

varying vec3 v_color;
varying vec4 v_place;
varying float v_before;

void main() {
    // Distance to the segment itself: round caps make round joints.
    float beyond = max(max(-v_place.x, v_place.x - v_place.z), 0.0);
    float distance = length(vec2(beyond, v_place.y));
    float alpha = clamp(v_place.w + 0.5 - distance, 0.0, 1.0);
    if (u_dash > 0.0 && mod(v_before + clamp(v_place.x, 0.0, v_place.z), 2.0 * u_dash) > u_dash)
        alpha = 0.0;
    gl_FragColor = vec4(mix(v_color, u_tint.rgb, u_tint.a), alpha * u_opacity);
}
