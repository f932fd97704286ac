// SPDX-License-Identifier: Apache-2.0
// A rigid object of two colours: cloth (gloss 0), plastic (about 0.4), bare metal (1).
uniform float part_id;
uniform vec3 base;    // linear RGB where the material is 1
uniform vec3 accent;  // and where it is 0
uniform float gloss;
in vec3 place;
in vec3 position;
in vec3 normal;
in float material;

const float kThread = 0.0008;  // m between threads; real gauze is finer, the picture would not show it
const float kFelted = 0.05;    // gloss below which it is cloth

const float kOff = 0.0006;     // m along the normal: what is lit must not shade itself

// How much of the cloth shows between its threads, where it lies flat in its own x, y.
float woven(vec2 p) {
    vec2 across = abs(fract(p / kThread) - 0.5) * 2.0;  // 1 on a thread's axis
    vec2 hole = smoothstep(0.25, 0.75, 1.0 - across);
    return 1.0 - 0.36 * hole.x * hole.y - 0.10 * min(hole.x, hole.y);
}

void main() {
    vec3 n = normalize(normal);
    float metal = smoothstep(0.6, 1.0, gloss);
    vec3 tint = mix(accent, base, material);
    if (gloss < kFelted) tint *= woven(place.xy);
    vec3 diffuse = tint * mix(1.0, 0.12, metal);
    vec3 c = lit(position, n, diffuse, mix(0.9 * gloss * gloss, 0.65, metal), mix(0.9, 0.5, metal));
    // What a mirror sees, as in instrument.frag, in the metal's colour.
    vec3 view = normalize(position - eye);
    vec3 seen = view - 2.0 * dot(view, n) * n;
    float below = clamp(0.30 - 1.1 * seen.z, 0.0, 1.0);
    vec3 mirrored = mix(vec3(0.010), vec3(0.150, 0.128, 0.124), below * below) * exposure.x / 0.0085;
    float rim = 1.0 - abs(dot(view, n));  // plastic mirrors where it is seen at a grazing angle
    rim *= rim; rim *= rim;
    c += mirrored * mix(vec3(0.04 + 0.5 * rim) * gloss, 1.6 * tint, metal);
#ifdef SHADOW
    c *= reached(position + kOff * n);
#endif
    developed(c, part_id);
}
