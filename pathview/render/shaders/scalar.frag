uniform sampler2D u_atlas;
uniform sampler2D u_colormap;  // 256 x 1
uniform vec2 u_atlas_size;
uniform float u_opacity;
uniform float u_threshold;
uniform float u_fade;          // opacity of a value of 0 against one of 1
uniform vec2 u_anchor;         // where level-0 (0, 0) is, so that hatching moves with the slide
uniform float u_pixel_scale;   // physical pixels per logical pixel

varying vec2 v_texel;
varying vec4 v_slot;

float line(float along, float period, float half_width) {
    float distance = abs(mod(along, period) - 0.5 * period) * 0.70710678;
    return 1.0 - smoothstep(half_width - 0.5, half_width + 0.5, distance);
}

void main() {
    vec2 texel = floor(clamp(v_texel, vec2(0.5), v_slot.zw - 0.5)) + 0.5;
    float value = texture2D(u_atlas, (v_slot.xy + texel) / u_atlas_size).r;
    vec2 place = gl_FragCoord.xy - u_anchor;
    float rising = line(place.x - place.y, 12.0 * u_pixel_scale, 0.6 * u_pixel_scale);
    vec4 color;
    bool unlike = value > 1.5;   // a value that means little carries a 2
    value -= unlike ? 2.0 : 0.0;
    if (value < -2.5) {          // failed: crossed warning lines
        float falling = line(place.x + place.y, 12.0 * u_pixel_scale, 0.9 * u_pixel_scale);
        color = vec4(0.84, 0.30, 0.0, 0.15 + 0.75 * max(rising, falling));
    } else if (value < -1.5) {   // skipped
        color = vec4(0.0);
    } else if (value < -0.5) {   // not run: thin neutral lines
        color = vec4(0.35, 0.37, 0.42, 0.5 * rising);
    } else if (value < u_threshold) {
        color = vec4(0.0);
    } else {
        float place_in_map = (clamp(value, 0.0, 1.0) * 255.0 + 0.5) / 256.0;
        color = vec4(texture2D(u_colormap, vec2(place_in_map, 0.5)).rgb, mix(u_fade, 1.0, value));
    }
    if (unlike && value > -0.5) {  // pale, under dark lines that fall with a light edge: seen on any colour
        float at = place.x + place.y;
        float dark = line(at, 9.0 * u_pixel_scale, 0.8 * u_pixel_scale);
        float light = line(at - 2.2 * u_pixel_scale, 9.0 * u_pixel_scale, 0.8 * u_pixel_scale);
        vec3 pale = mix(color.rgb, vec3(0.62), 0.55);
        color = vec4(pale, color.a * 0.7);
        color = mix(color, vec4(0.97, 0.97, 0.97, 0.8), light);
        color = mix(color, vec4(0.10, 0.10, 0.14, 0.9), dark);
    }
    // A transparent pixel still writes its depth: no coarser stand-in may show through it.
    gl_FragColor = vec4(color.rgb, color.a * u_opacity);
}
