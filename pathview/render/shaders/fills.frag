uniform float u_opacity;

varying vec3 v_color;

void main() {
    gl_FragColor = vec4(v_color, u_opacity);
}
