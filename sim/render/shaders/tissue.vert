// SPDX-License-Identifier: Apache-2.0
#version 330
uniform mat4 clip_from_world;
#ifdef FLOW
uniform mat4 clip_from_world_neighbour;
in vec3 in_neighbour;  // where the vertex stands in the neighbour
out vec4 clip_neighbour;
#endif
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
out vec3 position;
out vec3 normal;
out vec2 uv;

void main() {
    position = in_position;
    normal = in_normal;
    uv = in_uv;
    gl_Position = clip_from_world * vec4(in_position, 1.0);
#ifdef FLOW
    clip_neighbour = clip_from_world_neighbour * vec4(in_neighbour, 1.0);
#endif
}
