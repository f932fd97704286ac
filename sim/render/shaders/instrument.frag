// SPDX-License-Identifier: Apache-2.0
// Dark sleeve (material 0) to brushed steel (1), which mirrors the dim cavity around it.
uniform float part_id;
in vec3 position;
in vec3 normal;
in float material;

void main() {
    vec3 n = normalize(normal);
    vec3 diffuse = mix(vec3(0.030, 0.030, 0.033), vec3(0.060, 0.060, 0.062), material);
    vec3 c = lit(position, n, diffuse, mix(0.08, 0.45, material), 0.45);
    // What a mirror sees: the lit tissue below, pinkish, and the dark wall above.
    vec3 view = normalize(position - eye);
    vec3 seen = view - 2.0 * dot(view, n) * n;
    float below = clamp(0.35 - 0.9 * seen.z, 0.0, 1.0);
    vec3 mirrored = mix(vec3(0.006), vec3(0.085, 0.062, 0.058), below * below);
    developed(c + mirrored * mix(0.12, 1.0, material), part_id);
}
