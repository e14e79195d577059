uniform sampler2D u_colors;  // one texel a class; those with alpha 0 are not drawn
uniform float u_opacity;
uniform float u_diameter;

varying float v_class;

void main() {
    vec4 color = texture2D(u_colors, vec2((v_class + 0.5) / 256.0, 0.5));
    float away = length(gl_PointCoord - 0.5) * (u_diameter + 1.0);
    float alpha = clamp(0.5 * u_diameter + 0.5 - away, 0.0, 1.0) * color.a * u_opacity;
    if (alpha <= 0.0)
        discard;
    gl_FragColor = vec4(color.rgb, alpha);
}
