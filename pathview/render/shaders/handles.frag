uniform float u_edge;
uniform float u_opacity;

void main() {
    vec2 from_rim = 0.5 * u_edge - abs(gl_PointCoord - 0.5) * u_edge;
    float inside = step(0.2 * u_edge, min(from_rim.x, from_rim.y));
    gl_FragColor = vec4(mix(vec3(0.1), vec3(1.0), inside), u_opacity);
}
