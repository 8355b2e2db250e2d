"""Parses and spans as formats that are written."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from elman.data.formats import check_output, open_writer, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

HEADS = {"upos": ("PRON", "VERB", "NOUN"), "head": ("2", "0", "2"), "deprel": ("nsubj", "root", "obj")}
WORDS = ("She", "reads", "books")
PIECES = {"tree": ("(ROOT(S(NP(PRP*))", "(VP(VBZ*)", "(NP(NNS*)))))")}


def text(format: str, sentences: list[Sentence], *tags: dict[str, tuple[str, ...]]) -> str:
    writer = open_writer(format, tuple(tags[0]))
    parts = [writer.add(one, own) for one, own in zip(sentences, tags, strict=True)]
    return "".join(map(str, [*parts, writer.finish()]))


def test_trees_for_a_terminal() -> None:
    sentence = Sentence(WORDS)
    assert text("tree", [sentence, Sentence(()), sentence], HEADS, {}, PIECES) == (
        " ╭── She    PRON  nsubj\n─┼── reads  VERB  root\n ╰── books  NOUN  obj\n"
        "\nROOT > S\n├─ NP > PRP     She\n└─ VP\n   ├─ VBZ       reads\n   └─ NP > NNS  books\n"
    )
    with pytest.raises(ConfigError, match="^tree: expected the columns head and deprel, or tree, got tag; try"):
        text("tree", [sentence], {"tag": ("A", "B", "C")})
    with pytest.raises(ConfigError, match="^tree cannot hold confidences; columns, conllu"):
        check_output("tree", confidences=True)


def test_a_sentence_that_was_read_with_a_tree() -> None:
    line = "(S (A a) (B b))\n"
    sentence = Sentence(("a", "b"), {"tag": ("A", "B")}, "x", 1, (line,), (0, 0), "trees")
    assert text("tree", [sentence], {"tag": ("C", "D")}) == "S\n├─ C  a\n└─ D  b\n"


def test_words_that_are_brackets() -> None:
    assert "(A -LRB-) " in write_sentence(Sentence(("(", "b")), {"tree": ("(S(A*)", "(B*))")}, format="trees")
    assert "-LRB-" in text("tree", [Sentence(("(", "b"))], {"tree": ("(S(A*)", "(B*))")})


class Checked(HTMLParser):
    """The tags of a page, each closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page() -> None:
    named = Sentence(WORDS, path="a/b.txt", line=7, labels={"intent": "Read<it>"})
    page = text("html", [named, named, named], HEADS, PIECES, {"tag": ("O", "B-<x>", "I-<x>")})
    seen = Checked(page).seen
    assert (seen.count("html"), seen.count("svg"), seen.count("mark"), seen.count("article")) == (1, 2, 1, 3)
    assert page.count("<header>a/b.txt:7 · intent: Read&lt;it&gt;</header>") == 3
    assert "<h1>b.txt</h1>" in page and "<x>" not in page
    assert "script" not in page


def test_tags_that_mark_no_spans() -> None:
    page = text("html", [Sentence(WORDS), Sentence(())], {"upos": ("PRON", "VERB", "VERB"), "feats": ("_",) * 3}, {})
    assert Checked(page).seen.count("mark") == 3
    assert "<h1>Sentences</h1>" in page


def test_nothing_is_a_page_too() -> None:
    assert Checked(str(open_writer("html").finish())).seen.count("article") == 0


def test_heads_that_make_no_tree() -> None:
    with pytest.raises(DataError, match="^x:5: the heads go in a circle: 1 -> 2 -> 1; expected a tree$"):
        own = {**HEADS, "head": ("2", "1", "0")}
        text("html", [Sentence(WORDS, path="x", line=5, rows=(0, 1, 2))], own)
