"""The HTML page of ``elman gradients --text``: each sentence coloured by its words' attributions for each tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from elman.viz.html import document, text

if TYPE_CHECKING:
    from elman.analysis.gradients import Attribution

STYLE = """
.why td:last-child { line-height: 2; }
.why span { padding: .15rem .3rem; border-radius: .25rem; }
.why span b { text-decoration: underline; text-underline-offset: .2rem; }
"""
FOR, AGAINST = "33, 102, 172", "178, 24, 43"


def page(attributions: Sequence[Attribution], model: str) -> str:
    """Return the page; ``model`` is the file name without folders."""
    return document(f"Which words decided the tags: {model}", _parts(attributions), STYLE)


def _parts(attributions: Sequence[Attribution]) -> Iterator[str]:
    yield (
        "<p>Input × gradient of each word, for the predicted tag against the second best. "
        f'<span style="background: rgba({FOR}, .45)">blue</span> words support the tag, '
        f'<span style="background: rgba({AGAINST}, .45)">red</span> ones oppose it; the colour shows how much. '
        "The tagged word is underlined; point at a word to see its value.</p>"
    )
    yield '<div class="box"><table class="why">'
    yield "<tr><th>word</th><th>tag</th><th>against</th><th>by</th><th>decided by</th></tr>"
    for row in attributions:
        most = max(map(abs, row.parts)) or 1.0
        words = " ".join(_word(row, i, share, most) for i, share in enumerate(row.shares))
        yield (
            f'<tr><td>{text(row.words[row.at - 1])}</td><td><b class="tag">{text(row.tag)}</b></td>'
            f'<td>{text(row.against)}</td><td class="n">{row.margin:.2f}</td><td>{words}</td></tr>'
        )
    yield "</table></div>"


def _word(row: Attribution, i: int, share: float, most: float) -> str:
    part = row.parts[i]
    color = f"rgba({FOR if part > 0 else AGAINST}, {0.75 * abs(part) / most:.3f})"
    word = f"<b>{text(row.words[i])}</b>" if i == row.at - 1 else text(row.words[i])
    return f'<span style="background: {color}" title="{part:+.3f}, {100 * share:+.0f} %">{word}</span>'
