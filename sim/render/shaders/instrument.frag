// SPDX-License-Identifier: Apache-2.0
// Dark sleeve (material 0) to brushed steel (1), which mirrors the dim cavity around it.
uniform float part_id;
in vec3 position;
in vec3 normal;
in float material;

void main() {
    vec3 n = normalize(normal);
    vec3 diffuse = mix(vec3(0.030, 0.030, 0.033), vec3(0.050, 0.050, 0.051), material);
    vec3 c = lit(position, n, diffuse, mix(0.08, 0.65, material), 0.5);
    // What a mirror sees: the lit tissue below, pinkish, and the dark wall above.
    vec3 view = normalize(position - eye);
    vec3 seen = view - 2.0 * dot(view, n) * n;
    float below = clamp(0.30 - 1.1 * seen.z, 0.0, 1.0);
    float streak = 0.75 + 0.25 * cos(9.0 * seen.x + 5.0 * seen.y);
    vec3 mirrored = mix(vec3(0.010), vec3(0.150, 0.128, 0.124) * streak, below * below);
    // The cavity's light is the lamp's: 0.0085 m^2 is the lamp these mirror colours were chosen at.
    mirrored *= exposure.x / 0.0085;
    developed(c + mirrored * mix(0.12, 1.0, material), part_id);
}
