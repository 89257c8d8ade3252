"""Version 1 of the page, for the publications that declare it: its own words for print, and one picture for both."""

from __future__ import annotations

from functools import partial
from typing import Final

from swarmprov_nb.exports.exporter import Exporter
from swarmprov_nb.exports.html import NOTHING
from swarmprov_nb.exports.page import PAGE, Edition, drawn
from swarmprov_nb.exports.page_picture import one_picture
from swarmprov_nb.exports.page_style import SCREEN

_PRINT: Final = """@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--quiet:#444}\
body{max-width:none;padding:0;font-size:10pt}
.picture img{min-width:0;filter:none}.card>article,.card>li{break-inside:avoid}h2{break-after:avoid}
details:not([open]){display:none}.card{overflow:visible}}
"""
_FIRST: Final = Edition("1", SCREEN + _PRINT, one_picture, answer=NOTHING, remarks="")

FIRST_PAGE: Final = Exporter(PAGE.name, _FIRST.version, PAGE.path, PAGE.media_type, partial(drawn, edition=_FIRST))
