# SPDX-License-Identifier: Apache-2.0
"""An OpenGL context without a window, and programs built from the shader files beside this one."""

from pathlib import Path
from typing import Any

from trocar.errors import MissingDependencyError

SHADER_FOLDER = Path(__file__).resolve().parent / "shaders"
GL_VERSION = 330
REMEDY = "install libegl1 libgl1 libgl1-mesa-dri (Debian, Ubuntu)"


def open_context() -> Any:
    """A standalone EGL context; MissingDependencyError names the cause and what to install."""
    try:
        import moderngl

        settings: dict[str, Any] = {"standalone": True, "backend": "egl", "require": GL_VERSION}
        return moderngl.create_context(**settings)
    except Exception as error:  # moderngl and its loader raise bare Exception or OSError
        cause = " ".join(str(error).split())[:120]
        raise MissingDependencyError(f"no EGL rendering here ({cause}); {REMEDY}") from error


def build_program(context: Any, name: str) -> Any:
    """The program of shaders/<name>.vert and .frag, the latter after light.glsl."""
    vertex = (SHADER_FOLDER / f"{name}.vert").read_text()
    light = (SHADER_FOLDER / "light.glsl").read_text()
    fragment = (SHADER_FOLDER / f"{name}.frag").read_text()
    return context.program(
        vertex_shader=vertex, fragment_shader=f"#version {GL_VERSION}\n{light}\n{fragment}"
    )


def set_uniforms(program: Any, values: dict[str, Any]) -> None:
    """Set the uniforms that the program has; the compiler removes unused ones."""
    for name, value in values.items():
        if name in program:
            program[name].value = value


def as_uniform(T: Any) -> tuple[float, ...]:
    """A (4, 4) matrix as OpenGL wants it: column by column."""
    return tuple(float(x) for x in T.T.ravel())
