"""The page's style on screen: quiet, two themes, one accent; the hues are the picture's."""

from __future__ import annotations

from typing import Final

LIGHT: Final = """--paper:#fff;--card:#fff;--bar:#f6f8fa;--edge:#d0d7de;--ink:#1f2328;--quiet:#57606a;--accent:#b93d0b;
--good:#1a7f37;--bad:#b3131f;--badbg:#fff1f0;--warn:#7d4e00;--warnbg:#fff8e5;--warnedge:#d4a72c;
--dataset:#0072b2;--model:#a8478f;--figure:#00805a;--file:#5f6975;--hidden:#5f6975;
--datasetbg:#e8f3fa;--modelbg:#faeef7;--figurebg:#e6f5f0;--filebg:#f1f3f5"""

SCREEN: Final = f"\n:root{{{LIGHT}}}\n" + """\
@media(prefers-color-scheme:dark){:root{--paper:#0f1012;--card:#161616;--bar:#1c1d1f;--edge:#34373b;--ink:#e4e5e7;
--quiet:#9fa4aa;--accent:#ff9440;--good:#4ac26b;--bad:#ff8f88;--badbg:#2d1416;--warn:#e3b341;--warnbg:#2a2213;
--warnedge:#9a7416;--dataset:#62b6e8;--model:#dd8fc9;--figure:#4cc3a0;--file:#9aa4af;--hidden:#9aa4af;
--datasetbg:#10283a;--modelbg:#321a2c;--figurebg:#0f2e26;--filebg:#222a32}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:62rem;padding:2.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2;margin:.1rem 0 .6rem;font-weight:650;letter-spacing:-.01em}
h2{font-size:1.06rem;margin:2.6rem 0 .5rem;font-weight:650}
h3{font-size:1rem;margin:0;font-weight:600;display:inline}
p{margin:.35rem 0}
a{color:inherit;text-decoration-color:var(--quiet);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
code{font:.87em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.eyebrow,.about,.quiet,footer{color:var(--quiet)}
.eyebrow{font-size:.85rem;margin:0}
.lead{max-width:46rem;font-size:1.04rem;margin:0}
.about{margin:0 0 .6rem;max-width:46rem}
.quiet{font-size:.92rem}
.summary{list-style:none;margin:1rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem}
.invitation{border:1px solid var(--edge);border-left:3px solid var(--accent);border-radius:6px;background:var(--bar);
padding:.55rem .95rem}
.invitation a{color:var(--accent)}
.command{font-weight:600;white-space:nowrap}
.card{border:1px solid var(--edge);border-radius:8px;background:var(--card);overflow:hidden}
.card>article,.card>li{padding:.8rem 1rem;border-top:1px solid var(--edge);scroll-margin-top:1rem}
.card>:first-child{border-top:0}
.card>:target{background:var(--bar)}
.card article>header,.card li>header{display:flex;gap:.7rem;align-items:baseline;justify-content:space-between}
.card header h3{flex:1;min-width:0}
.card.picture{border:0;border-radius:10px;overflow-x:auto}
.picture img{display:block;width:100%;min-width:44rem;height:auto}
@media(prefers-color-scheme:dark){.picture img{filter:invert(.915) hue-rotate(180deg)}}
.size{color:var(--quiet);white-space:nowrap;font-size:.92rem}
.badge{display:inline-block;font-size:.76rem;line-height:1.5;font-weight:400;color:var(--quiet);
border:1px solid var(--edge);border-radius:1em;padding:0 .6em;margin-left:.5em;vertical-align:.08em}
.badge.dataset,.badge.model,.badge.figure,.badge.file{border-color:currentColor}
.badge.missing{border-style:dashed}
.badge.caution{color:var(--warn);border-color:var(--warnedge);background:var(--warnbg)}
.dataset{color:var(--dataset)}.model{color:var(--model)}.figure{color:var(--figure)}.file,.hidden{color:var(--file)}
.icon{width:.86em;height:.86em;margin-right:.45em;vertical-align:-.06em;fill:none;stroke:currentColor;stroke-width:1.1;
overflow:visible}
.icon.hidden{stroke-dasharray:2 2}
.chip{display:inline-block;border:1px solid currentColor;border-radius:1em;padding:0 .7em;margin:.08rem 0;
font-size:.9rem;text-decoration:none;max-width:100%}
.chip bdi{color:var(--ink)}.chip:hover{text-decoration:underline}
.chip.dataset{background:var(--datasetbg)}.chip.model{background:var(--modelbg)}
.chip.figure{background:var(--figurebg)}.chip.file,.chip.hidden{background:var(--filebg)}
.chip.assumed{border-style:dashed}.chip.hidden{border-style:dotted}
.steps,.how{margin:0}.steps{list-style:none;padding:0}
.number{color:var(--quiet);min-width:1.7rem;font-size:.92rem}
.steps>li>:not(header){margin-left:2.4rem}
.failure,.failed h3{color:var(--bad)}
.warning,.remark{border-left:3px solid var(--warnedge);background:var(--warnbg);padding:.25rem .7rem;margin:.5rem 0;
font-size:.92rem}
.warning{color:var(--warn)}
.remark{border-color:var(--edge);background:var(--bar)}
dl{margin:.35rem 0;display:grid;gap:.25rem}
dl>div{display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:.8rem;align-items:baseline}
.steps>li>dl>div{grid-template-columns:3.2rem minmax(0,1fr)}
dt{color:var(--quiet);font-size:.92rem}
dd{margin:0}
.prose{white-space:pre-wrap}
.folds{display:flex;flex-wrap:wrap;gap:.1rem 1.3rem;margin-top:.25rem}
details{min-width:0}
details[open]{flex-basis:100%}
summary{cursor:pointer;color:var(--quiet);font-size:.9rem;width:fit-content;max-width:100%}
summary:hover{color:var(--ink)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:start;padding:.3rem .9rem .3rem 0;border-top:1px solid var(--edge);vertical-align:top}
th{color:var(--quiet);font-weight:400;border-top:0}
td:first-child{min-width:9rem}
ul,ol.how{padding-left:1.25rem}ul{margin:.3rem 0}
.how li{margin:.4rem 0}
.half{margin-top:1rem}
footer{margin-top:3rem;border-top:1px solid var(--edge);padding-top:.8rem;font-size:.88rem}
@media(min-width:46rem){article>div:has(>.half){display:grid;grid-template-columns:1fr 1fr;gap:0 2rem}}
@media(max-width:34rem){body{padding:1.3rem .9rem 3rem}h1{font-size:1.5rem}dl>div{grid-template-columns:1fr;gap:0}
.steps>li>:not(header){margin-left:0}td:first-child{min-width:6rem}
.steps>li>dl>div{grid-template-columns:3.2rem minmax(0,1fr);gap:.8rem}}
"""
