"""A page of HTML with trees and spans: one file without scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from elman.data.spans import Span
from elman.data.trees import Tree
from elman.utils.display import visible
from elman.utils.text_width import right_to_left
from elman.viz.tree_svg import arcs, branches

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b78; --line: #dde3e8; --paper: #fff; --back: #f4f6f8;
  --arc: #6b8cae; --root: #b3541e; --phrase: #1f5f99; --spot: 88%; --edge: 36%; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b3; --line: #34404b; --paper: #1b222a;
  --back: #12171d; --arc: #6f93b8; --root: #e69a63; --phrase: #86bdf0; --spot: 24%; --edge: 72%; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
article { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem;
  margin: .6rem 0; }
article header { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
svg { display: block; margin: 0 auto; }
svg text { text-anchor: middle; fill: var(--ink); font-size: 16px; }
svg .tag { fill: var(--soft); font-size: 12px; }
svg .relation, svg .phrase { font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
svg .phrase { fill: var(--phrase); font-weight: 600; font-size: 13px; }
svg path { fill: none; stroke: var(--arc); stroke-width: 1.3; }
svg .tip { fill: var(--arc); stroke: none; }
svg path.root { stroke: var(--root); }
svg .tip.root, svg text.root { fill: var(--root); }
.words { line-height: 2.2; overflow-wrap: anywhere; }
mark { background: hsl(var(--hue) 70% var(--spot)); color: inherit; border-radius: .3rem; padding: .15rem .35rem;
  margin: 0 .1rem; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark small { color: hsl(var(--hue) 60% var(--edge)); font-size: .7rem; font-weight: 700; margin-inline-start: .35rem;
  white-space: nowrap; }
""".strip()


class Page:
    """The parts of a page in the order they are written: ``start``, any number of sentences, ``END``."""

    END = "</main>\n</body>\n</html>\n"

    def __init__(self) -> None:
        self._hues: dict[str, int] = {}  # by type of span

    @staticmethod
    def start(title: str) -> str:
        """All that comes before the sentences."""
        return (
            '<!DOCTYPE html>\n<html lang="">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{_text(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n<h1>{_text(title)}</h1>\n"
        )

    @staticmethod
    def dependencies(
        words: Sequence[str],
        heads: Sequence[int],
        relations: Sequence[str],
        tags: Sequence[str] | None = None,
        about: str = "",
    ) -> str:
        """A dependency tree as arcs over the sentence. ``about`` stands above it, the sentence's place for example."""
        return _article(_wide(arcs(words, heads, relations, tags), words), about)

    @staticmethod
    def constituents(tree: Tree, about: str = "") -> str:
        """A bracketed tree, the root on top."""
        return _article(_wide(branches(tree), tree.words()), about)

    def spans(self, words: Sequence[str], spans: Sequence[Span], about: str = "", space: str = " ") -> str:
        """A sentence with its spans (``elman.data.spans.spans``) in colours, one for each type on a page.

        ``space`` is what stands between words: '' for Chinese, for example.
        """
        pieces: list[str] = []
        at = 0
        for span in spans:
            pieces += map(_text, words[at : span.start])
            hue = self._hues.setdefault(span.type, round(210 + 137.5 * len(self._hues)) % 360)  # the golden angle
            within = f"<bdi>{_text(space.join(words[span.start : span.end]))}</bdi>"
            pieces.append(f'<mark style="--hue:{hue}">{within}<small dir="auto">{_text(span.type)}</small></mark>')
            at = span.end
        pieces += map(_text, words[at:])
        return _article(f'<div class="words" dir="auto">{_text(space).join(pieces)}</div>', about)


def _wide(drawn: str, words: Sequence[str]) -> str:
    """A drawing that may be wider than the page; it is scrolled from where the sentence begins."""
    return f'<div class="wide" dir="{"rtl" if right_to_left(words) else "ltr"}">{drawn}</div>'


def _article(inside: str, about: str) -> str:
    header = f"<header>{_text(about)}</header>" if about else ""
    return f"<article>{header}{inside}</article>\n"


def _text(text: str) -> str:
    return escape(visible(text))
