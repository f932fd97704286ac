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


class Programs:
    """Programs by name and variant, compiled when first asked for."""

    def __init__(self, context: Any) -> None:
        """Compile nothing yet."""
        self._context = context
        self._built: dict[tuple[str, frozenset[str]], Any] = {}

    def get(self, name: str, variant: frozenset[str] = frozenset(), vertex: str = "") -> Any:
        """<name>.frag after light.glsl, with <vertex or name>.vert; variant: its #defines."""
        key = (name, variant)
        if key not in self._built:
            defines = "".join(f"#define {word} 1\n" for word in sorted(variant))
            version = f"#version {GL_VERSION}\n"
            source = (SHADER_FOLDER / f"{vertex or name}.vert").read_text()
            fragment = SHADER_FOLDER / f"{name}.frag"
            body = "void main() {}\n"  # where only depth is drawn
            if fragment.is_file():
                body = (SHADER_FOLDER / "light.glsl").read_text() + "\n" + fragment.read_text()
            self._built[key] = self._context.program(
                vertex_shader=source.replace(version, version + defines),
                fragment_shader=f"{version}{defines}{body}",
            )
        return self._built[key]


def set_uniforms(program: Any, values: dict[str, Any]) -> None:
    """Set the uniforms that the program has; the compiler removes unused ones."""
    for name, value in values.items():
        if name in program:
            program[name].value = value


def as_uniform(T: Any) -> tuple[float, ...]:
    """A (4, 4) matrix as OpenGL wants it: column by column."""
    return tuple(float(x) for x in T.T.ravel())
