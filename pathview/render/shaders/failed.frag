// Cells of the slide that could not be read: crossed warning lines over whatever stands in for them.
uniform vec2 u_anchor;
uniform float u_pixel_scale;
uniform float u_opacity;

float line(float along, float period, float half_width) {
    float distance = abs(mod(along, period) - 0.5 * period) * 0.70710678;
    return 1.0 - smoothstep(half_width - 0.5, half_width + 0.5, distance);
}

void main() {
    vec2 place = gl_FragCoord.xy - u_anchor;
    float period = 18.0 * u_pixel_scale;
    float lines = max(line(place.x - place.y, period, 0.9 * u_pixel_scale),
                      line(place.x + place.y, period, 0.9 * u_pixel_scale));
    gl_FragColor = vec4(0.84, 0.30, 0.0, (0.12 + 0.7 * lines) * u_opacity);
}
