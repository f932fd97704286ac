// SPDX-License-Identifier: Apache-2.0
// One triangle over the whole picture, at the far plane: the dark cavity behind everything.
#version 330
#ifdef FLOW
out vec4 clip_neighbour;
#endif
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
    gl_Position = vec4(corner, 0.999999, 1.0);
#ifdef FLOW
    clip_neighbour = vec4(0.0);
#endif
}
