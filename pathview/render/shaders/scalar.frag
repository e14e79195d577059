uniform sampler2D u_atlas;
uniform sampler2D u_colormap;  // 256 x 1
uniform vec2 u_atlas_size;
uniform float u_opacity;
uniform float u_threshold;
#ifdef UNSURE
uniform float u_hide_above;    // uncertainty over which nothing is drawn, 0 to 1 of the largest there can be
uniform float u_stipple;       // 1 where uncertainty shows, 0 where it does not
#endif
uniform vec2 u_range;          // value that has the first colour, and 1 over how much more the last one has
uniform float u_fade;          // opacity of the first colour against the last
uniform vec2 u_anchor;         // where level-0 (0, 0) is, so that hatching moves with the slide
uniform float u_pixel_scale;   // physical pixels per logical pixel

varying vec2 v_texel;
varying vec4 v_slot;

float line(float along, float period, float half_width) {
    float distance = abs(mod(along, period) - 0.5 * period) * 0.70710678;
    return 1.0 - smoothstep(half_width - 0.5, half_width + 0.5, distance);
}

float texel_at(vec2 texel) {
    vec2 inside = clamp(texel, vec2(0.0), v_slot.zw - 1.0) + 0.5;
    return texture2D(u_atlas, (v_slot.xy + inside) / u_atlas_size).r;
}

// What is stored for a cell with a value: the value from 0 to 1, 2 more where it means little, and 4 more for each
// of 255 steps of its uncertainty.
float value_in(float stored) {
    return mod(stored, 2.0);
}

#ifdef SMOOTH
// Between the middles of cells that have a value; those that have none do not blur into it.
float smoothed() {
    vec2 place = v_texel - 0.5, first = floor(place), share = place - first;
    float total = 0.0, weight = 1e-6;
    for (int corner = 0; corner < 4; corner++) {
        vec2 step = vec2(mod(float(corner), 2.0), floor(float(corner) / 2.0));
        float stored = texel_at(first + step);
        vec2 along = mix(1.0 - share, share, step);
        float counts = stored < -0.5 ? 0.0 : along.x * along.y;
        total += counts * value_in(max(stored, 0.0));
        weight += counts;
    }
    return total / weight;
}
#endif

// With DIVERGING 0.5 stands for nothing, and what counts is the distance to it.
float size_of(float value) {
#ifdef DIVERGING
    return abs(2.0 * value - 1.0);
#else
    return value;
#endif
}

vec4 colored(float value) {
    float place = clamp((value - u_range.x) * u_range.y, 0.0, 1.0);
    vec3 color = texture2D(u_colormap, vec2((place * 255.0 + 0.5) / 256.0, 0.5)).rgb;
    return vec4(color, mix(u_fade, 1.0, size_of(place)));
}

#ifdef UNSURE
// Greyer the less certain it is, and under light dots that grow: seen without telling colours apart.
vec4 stippled(vec4 color, float uncertainty, vec2 place) {
    color.rgb = mix(color.rgb, vec3(dot(color.rgb, vec3(0.30, 0.59, 0.11))), min(1.6 * uncertainty, 0.85));
    float period = 7.2 * u_pixel_scale;  // a fifth of the 36 that the anchor is a remainder of
    float radius = 3.2 * u_pixel_scale * smoothstep(0.15, 0.8, uncertainty);
    float distance = length(mod(place, period) - 0.5 * period);
    float rim = 1.0 - smoothstep(radius + 0.4, radius + 1.4, distance);
    float dot_ = 1.0 - smoothstep(radius - 0.6, radius + 0.4, distance);
    float shown = step(0.01, radius);
    color = mix(color, vec4(0.10, 0.10, 0.14, 0.8), 0.6 * rim * shown);
    return mix(color, vec4(0.98, 0.98, 0.98, 0.95), dot_ * shown);
}
#endif

// Pale, under dark lines that fall with a light edge: seen on any colour.
vec4 paled(vec4 color, vec2 place) {
    float at = place.x + place.y;
    float dark = line(at, 9.0 * u_pixel_scale, 0.8 * u_pixel_scale);
    float light = line(at - 2.2 * u_pixel_scale, 9.0 * u_pixel_scale, 0.8 * u_pixel_scale);
    color = vec4(mix(color.rgb, vec3(0.62), 0.55), color.a * 0.7);
    color = mix(color, vec4(0.97, 0.97, 0.97, 0.8), light);
    return mix(color, vec4(0.10, 0.10, 0.14, 0.9), dark);
}

void main() {
    float stored = texel_at(floor(v_texel));
    vec2 place = gl_FragCoord.xy - u_anchor;
    float rising = line(place.x - place.y, 12.0 * u_pixel_scale, 0.6 * u_pixel_scale);
    vec4 color;
    if (stored < -2.5) {          // failed: crossed warning lines
        float falling = line(place.x + place.y, 12.0 * u_pixel_scale, 0.9 * u_pixel_scale);
        color = vec4(0.84, 0.30, 0.0, 0.15 + 0.75 * max(rising, falling));
    } else if (stored < -1.5) {   // skipped
        color = vec4(0.0);
    } else if (stored < -0.5) {   // not run: thin neutral lines
        color = vec4(0.35, 0.37, 0.42, 0.5 * rising);
    } else {
        bool unlike = mod(floor(stored / 2.0), 2.0) > 0.5;
#ifdef SMOOTH
        float value = smoothed();
#else
        float value = value_in(stored);
#endif
        bool hidden = size_of(value) < u_threshold;
        color = hidden ? vec4(0.0) : colored(value);
#ifdef UNSURE
        float uncertainty = floor(stored / 4.0) / 255.0;
        if (!hidden && uncertainty * u_stipple > 0.0) color = stippled(color, uncertainty, place);
        if (uncertainty > u_hide_above + 0.002) {
            color = vec4(0.0);
            unlike = false;
        }
#endif
        if (unlike) color = paled(color, place);
    }
    // A transparent pixel still writes its depth: no coarser stand-in may show through it.
    gl_FragColor = vec4(color.rgb, color.a * u_opacity);
}
