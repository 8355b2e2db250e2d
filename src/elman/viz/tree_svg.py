"""Trees as SVG, for a page whose style sheet has the classes ``relation``, ``tag``, ``phrase``, ``tip`` and ``root``.

The widths of letters are unknown until the page is displayed, so they are estimated, slightly too wide. Right-to-left
sentences are mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman.data.trees import Tree
from elman.utils.display import visible
from elman.utils.text_width import cells, right_to_left
from elman.viz.html import text

_WORD, _SMALL = 16, 12  # font sizes, px
_GAP = 14  # between words
_LEVEL = 24  # between arcs
_ROW = 46  # between a phrase and its children
_NARROW = frozenset("iljtfrI.,:;'!|()[]{}-` ")


def arcs(
    words: Sequence[str], heads: Sequence[int], relations: Sequence[str], tags: Sequence[str] | None = None
) -> str:
    """Draw a dependency tree as arcs above the words; heads count from 1, 0 for the root."""
    n = len(words)
    halves = [max(_wide(words[i], _WORD), _wide(tags[i], _SMALL) if tags else 0.0, 24.0) / 2 for i in range(n)]
    centres = _centres(halves, heads, relations)
    width = centres[-1] + halves[-1] + _GAP / 2 if n else 0.0
    levels = _levels(heads)
    base = _LEVEL * (max(levels, default=0) + 1) + 14  # where arcs end: above the words
    ends = _ends(heads, centres, halves)
    mirrored = right_to_left(words)

    def across(x: float) -> float:
        return width - x if mirrored else x

    paths: list[str] = []
    texts: list[str] = []
    for word, head in enumerate(heads):
        tip = across(ends[word, word])
        kind = "" if head else " root"
        top = base - _LEVEL * levels[word] if head else 12
        if head:
            start = across(ends[word, head - 1])
            turn = min(8, abs(tip - start) / 2) * (1 if tip > start else -1)
            paths.append(
                f'<path d="M{start:.1f} {base}V{top + 8}Q{start:.1f} {top} {start + turn:.1f} {top}'
                f'H{tip - turn:.1f}Q{tip:.1f} {top} {tip:.1f} {top + 8}V{base - 5}"/>'
            )
        else:
            start = tip
            paths.append(f'<path class="root" d="M{tip:.1f} {top}V{base - 5}"/>')
        paths.append(f'<path class="tip{kind}" d="M{tip:.1f} {base}l-4 -8h8z"/>')
        texts.append(_label((start + tip) / 2, top + 4, "relation" + kind, relations[word]))
    for word in range(n):
        texts.append(_label(across(centres[word]), base + 20, "", words[word]))
        if tags:
            texts.append(_label(across(centres[word]), base + 38, "tag", tags[word]))
    return _svg(width, base + (46 if tags else 28), words, paths + texts)


def _centres(halves: Sequence[float], heads: Sequence[int], relations: Sequence[str]) -> list[float]:
    """Return the centres of the words, far enough apart for each relation to fit under its arc."""
    needs: dict[int, list[tuple[int, float]]] = {}  # right end -> (left end, width) of arcs
    for word, head in enumerate(heads):
        if head:
            low, high = sorted((word, head - 1))
            needs.setdefault(high, []).append((low, _wide(relations[word], _SMALL) + 30))
    centres: list[float] = []
    for i, half in enumerate(halves):
        first = (centres[-1] + halves[i - 1] if i else -_GAP / 2) + _GAP + half
        centres.append(max([first, *(centres[low] + wide for low, wide in needs.get(i, ()))]))
    return centres


def _levels(heads: Sequence[int]) -> list[int]:
    """Return the level of the arc to each word: above all shorter arcs over the same words; 0 for the root."""
    spans = sorted((abs(word + 1 - head), min(word + 1, head), word) for word, head in enumerate(heads) if head)
    over = [0] * (len(heads) + 1)  # the highest level so far between words i and i + 1
    levels = [0] * len(heads)
    for length, first, word in spans:
        levels[word] = max(over[first : first + length]) + 1
        over[first : first + length] = [levels[word]] * length
    return levels


def _ends(heads: Sequence[int], centres: Sequence[float], halves: Sequence[float]) -> dict[tuple[int, int], float]:
    """Return x of both ends of each arc, by (dependent, word at the end), side by side at each word."""
    at: dict[int, list[tuple[float, int]]] = {}  # (sort key, dependent of the arc) by word
    for word, head in enumerate(heads):
        if head:
            for here, there in ((word, head - 1), (head - 1, word)):
                # from left to right: arcs to the left, shortest first; arcs to the right, longest first
                at.setdefault(here, []).append((1 / (there - here), word))
        else:
            at.setdefault(word, []).append((0.0, word))
    ends: dict[tuple[int, int], float] = {}
    for here, touching in at.items():
        step = min(9.0, 2 * halves[here] / len(touching))
        for i, (_, word) in enumerate(sorted(touching)):
            ends[word, here] = centres[here] + (i - (len(touching) - 1) / 2) * step
    return ends


@dataclass(slots=True)
class _Node:
    """A phrase, or a tag with its word; ``parent`` is an index, -1 at the root."""

    label: str
    word: str | None
    parent: int
    depth: int
    x: float = 0.0


def branches(tree: Tree) -> str:
    """Draw a constituency tree with its root at the top and the words in a row at the bottom."""
    nodes = _nodes(tree)
    leaves = [i for i, node in enumerate(nodes) if node.word is not None]
    words = [node.word or "" for node in nodes if node.word is not None]
    width = _place(nodes, leaves, right_to_left(words))
    last = max(nodes[leaf].depth for leaf in leaves)  # the row of tags, below all phrases
    paths: list[str] = []
    texts: list[str] = []
    for node in nodes:
        y = 20 + _ROW * (node.depth if node.word is None else last)
        if node.parent >= 0:
            above = nodes[node.parent]
            turn = 20 + _ROW * node.depth - 15
            paths.append(f'<path d="M{above.x:.1f} {turn - _ROW + 20}L{node.x:.1f} {turn}V{y - 15}"/>')
        texts.append(_label(node.x, y, "phrase" if node.word is None else "tag", node.label))
        if node.word is not None:
            texts.append(_label(node.x, y + 22, "", node.word))
    return _svg(width, 20 + _ROW * last + 32, words, paths + texts)


def _nodes(tree: Tree) -> list[_Node]:
    """Return the nodes in preorder."""
    nodes: list[_Node] = []
    stack: list[tuple[Tree | str, int]] = [(tree, -1)]
    while stack:
        node, parent = stack.pop()
        depth = nodes[parent].depth + 1 if parent >= 0 else 0
        if isinstance(node, str):
            nodes.append(_Node("", node, parent, depth))
        elif node.preterminal:
            nodes.append(_Node(node.label, str(node.children[0]), parent, depth))
        else:
            nodes.append(_Node(node.label, None, parent, depth))
            number = len(nodes) - 1
            stack += [(child, number) for child in reversed(node.children)]
    return nodes


def _place(nodes: list[_Node], leaves: Sequence[int], mirrored: bool) -> float:
    """Set ``x`` of all nodes: leaves side by side, phrases centred above their children. Return the total width."""
    within: dict[int, list[int]] = {}
    for i, node in enumerate(nodes):
        within.setdefault(node.parent, []).append(i)
    width = 0.0
    for leaf in leaves:
        room = max(_wide(nodes[leaf].word or "", _WORD), _wide(nodes[leaf].label, _SMALL))
        at = nodes[leaf].parent
        while at >= 0 and len(within[at]) == 1:  # unary phrases are right above the leaf
            room = max(room, _wide(nodes[at].label, _SMALL + 1))
            at = nodes[at].parent
        nodes[leaf].x = width + (room + _GAP) / 2
        width += room + _GAP
    for i in reversed(range(len(nodes))):
        if i in within:
            nodes[i].x = (nodes[within[i][0]].x + nodes[within[i][-1]].x) / 2
    for node in nodes:
        node.x = width - node.x if mirrored else node.x
    return width


def _label(x: float, y: float, kind: str, label: str) -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y}"{attribute}>{text(label)}</text>'


def _svg(width: float, height: float, words: Sequence[str], parts: Sequence[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    title = text(" ".join(words))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">{"".join(parts)}</svg>'


def _wide(label: str, size: int) -> float:
    """Estimate the width of a text in px at a font size."""
    ems = 0.0
    for character in visible(label):
        if cells(character) != 1:
            ems += cells(character) / 2
        else:
            ems += 0.34 if character in _NARROW else 0.8 if character.isupper() or character in "mw@%" else 0.58
    return ems * size
