"""An SVG as an HTML image, which untrusted notebooks, nbconvert and code hosts show."""

from __future__ import annotations

from base64 import b64encode
from html import escape


def image_tag(svg: str, *, alt: str) -> str:
    """Return an ``<img>`` that holds the picture itself and never grows wider than its place.

    >>> image_tag("<svg/>", alt="a > b")
    '<img alt="a &gt; b" style="max-width:100%;height:auto" src="data:image/svg+xml;base64,PHN2Zy8+">'
    """
    data = b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" style="max-width:100%;height:auto" src="data:image/svg+xml;base64,{data}">'
