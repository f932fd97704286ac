# SPDX-License-Identifier: Apache-2.0
"""A window that shows pictures and tells which keys were pressed: Tk, which comes with Python."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError


class Window:
    """One picture after the other; `is_open` until the user closes it."""

    def __init__(self, title: str, remedy: str) -> None:
        """ConfigurationError, ending with `remedy`, where there is no display or no Tk."""
        try:
            import tkinter
        except ImportError as error:
            raise ConfigurationError(
                f"no window: this Python has no Tk ({error}); install python3-tk, or {remedy}"
            ) from error
        try:
            self._root: Any = tkinter.Tk()
        except tkinter.TclError as error:
            cause = " ".join(str(error).split())
            raise ConfigurationError(f"no window: {cause}; {remedy}") from error
        self._tk = tkinter
        self._root.title(title)
        self._root.resizable(False, False)
        self._root.protocol("WM_DELETE_WINDOW", self._closed)
        self._root.bind("<Key>", lambda event: self._keys.append(event.keysym))
        self._label = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._text = tkinter.Label(self._root, anchor="w", justify="left", font="TkFixedFont")
        self._text.pack(fill="x")
        self._keys: list[str] = []
        self._photo: Any = None
        self.is_open = True

    def show(self, image_rgb: NDArray[np.uint8], text: str) -> None:
        """Put a picture (H, W, 3) into the window, and a line under it."""
        height, width, _ = image_rgb.shape
        if self._photo is None or (self._photo.width(), self._photo.height()) != (width, height):
            self._photo = self._tk.PhotoImage(master=self._root, width=width, height=height)
            self._label.configure(image=self._photo)
        data = b"P6 %d %d 255\n" % (width, height) + image_rgb.tobytes()
        self._photo.configure(data=data, format="PPM")
        self._text.configure(text=text)
        self.serve()

    def serve(self) -> None:
        """Let the window redraw itself and hear the keyboard."""
        if self.is_open:
            self._root.update()

    def keys(self) -> list[str]:
        """Names of the keys pressed since the last call, as Tk calls them."""
        self.serve()
        pressed, self._keys = self._keys, []
        return pressed

    def close(self) -> None:
        """Take the window away."""
        if self.is_open:
            self.is_open = False
            self._root.destroy()

    def _closed(self) -> None:
        self.close()
