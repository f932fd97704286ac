// SPDX-License-Identifier: Apache-2.0
// One triangle over the whole viewport.
#version 330
void main() {
    gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}
