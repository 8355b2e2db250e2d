"""The HTML page of ``elman gradients --words``: for each tag the sentence, coloured by what its words say for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from elman.viz.html import document, text

if TYPE_CHECKING:
    from elman.analysis.gradients import Influence

STYLE = """
.why td:last-child { line-height: 2; }
.why span { padding: .15rem .3rem; border-radius: .25rem; }
.why span b { text-decoration: underline; text-underline-offset: .2rem; }
"""
FOR, AGAINST = "33, 102, 172", "178, 24, 43"


def page(found: Sequence[Influence], model: str) -> str:
    """The page; ``model`` is the file's name, without folders."""
    return document(f"Which words decided the tags: {model}", _parts(found), STYLE)


def _parts(found: Sequence[Influence]) -> Iterator[str]:
    yield (
        "<p>Input × gradient of each word, for the tag that was given against the second best. "
        f'<span style="background: rgba({FOR}, .45)">blue</span> words speak for the tag, '
        f'<span style="background: rgba({AGAINST}, .45)">red</span> ones against it, the stronger the more. '
        "The word whose tag it is is underlined; point at a word for its number.</p>"
    )
    yield '<div class="box"><table class="why">'
    yield "<tr><th>word</th><th>tag</th><th>against</th><th>by</th><th>decided by</th></tr>"
    for one in found:
        most = max(map(abs, one.parts)) or 1.0
        words = " ".join(_word(one, i, share, most) for i, share in enumerate(one.shares))
        yield (
            f'<tr><td>{text(one.words[one.at - 1])}</td><td><b class="tag">{text(one.tag)}</b></td>'
            f'<td>{text(one.against)}</td><td class="n">{one.margin:.2f}</td><td>{words}</td></tr>'
        )
    yield "</table></div>"


def _word(one: Influence, i: int, share: float, most: float) -> str:
    part = one.parts[i]
    color = f"rgba({FOR if part > 0 else AGAINST}, {0.75 * abs(part) / most:.3f})"
    word = f"<b>{text(one.words[i])}</b>" if i == one.at - 1 else text(one.words[i])
    return f'<span style="background: {color}" title="{part:+.3f}, {100 * share:+.0f} %">{word}</span>'
