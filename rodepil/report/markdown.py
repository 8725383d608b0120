"""The report as Markdown; its figures are the PNG files beside it."""

from __future__ import annotations

from rodepil.report.figures import Plate
from rodepil.report.outline import Outline
from rodepil.report.sheet import to_markdown


def render_markdown(outline: Outline) -> str:
    """Return the report as Markdown."""
    parts = [f"# {outline.title}", f"Data: **{outline.data}**. {outline.subtitle}."]
    if outline.warning:
        parts.append(f"> {outline.warning}")
    parts.append(
        "\n".join(f"- {head.name}: **{head.value}** ({head.detail})" for head in outline.headlines)
    )
    for section in outline.sections:
        parts.append(f"## {section.heading}")
        parts.extend(f"> **Warning:** {said}" for said in section.warnings)
        parts.extend(section.sentences)
        parts.extend(f"[{words}]({address})" for address, words in section.links.items())
        for item in section.items:
            if isinstance(item, Plate):
                data = section.data or outline.data
                parts.append(f"![{item.alt} Data: {data}.]({item.name}.png)")
            else:
                parts.append(to_markdown(item).rstrip("\n"))
    return "\n\n".join(parts) + "\n"
