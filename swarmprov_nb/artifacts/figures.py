"""Figures: Matplotlib's, written as PNG without time stamps or versions.

The content id ``figure-v1:sha256:HEX`` is the frame ``figure`` of width and height (eight bytes each, little-endian)
and the RGBA bytes of the picture, row by row from the top. A copy is drawn: the figure keeps its size, its layout and
its window, and pyplot never hears of it.
"""

from __future__ import annotations

import io
import pickle
import sys
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.digest import framed, integer
from swarmprov_nb.artifacts.family import Description, Encoded

_DPI = 150


class Figures:
    """The family of Matplotlib figures; axes stand for their figure.

    >>> Figures().matches("no figure")
    False
    """

    name = "figures"

    def matches(self, value: Any) -> bool:
        """Say whether it is a figure; axes are drawn on while it is made, and count only when declared."""
        figure = sys.modules.get("matplotlib.figure")
        return figure is not None and issubclass(type(value), getattr(figure, "FigureBase", ()))

    def declarable(self, value: Any) -> bool:
        """Say whether it is a figure or axes on one."""
        figure, axes = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.axes")
        if figure is None or axes is None:
            return False
        known = (getattr(figure, "FigureBase", ()), getattr(axes, "Axes", ()))
        return isinstance(value, known) and _figure(value) is not None

    def describe(self, value: Any) -> Description:
        """Say its size, and its title if it has one."""
        figure = _figure(value)
        width, height = figure.get_size_inches()
        title = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""
        titles = [title, *(axes.get_title() for axes in figure.axes)]
        said = next((f", “{' '.join(title.split())}”" for title in titles if title), "")
        return Description("figure", None, None, f"{width:g} × {height:g} inches{said}")

    def content_id(self, value: Any) -> str:
        """Name its pixels."""
        from PIL import Image

        drawn = io.BytesIO()
        _draw(_figure(value), drawn)
        with Image.open(drawn) as picture:
            width, height = picture.size
            pixels = picture.convert("RGBA").tobytes()
        return f"figure-v1:sha256:{framed('figure', integer(width), integer(height), pixels).hex()}"

    def encode(self, value: Any, stream: BinaryIO) -> Encoded:
        """Write PNG; a figure that cannot be copied is drawn itself, and a warning says so."""
        copied = _draw(_figure(value), stream)
        return Encoded("image/png", ".png", () if copied else ("drawn on the figure itself: it cannot be copied",))


def _figure(value: Any) -> Any:
    while value is not None and not hasattr(value, "savefig"):
        value = value.figure
    return value


def _draw(figure: Any, stream: BinaryIO) -> bool:
    """Write the picture, and say whether a copy was drawn."""
    import matplotlib as mpl

    drawn = io.BytesIO()
    copy = _copy(figure)
    target = figure if copy is None else copy
    with mpl.rc_context({"savefig.transparent": False, "savefig.facecolor": "auto", "savefig.pad_inches": 0.1}):
        dpi = max(_DPI, target.dpi)
        target.savefig(drawn, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    stream.write(drawn.getbuffer())
    return copy is not None


def _copy(figure: Any) -> Any:
    """Copy a figure apart from its window; None if it holds what cannot be copied.

    A pickled figure asks pyplot for a window if it has one, so the canvas is parted from its manager meanwhile.
    """
    canvas = figure.canvas
    manager = canvas.manager
    try:
        canvas.manager = None
        return pickle.loads(pickle.dumps(figure, protocol=5))  # noqa: S301 - our own bytes, a line ago
    except Exception:  # noqa: BLE001 - a stranger's artist may refuse in any way
        return None
    finally:
        canvas.manager = manager
