"""The HTML page of ``--as html``: sentences with trees and spans."""

from __future__ import annotations

from collections.abc import Sequence

from elman.data.spans import Span
from elman.data.trees import Tree
from elman.utils.text_width import right_to_left
from elman.viz.html import END, start, text
from elman.viz.tree_svg import arcs, branches


class Page:
    """A page written in parts: ``start``, any number of sentences, ``END``."""

    END = END

    def __init__(self) -> None:
        self.hues: dict[str, int] = {}  # by span type

    @staticmethod
    def start(title: str) -> str:
        """Return the beginning of the page. Its language is not declared: sentences may be in any."""
        return start(title, language="")

    @staticmethod
    def dependencies(
        words: Sequence[str],
        heads: Sequence[int],
        relations: Sequence[str],
        tags: Sequence[str] | None = None,
        about: str = "",
    ) -> str:
        """Return a dependency tree drawn as arcs over the sentence. ``about`` is a header such as its file and line."""
        return _article(_wide(arcs(words, heads, relations, tags), words), about)

    @staticmethod
    def constituents(tree: Tree, about: str = "") -> str:
        """Return a constituency tree, drawn with its root at the top."""
        return _article(_wide(branches(tree), tree.words()), about)

    def spans(self, words: Sequence[str], spans: Sequence[Span], about: str = "", space: str = " ") -> str:
        """Return a sentence with its spans (``elman.data.spans.find_spans``) highlighted, one colour per type.

        ``space`` separates words: '' for Chinese, for example.
        """
        pieces: list[str] = []
        end = 0
        for span in spans:
            pieces += map(text, words[end : span.start])
            hue = self.hues.setdefault(span.type, round(210 + 137.5 * len(self.hues)) % 360)  # the golden angle
            phrase, label = (
                text(space.join(words[span.start : span.end])),
                f'<small dir="auto">{text(span.type)}</small>',
            )
            pieces.append(f'<mark class="span" style="--hue:{hue}"><bdi>{phrase}</bdi>{label}</mark>')
            end = span.end
        pieces += map(text, words[end:])
        return _article(f'<div class="words" dir="auto">{text(space).join(pieces)}</div>', about)


def _wide(drawing: str, words: Sequence[str]) -> str:
    """Return a drawing that may be wider than the page, scrolled from the beginning of the sentence."""
    return f'<div class="wide" dir="{"rtl" if right_to_left(words) else "ltr"}">{drawing}</div>'


def _article(body: str, about: str) -> str:
    header = f"<header>{text(about)}</header>" if about else ""
    return f"<article>{header}{body}</article>\n"
