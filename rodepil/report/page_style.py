"""The page's style sheet, in the colours of the figures."""

from __future__ import annotations

from typing import Final

from rodepil.report.style import DARK, LIGHT, Style


def _variables(style: Style, *, back: str, warn_back: str, warn_ink: str) -> str:
    return (
        f"--back:{back};--paper:{style.paper};--ink:{style.ink};--muted:{style.muted};"
        f"--grid:{style.grid};--main:{style.main};--shade:{style.soft};--warn-back:{warn_back};--warn-ink:{warn_ink};"
    )


CSS: Final = (
    ":root{color-scheme:light dark;"
    + _variables(LIGHT, back="#f4f6f8", warn_back="#fff4dc", warn_ink="#5c3d00")
    + "}\n@media (prefers-color-scheme: dark){:root{"
    + _variables(DARK, back="#0e1115", warn_back="#33270f", warn_ink="#f3d9a4")
    + "}}"
    + """
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
  font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 0}
main{padding-bottom:3rem}
h1{font-size:clamp(1.5rem,1.1rem + 2vw,2.1rem);line-height:1.2;margin:.4rem 0 .5rem;
  text-wrap:balance}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .6rem}
p{margin:0 0 .9rem;max-width:44rem}
.data{display:inline-block;margin:0;padding:.15rem .7rem;border-radius:1rem;font-size:.85rem;
  background:var(--warn-back);color:var(--warn-ink)}
.subtitle{color:var(--muted)}
.warning{max-width:none;padding:.75rem 1rem;border-left:4px solid;border-radius:.3rem;
  background:var(--warn-back);color:var(--warn-ink)}
.headlines{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.6rem,1fr));gap:.75rem;
  margin:1.2rem 0}
.headlines div,section{background:var(--paper);border:1px solid var(--grid);border-radius:.6rem}
.headlines div{padding:.7rem .9rem}
dt{color:var(--muted);font-size:.85rem}
dd{margin:0}
dd b{display:block;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}
dd span{display:block;color:var(--muted);font-size:.78rem;line-height:1.3}
nav{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;font-size:.92rem}
a{color:var(--main)}
section{padding:1.2rem 1.2rem .6rem;margin:0 0 1.25rem;scroll-margin-top:1rem}
figure{margin:0 0 1.2rem}
figcaption{color:var(--muted);font-size:.88rem;line-height:1.45;margin:0 0 .5rem;max-width:52rem}
figcaption b{color:var(--ink)}
img{display:block;max-width:100%;height:auto}
.scroll{overflow-x:auto;scrollbar-width:thin;scrollbar-color:var(--muted) transparent;
  background:linear-gradient(to right,var(--paper) 40%,transparent) 0/2.5rem 100% no-repeat local,
  linear-gradient(to left,var(--paper) 40%,transparent) 100%/2.5rem 100% no-repeat local,
  linear-gradient(to right,var(--shade),transparent) 0/.8rem 100% no-repeat scroll,
  linear-gradient(to left,var(--shade),transparent) 100%/.8rem 100% no-repeat scroll}
table{border-collapse:collapse;font-size:.82rem;font-variant-numeric:tabular-nums;
  min-width:100%}
th,td{padding:.34rem .34rem;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
th{font-weight:600}
tbody th{font-weight:400;white-space:nowrap}
tbody td{min-width:5rem}
tbody td.n{min-width:0}
th.n{white-space:normal}
thead th{border-bottom:2px solid var(--grid);vertical-align:bottom}
thead .group{border-bottom:1px solid var(--grid);color:var(--muted);font-weight:400}
.n{text-align:right;white-space:nowrap}
.wide table{font-size:.76rem}
.wide th,.wide td{padding:.34rem .26rem}
.wide tbody td{min-width:0}
.wide .n{white-space:normal}
.beside{color:var(--muted)}
th:not(.beside)+.beside,td:not(.beside)+.beside{border-left:2px solid var(--grid)}
tr.bold th,tr.bold td{font-weight:700;border-top:2px solid var(--grid)}
@media (max-width:34rem){section{padding:1rem .8rem .3rem}th,td{padding:.3rem .4rem}
  dd b{font-size:1.35rem}}
@media print{body{background:none}section{break-inside:avoid;border:0;padding:0}nav{display:none}}
"""
)
