"""The report as one HTML page that needs nothing else: style and images are inside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from rodepil.report.figures import Plate
from rodepil.report.outline import Headline, Outline, Section
from rodepil.report.page_style import CSS
from rodepil.report.sheet import to_html


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, for light and for dark screens, and its size in CSS pixels."""

    light: bytes
    dark: bytes
    width_px: int
    height_px: int


def render_page(outline: Outline, pictures: Mapping[str, Picture]) -> str:
    """Return the page.

    Parameters
    ----------
    outline
        What the report says.
    pictures
        Every figure of the outline, by name.
    """
    links = "".join(
        f'<a href="#{section.name}">{escape(section.heading)}</a>' for section in outline.sections
    )
    warning = (
        f'<p class="warning" role="note">{escape(outline.warning)}</p>' if outline.warning else ""
    )
    sections = "\n".join(_section(section, pictures, outline.data) for section in outline.sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(outline.title)} ({escape(outline.data)})</title>
<style>{CSS}</style>
</head>
<body>
<header>
<p class="data">Data: <b>{escape(outline.data)}</b></p>
<h1>{escape(outline.title)}</h1>
<p class="subtitle">{escape(outline.subtitle)}</p>
{warning}
<dl class="headlines">{"".join(_headline(head) for head in outline.headlines)}</dl>
<nav aria-label="Sections">{links}</nav>
</header>
<main>
{sections}
</main>
</body>
</html>
"""


def _headline(head: Headline) -> str:
    return (
        f"<div><dt>{escape(head.name)}</dt><dd><b>{escape(head.value)}</b>"
        f"<span>{escape(head.detail)}</span></dd></div>"
    )


def _section(section: Section, pictures: Mapping[str, Picture], data: str) -> str:
    parts = [f'<p class="warning" role="note">{escape(said)}</p>' for said in section.warnings]
    parts += [f"<p>{escape(sentence)}</p>" for sentence in section.sentences]
    parts += [
        f'<p><a href="{escape(address)}">{escape(words)}</a></p>'
        for address, words in section.links.items()
    ]
    parts += [
        _plate(item, pictures[item.name], section.data or data)
        if isinstance(item, Plate)
        else to_html(item)
        for item in section.items
    ]
    body = "\n".join(parts)
    return f'<section id="{section.name}">\n<h2>{escape(section.heading)}</h2>\n{body}\n</section>'


def _plate(plate: Plate[Any], picture: Picture, data: str) -> str:
    alt = escape(f"{plate.alt} Data: {data}.")
    return (
        f'<figure class="plate" id="figure-{plate.name}"><picture>'
        f'<source media="(prefers-color-scheme: dark)" srcset="{_uri(picture.dark)}">'
        f'<img src="{_uri(picture.light)}" alt="{alt}" '
        f'width="{picture.width_px}" height="{picture.height_px}">'
        "</picture></figure>"
    )


def _uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
