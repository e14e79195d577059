uniform sampler2D u_atlas;
uniform vec2 u_atlas_size;
uniform float u_opacity;
uniform float u_crisp;  // 1: nearest, 0: linear

// The adjustment; pathview/view/adjust.py says what each step is and is what tests compare this with.
uniform vec3 u_gains;
uniform float u_stained;   // 1: a single stain is shown
uniform mat3 u_stains;
uniform float u_saturation;
uniform float u_contrast;
uniform float u_brightness;
uniform float u_gamma;

varying vec2 v_texel;
varying vec4 v_slot;
varying float v_share;

vec3 adjusted(vec3 light) {
    light = min(light * u_gains, 1.0);
    if (u_stained > 0.5) {
        light = min(exp(-(u_stains * -log(max(light, 1.0 / 255.0)))), 1.0);
    }
    float luma = dot(light, vec3(0.2126, 0.7152, 0.0722));
    light = luma + u_saturation * (light - luma);
    light = clamp((light - 0.5) * u_contrast + 0.5 + u_brightness, 0.0, 1.0);
    // pow(0, y) may be anything on some drivers where it is worked out as exp2(y * log2(0)).
    return mix(pow(max(light, 1e-9), vec3(1.0 / u_gamma)), vec3(0.0), vec3(lessThan(light, vec3(1e-9))));
}

void main() {
    // Half a texel inside the slot, so that a neighbour in the atlas never bleeds in.
    vec2 texel = clamp(v_texel, vec2(0.5), v_slot.zw - 0.5);
    texel = mix(texel, floor(texel) + 0.5, u_crisp);
    vec3 color = texture2D(u_atlas, (v_slot.xy + texel) / u_atlas_size).rgb;
    gl_FragColor = vec4(adjusted(color), u_opacity * v_share);
}
