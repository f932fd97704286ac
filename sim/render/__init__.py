# SPDX-License-Identifier: Apache-2.0
"""The simulated stereo endoscope: meshes, textures, light and truth images.

`renderer.EndoscopeRenderer` draws with OpenGL (moderngl on EGL), `tiny.TinyEndoscope`
stands in where there is no EGL, and `choice.make_renderer` picks between them.
"""
