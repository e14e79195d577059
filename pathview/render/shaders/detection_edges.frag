uniform sampler2D u_colors;
uniform float u_opacity;
uniform float u_radius;

varying float v_class;
varying vec3 v_place;

void main() {
    vec4 color = texture2D(u_colors, vec2((v_class + 0.5) / 256.0, 0.5));
    float beyond = max(max(-v_place.x, v_place.x - v_place.z), 0.0);
    float alpha = clamp(u_radius + 0.5 - length(vec2(beyond, v_place.y)), 0.0, 1.0) * color.a * u_opacity;
    if (alpha <= 0.0)
        discard;
    gl_FragColor = vec4(color.rgb, alpha);
}
