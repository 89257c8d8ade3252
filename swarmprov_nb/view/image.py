"""An SVG as an HTML image, which untrusted notebooks, nbconvert and code hosts show."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from typing import Final

_WIDTH: Final = re.compile(r'<svg[^>]* width="([0-9.]+)"')
_SMALLEST: Final = 0.86  # of the picture's own size: its smallest letters are then still 9 pixels


def image_tag(svg: str, *, alt: str) -> str:
    """Return an ``<img>`` that holds the picture itself and shrinks with its place while it stays readable.

    In a narrower place the picture scrolls sideways. Lab's sanitizer and nbconvert keep these styles.

    >>> image_tag('<svg width="100"/>', alt="a > b")[:97]
    '<div style="overflow-x:auto"><img alt="a &gt; b" style="max-width:100%;min-width:86px;height:auto'
    """
    data = b64encode(svg.encode()).decode()
    own = _WIDTH.match(svg)
    least = f"min-width:{float(own[1]) * _SMALLEST:.0f}px;" if own else ""
    style = f"max-width:100%;{least}height:auto"
    return (
        f'<div style="overflow-x:auto"><img alt="{escape(alt)}" style="{style}"'
        f' src="data:image/svg+xml;base64,{data}"></div>'
    )
