"""The page's style on paper: a report that holds all that the screen folds, cuts or links.

The cover says who signed, what is not stated and how to check; the lineage has a sheet of its own. Nothing is folded
or cut, a step or an artifact stays on one sheet, a link names the place where it leads, and what a colour says is
said by an icon, a word or a dash too, in the light theme whatever the screen has.
"""

from __future__ import annotations

from typing import Final

from swarmprov_nb.exports.page_style import LIGHT

PRINT: Final = f".picture img.paper{{display:none}}\n@media print{{:root{{{LIGHT};--ink:#000;--quiet:#444}}\n" + """\
@page{margin:15mm 14mm}
html{font-size:10pt;color-scheme:light}
body{max-width:none;padding:0;font-size:9pt;line-height:1.4}
main{display:flex;flex-direction:column}
#signer{order:-4}#unstated{order:-3}#check{order:-2}#lineage{order:-1;break-before:page}
.lead{max-width:none}
h2{margin:1.1rem 0 .3rem}
.how li{margin:.25rem 0}
h2,.about{break-after:avoid}
.card>article,.card>li,.picture,.half,tr,footer{break-inside:avoid}
#check article,#environment article{break-inside:auto}
#check li{break-inside:avoid}
.card{overflow:visible;border-width:1px 0;border-radius:0}
.card>article,.card>li{padding:.5rem 0}
.card.picture{overflow:visible;text-align:center}
.picture img{display:inline;min-width:0;width:auto;max-width:100%;max-height:215mm;filter:none}
.picture img.screen{display:none}.picture img.paper{display:inline}
.wide{overflow:visible}
details::details-content{content-visibility:visible;display:block}
summary{list-style:none}
summary::-webkit-details-marker{display:none}
.folds{display:block}
.folds>details{display:grid;grid-template-columns:6rem minmax(0,1fr);gap:.8rem;margin:.15rem 0}
.folds dl{display:block;margin:0}
.folds dl>div,.folds dt,.folds dd{display:inline}
.folds dt::after{content:" "}
.folds dl>div:not(:last-child)::after{content:" · "}
.folds table,.folds tbody{display:block}
.folds thead{display:none}
.folds tbody{columns:3 11rem}
.folds tr{display:block}
.folds td{display:inline;border:0;padding:0 .8em 0 0}
.steps .folds>details{grid-template-columns:3.2rem minmax(0,1fr)}
#unstated details{display:flex;gap:.5em}
#unstated summary{color:inherit;font-size:inherit}
#unstated details p{margin:0}
.card>article[id]::before{content:"#" attr(id);float:right;margin-left:1em;color:var(--quiet)}
.chip::after{content:" " attr(href);color:var(--quiet)}
bdi[title]::after{content:" (" attr(title) ")"}
a[href^="#"] bdi[title]::after,summary bdi[title]::after{content:none}
}
@supports not selector(::details-content){@media print{details:not([open])>summary::after{
content:" (folded: open it before you print)"}}}
"""
