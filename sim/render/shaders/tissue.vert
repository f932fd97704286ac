// SPDX-License-Identifier: Apache-2.0
// The light's direction and strength vary slowly over a triangle of tissue: worked out here.
#version 330
uniform mat4 clip_from_world;
uniform vec3 eye;         // as light.glsl
uniform vec3 lamp;
uniform vec3 lamp_axis;
uniform vec4 exposure;
#ifdef FLOW
uniform mat4 clip_from_world_neighbour;
in vec3 in_neighbour;  // where the vertex stands in the neighbour
out vec4 clip_neighbour;
#endif
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
#ifdef SOFT
in float in_axis;      // the box mapping's: 0 along z, 1 along x, 2 along y
in vec3 in_tint;
out vec3 along_u;
out vec3 along_v;
out vec3 tint;
#endif
#ifdef SHADOW
out vec3 position;
#endif
out vec3 normal;
out vec2 uv;
out vec4 light;        // unit vector to the lamp, what arrives of it
out vec3 halfway;      // unit vector between the lamp and the eye

const float kLampSize2 = 0.0016;  // m^2, as light.glsl

void main() {
    normal = in_normal;
    uv = in_uv;
    vec3 l = lamp - in_position;
    float d2 = dot(l, l);
    l *= inversesqrt(d2);
    float spot = dot(l, -lamp_axis);
    spot *= spot;
    light = vec4(l, exposure.x / (d2 + kLampSize2) * spot * spot);
    halfway = normalize(l + normalize(eye - in_position));
    gl_Position = clip_from_world * vec4(in_position, 1.0);
#ifdef SOFT
    along_u = in_axis == 1.0 ? vec3(0.0, 1.0, 0.0) : vec3(1.0, 0.0, 0.0);
    along_v = in_axis == 0.0 ? vec3(0.0, 1.0, 0.0) : vec3(0.0, 0.0, 1.0);
    tint = in_tint;
#endif
#ifdef SHADOW
    position = in_position;
#endif
#ifdef FLOW
    clip_neighbour = clip_from_world_neighbour * vec4(in_neighbour, 1.0);
#endif
}
