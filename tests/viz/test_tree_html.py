"""The page of HTML: well-formed, nothing from elsewhere, nothing of the text is markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, strategies as st

from elman.data.spans import find_spans
from elman.data.trees import Tree, parse_tree
from elman.tasks.dependency_labels import repaired
from elman.viz.tree_html import Page
from elman.viz.tree_svg import _levels, arcs, branches

WORDS = ["She", "reads", "<b>&", "books", "\x1b"]
HEADS = [2, 0, 4, 2, 2]
RELATIONS = ["nsubj", "root", "amod", 'o"bj', "punct"]
SVG = "{http://www.w3.org/2000/svg}"


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)


def texts(html: str) -> list[str | None]:
    return [text.text for text in parsed(html).iter(f"{SVG}text")]


def test_a_page_is_well_formed_and_alone() -> None:
    page = Page()
    tags = ["B-A<", "O", "O", "B-B", "I-B"]
    html = "".join(
        [
            page.start("a < b"),
            page.dependencies(WORDS, HEADS, RELATIONS, ["N", "V", "A", "N", "."], "file.conllu:1"),
            page.constituents(parse_tree("(S (NP (PRP She)) (VP (VBZ reads)))")),
            page.spans(WORDS, find_spans(tags), "<i>"),
            page.END,
        ]
    )
    assert html.startswith("<!DOCTYPE html>\n")
    body = parsed(re.sub(r"<meta [^>]*>", "", html.partition("\n")[2]))
    assert [one.text for one in body.iter("header")] == ["file.conllu:1", "<i>"]
    assert body.findtext(".//h1") == "a < b"
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://(?!www\.w3\.org/2000/svg\")", html)
    assert "\x1b" not in html


def test_spans_have_a_colour_each_type() -> None:
    page = Page()
    html = page.spans(["Ann", "Lee", "saw", "Oslo", "."], find_spans(["B-PER", "I-PER", "O", "B-LOC", "O"]))
    marks = list(parsed(html).iter("mark"))
    assert ["".join(mark.itertext()) for mark in marks] == ["Ann LeePER", "OsloLOC"]
    hues = [mark.get("style") for mark in marks]
    assert len(set(hues)) == 2
    again = list(parsed(page.spans(["Rome"], find_spans(["B-LOC"]))).iter("mark"))
    assert [mark.get("style") for mark in again] == hues[1:]
    assert "".join(parsed(html).itertext()) == "Ann LeePER saw OsloLOC ."
    assert "".join(parsed(page.spans(["我", "们"], [], space="")).itertext()) == "我们"


def test_arcs() -> None:
    html = arcs(WORDS, HEADS, RELATIONS)
    assert set(texts(html)) == {*WORDS[:4], "\\x1b", *RELATIONS}
    assert parsed(html).get("aria-label") == "She reads <b>& books \\x1b"
    assert html.count("<path") == 2 * 5  # a line and its tip for each word
    assert _levels(HEADS) == [1, 0, 1, 2, 3]
    assert _levels([3, 4, 0, 3, 2]) == [1, 2, 0, 1, 3]
    assert texts(arcs(["本"], [0], ["root"])) == ["root", "本"]
    assert texts(arcs([], [], [])) == []


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12), st.booleans())
def test_arcs_of_any_tree(named: list[int], hebrew: bool) -> None:
    """Words stand in order without touching; no two arcs over the same words have one height."""
    heads = repaired(named)
    n = len(heads)
    html = arcs(["א" if hebrew else "a"] * n, heads, ["r"] * n, ["T"] * n)
    found = parsed(html)
    xs = [float(text.get("x", "")) for text in found.iter(f"{SVG}text") if text.get("class") is None]
    assert xs == sorted(xs, reverse=hebrew)
    assert all(abs(a - b) > 10 for a, b in zip(xs, xs[1:], strict=False))
    assert 0 < min(xs) and max(xs) < float(found.get("width", ""))
    levels = _levels(heads)
    sides = [sorted((word + 1, head)) for word, head in enumerate(heads)]
    for a in range(n):
        for b in range(a):
            if heads[a] and heads[b] and sides[a][0] < sides[b][1] and sides[b][0] < sides[a][1]:
                assert levels[a] != levels[b]


def test_branches() -> None:
    tree = parse_tree("(ROOT (S (NP (PRP She)) (VP (VBZ reads) (NP (JJ old) (NNS books))) (. .)))")
    html = branches(tree)
    found = texts(html)
    assert found == ["ROOT", "S", "NP", "PRP", "She", "VP", "VBZ", "reads", "NP", "JJ", "old", "NNS", "books", ".", "."]
    assert html.count("<path") == 9  # one for each phrase and tag but the root
    places = {
        text.text: (float(text.get("x", "")), float(text.get("y", ""))) for text in parsed(html).iter(f"{SVG}text")
    }
    assert places["She"][0] < places["reads"][0] < places["old"][0] < places["books"][0]
    assert places["She"][1] == places["books"][1] > places["NNS"][1] == places["PRP"][1] > places["NP"][1]
    assert places["ROOT"][0] == places["S"][0]


def test_branches_from_right_to_left() -> None:
    html = branches(Tree("S", (Tree("A", ("אב",)), Tree("B", ("גד",)), "ה")))
    places = {text.text: float(text.get("x", "")) for text in parsed(html).iter(f"{SVG}text")}
    assert places["אב"] > places["גד"] > places["ה"]
    assert 'dir="rtl"' in Page.constituents(Tree("A", ("אב",)))
