// SPDX-License-Identifier: Apache-2.0
// Wet tissue: vessels from the albedo texture, sparkle from a tiled bump map; blood and shadows.
uniform sampler2D albedo;  // sqrt of linear RGB, wetness
uniform sampler2D bump;    // slopes along u and v, 0.5 = flat
uniform vec3 relief;       // bump tiles over uv, slope strength, wetness
in vec3 normal;
in vec2 uv;
in vec4 light;
in vec3 halfway;
#ifdef SHADOW
in vec3 position;
#endif
#ifdef SOFT
uniform float part_id;
in vec3 along_u;
in vec3 along_v;
in vec3 tint;
#endif

#ifdef BLOOD
uniform sampler2D ragged;     // smooth noise, mean 0.5
uniform vec4 blood;           // source uv, radius in uv, 0
uniform vec2 downhill;        // unit, in uv
// How much of the tissue a film of blood covers here: ragged, reaching further downhill.
float covered() {
    vec2 d = uv - blood.xy;
    float along = dot(d, downhill);
    d -= downhill * max(along, 0.0) * 0.45;
    float edge = blood.z * (0.55 + 0.9 * texture(ragged, uv * 3.0).x);
    return 1.0 - smoothstep(0.82 * edge, edge, length(d));
}
#endif
#ifdef MARKED
uniform int mark_count;
uniform vec4 mark_ends[16];  // of a segment, in uv; equal for a dot
uniform float mark_half[16]; // half width in uv
const vec3 kInk = vec3(0.17, 0.06, 0.33);  // square root of linear RGB: gentian violet
float inked() {
    float ink = 0.0;
    for (int i = 0; i < mark_count; ++i) {
        vec2 p = uv - mark_ends[i].xy, d = mark_ends[i].zw - mark_ends[i].xy;
        p -= d * clamp(dot(p, d) / max(dot(d, d), 1e-12), 0.0, 1.0);
        ink = max(ink, 1.0 - smoothstep(0.75, 1.0, length(p) / mark_half[i]));
    }
#ifdef SOFT
    ink *= step(0.5, along_u.x * along_v.y);  // drawn from above: not on flanks
#endif
    return ink;
}
#endif

void main() {
    vec4 skin = texture(albedo, uv);
    vec2 slope = (texture(bump, uv * relief.x).xy - 0.5) * relief.y;
#ifdef MARKED
    skin.rgb = mix(skin.rgb, kInk, 0.9 * inked());
#endif
#ifdef BLOOD
    float film = covered();
    float thick = 0.75 + 0.5 * texture(ragged, uv * 7.0).x;
    skin = mix(skin, vec4(vec3(0.50, 0.070, 0.070) / thick, 0.95), 0.93 * film);
    slope *= 1.0 - 0.75 * film;  // a liquid fills the relief
#endif
#ifdef SOFT
    vec3 n = normalize(normal - slope.x * along_u - slope.y * along_v);
#else
    // The patch is a gently curved height field over world x, y: its tangents are near those axes.
    vec3 n = normalize(normal - vec3(slope, 0.0));
#endif
    vec3 diffuse = skin.rgb * skin.rgb;
#ifdef SOFT
    diffuse *= tint;
#endif
    vec3 c = light.w * (diffuse * max(dot(n, light.xyz), 0.0)
                        + skin.a * 1.45 * relief.z * highlight(max(dot(n, halfway), 0.0), 0.975));
#ifdef SHADOW
    c *= reached(position);
#endif
#ifdef SOFT
    developed(c, part_id);
#else
    developed(c, 0.0);
#endif
}
