// SPDX-License-Identifier: Apache-2.0
// One triangle over the whole picture, at the far plane: the dark cavity behind everything.
#version 330
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
    gl_Position = vec4(corner, 0.999999, 1.0);
}
