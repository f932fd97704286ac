// SPDX-License-Identifier: Apache-2.0
// A rigid object of two colours: cloth (gloss 0), plastic (about 0.4), bare metal (1).
uniform float part_id;
uniform vec3 base;    // linear RGB where the material is 1
uniform vec3 accent;  // and where it is 0
uniform float gloss;
in vec3 position;
in vec3 normal;
in float material;

void main() {
    vec3 n = normalize(normal);
    float metal = smoothstep(0.6, 1.0, gloss);
    vec3 tint = mix(accent, base, material);
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
    developed(c, part_id);
}
