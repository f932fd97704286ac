// SPDX-License-Identifier: Apache-2.0
#version 330
uniform mat4 clip_from_world;
uniform mat4 world_from_part;
#ifdef FLOW
uniform mat4 clip_from_world_neighbour;
uniform mat4 world_from_part_neighbour;  // zeros: not there
out vec4 clip_neighbour;
#endif
in vec3 in_position;
in vec3 in_normal;
in float in_material;
#ifdef OBJECT
out vec3 place;  // in the object's frame, m
#endif
out vec3 position;
out vec3 normal;
out float material;

void main() {
    vec4 p = world_from_part * vec4(in_position, 1.0);
    position = p.xyz;
    normal = mat3(world_from_part) * in_normal;
    material = in_material;
#ifdef OBJECT
    place = in_position;
#endif
    gl_Position = clip_from_world * p;
#ifdef FLOW
    clip_neighbour = clip_from_world_neighbour * (world_from_part_neighbour * vec4(in_position, 1.0));
#endif
}
