"""Trees as text, one word per line, so that sentences of any length fit a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elman.data.trees import Tree
from elman.utils.display import visible
from elman.utils.text_width import cells, padded

_MAX_COLUMN = 24
"""Maximum width to which a column is padded; longer values shift the rest of their line."""


def constituents(tree: Tree, columns: int = 80) -> str:
    """Return a constituency tree as lines: phrases indented, tags and words in columns.

    A phrase with one child shares its line: ``NP > PRP``. Deep trees are indented less, to fit in ``columns``.
    """
    rows = _outline(tree)
    word_width = max(cells(word) for _, _, word in rows)
    for step in (3, 2, 1):
        left = [_indented(bars, step) + labels for bars, labels, _ in rows]
        width = max(cells(text) for text, (_, _, word) in zip(left, rows, strict=True) if word)
        if width + 2 + word_width <= columns:
            break
    lines = [f"{padded(text, width)}  {word}" if word else text for text, (_, _, word) in zip(left, rows, strict=True)]
    return "".join(f"{line}\n" for line in lines)


def _outline(tree: Tree) -> list[tuple[str, str, str]]:
    """Return (bars, labels, word) of each line; bars has one character per level."""
    rows: list[tuple[str, str, str]] = []
    stack: list[tuple[Tree | str, str]] = [(tree, "")]
    while stack:
        node, bars = stack.pop()
        labels: list[str] = []
        while isinstance(node, Tree):
            labels.append(visible(node.label) or "()")
            if len(node.children) > 1:
                break
            node = node.children[0]
        rows.append((bars, " > ".join(labels), visible(node) if isinstance(node, str) else ""))
        if isinstance(node, Tree):
            below = bars.replace("├", "│").replace("└", " ")
            children = [(child, below + "├") for child in node.children[:-1]]
            stack += reversed([*children, (node.children[-1], below + "└")])
    return rows


def _indented(bars: str, step: int) -> str:
    return "".join(bar + ("─" if bar in "├└" else " ") * (step > 2) + " " * (step > 1) for bar in bars)


def dependencies(
    words: Sequence[str],
    heads: Sequence[int],
    relations: Sequence[str],
    tags: Sequence[str] | None = None,
    columns: int = 80,
) -> str:
    """Return a dependency tree as lines: each head is to the left of its dependents and connected to them.

    The horizontal line of a word ends at the vertical line of its head, which starts at the ``┬``, ``┴`` or ``┼`` in
    the head's row; where lines cross, the vertical one is hidden. The heads, 0 for the root, must form a tree.
    """
    n = len(words)
    ends: dict[int, list[int]] = {}  # the rows of a head and of its dependents
    for word, head in enumerate(heads):
        if head:
            ends.setdefault(head - 1, [head - 1]).append(word)
    places = _places(heads, ends)
    wide = max(places.values(), default=0) + 1
    fields = [words, *([tags] if tags is not None else []), relations]
    shown = [[visible(field[word]) for field in fields] for word in range(n)]
    widths = [min(_MAX_COLUMN, max(map(cells, column))) for column in zip(*shown, strict=True)]
    table = sum(widths) + 2 * len(widths)
    step = 2 if 2 * wide + 1 + table <= columns else 1
    grid = [[" "] * (step * wide + 2) for _ in range(n)]
    for head, rows in ends.items():
        for row in range(min(rows), max(rows) + 1):
            grid[row][step * places[head] + 1] = "│"
    for word, head in enumerate(heads):
        line = grid[word]
        start = step * places[head - 1] + 1 if head else 0
        line[start:] = "─" * (len(line) - start)
        if head:
            rows = ends[head - 1]
            line[start] = "╭" if word == min(rows) else "╰" if word == max(rows) else "├"
        if word in ends:
            rows = ends[word]
            line[step * places[word] + 1] = "┬" if min(rows) == word else "┴" if max(rows) == word else "┼"
    lines = []
    for line, texts in zip(grid, shown, strict=True):
        fields_shown = "  ".join(padded(text, width) for text, width in zip(texts, widths, strict=True))
        lines.append(f"{''.join(line)} {fields_shown}".rstrip(" ") + "\n")
    return "".join(lines)


def _places(heads: Sequence[int], ends: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return the column of each head's vertical line: to the right of the lines of all shallower heads.

    Heads of one depth share a column, unless their lines would overlap because arcs cross.
    """
    by_depth: dict[int, list[tuple[int, int, int]]] = {}  # (first row, last row, head) of each line
    for head, depth in enumerate(_depths(heads)):
        if head in ends:
            by_depth.setdefault(depth, []).append((min(ends[head]), max(ends[head]), head))
    places: dict[int, int] = {}
    before = 0
    for _, lines in sorted(by_depth.items()):
        taken: list[int] = []  # the last row of each column of this depth
        for first, last, head in sorted(lines):
            place = next((i for i, end in enumerate(taken) if end < first), len(taken))
            taken[place : place + 1] = [last]
            places[head] = before + place
        before += len(taken)
    return places


def _depths(heads: Sequence[int]) -> list[int]:
    """Return the number of arcs between the root and each word."""
    depths = {-1: -1}
    for start in range(len(heads)):
        path = [start]
        while path[-1] not in depths:
            path.append(heads[path[-1]] - 1)
        depth = depths[path.pop()]
        for word in reversed(path):
            depth += 1
            depths[word] = depth
    return [depths[word] for word in range(len(heads))]
