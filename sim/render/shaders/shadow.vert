// SPDX-License-Identifier: Apache-2.0
// Instruments as the lamp sees them; only depth is kept.
#version 330
uniform mat4 clip_from_world;
uniform mat4 world_from_part;
in vec3 in_position;

void main() {
    gl_Position = clip_from_world * (world_from_part * vec4(in_position, 1.0));
}
