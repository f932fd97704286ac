// SPDX-License-Identifier: Apache-2.0
// Dark sleeve (material 0) to brushed steel (1), which mirrors a little of the red around it.
uniform float part_id;
in vec3 position;
in vec3 normal;
in float material;

void main() {
    vec3 n = normalize(normal);
    vec3 diffuse = mix(vec3(0.035, 0.035, 0.038), vec3(0.20, 0.20, 0.205), material);
    vec3 c = lit(position, n, diffuse, mix(0.06, 0.45, material), 0.15);
    vec3 mirrored = vec3(0.020, 0.012, 0.012) * (1.2 - n.z) * mix(0.35, 1.0, material);
    developed(c + mirrored, part_id);
}
