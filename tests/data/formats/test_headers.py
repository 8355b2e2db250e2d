"""Tables that are to be tagged: what is one, and which column is read."""

from __future__ import annotations

import pytest

from elman.data.formats import ModelHints
from elman.data.formats.sniff import sniff
from elman.errors import ConfigError, DataError

CUSTOMERS = "id,customer,address\n1,Ann,Dover\n2,Bo,Oak Ave\n"
KINDS = ModelHints("csv", ("kind",), labels=frozenset({"home", "work"}))
PARTS = ModelHints("tsv", ("art",), tags=frozenset({"N", "V"}))


def seen(text: str, path: str = "f", known: ModelHints | None = None) -> str:
    return sniff(text.splitlines(keepends=True), labelled=False, path=path, known=known)[0]


@pytest.mark.parametrize(
    ("text", "path", "format"),
    [
        ("id,text\n1,the dog\n", "f", "csv"),
        ("id;Review\n1;the dog\n", "f", "csv"),
        ("word,note\nthe,x\n", "f", "csv"),
        ("text\nthe dog\n", "f.csv", "csv"),
        ("text\nthe dog\n", "f.CSV.gz", "csv"),
        ("text\nthe dog\n", "f", "text"),
        ("id\ttext\n1\tthe dog\n2\ta cat\n", "f", "tsv"),
        ("form\tgloss\nthe\tder\n", "f.tsv", "tsv"),
        ("form\tO\nthe\tO\n", "f.tsv", "columns"),
        ("the\tD\ndog\tN\n", "f.tsv", "columns"),
        ("Ann\tB-PER\nleft home\tO\n\n", "f.tsv", "columns"),
        ("a,b\n", "f", "text"),
        ("Dover, DE\nOak, IL\n", "f", "text"),
        ("12 Oak,DE\n3 Main,IL\n", "f", "text"),
        ("Yes, he said, no\nBut, she said, yes\n", "f", "text"),
    ],
)
def test_what_is_a_table(text: str, path: str, format: str) -> None:
    assert seen(text, path) == format


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            CUSTOMERS,
            "f",
            "f: which column of this csv has the text? it has id, customer, address; pass --text-column ",
        ),
        (CUSTOMERS.replace(",", "\t"), "f", "this tsv has the text? it has id, customer, address; pass"),
        (CUSTOMERS.replace(",", "\t") + "\n", "f", "this tsv has the text? it has id, customer, address; pass"),
        ('id,note\n1,"a, b"\n', "f.csv", "it has id, note; pass --text-column NAME, --format csv:word=NAME"),
        ("1,a b\n2,c d\n", "f.csv", "this csv has the text? it has 2 without names; pass --text-column NUMBER"),
        ("17\ta b\tx\n18\tc d\ty\n", "f", "this tsv has the text? it has 3 without names; pass --text-column NUMBER"),
        ("sentence,wort\n1,der\n1,Hund\n", "f", "it has sentence, wort; pass --text-column NAME"),
    ],
)
def test_which_column_is_asked_for(text: str, path: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        seen(text, path)
    assert message in str(caught.value)


def test_the_column_of_the_model_is_not_the_text() -> None:
    assert seen("address,kind\nDover,\n", known=KINDS) == "csv:text=address"
    assert seen("Address\tKind\n12 Oak\thome\n", known=KINDS) == "tsv:text=Address"
    assert seen("Wort\tArt\nder\tX\n", known=PARTS) == "tsv:word=Wort"
    with pytest.raises(DataError, match="it has id, address, kind"):
        seen("id,address,kind\n1,Dover,\n", known=KINDS)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        (CUSTOMERS, "address", [("Dover",), ("Oak", "Ave")]),
        (CUSTOMERS, "ADDRESS", [("Dover",), ("Oak", "Ave")]),
        (CUSTOMERS, "2", [("customer",), ("Ann",), ("Bo",)]),
        ("a b\tx\nc d\ty\n", "1", [("a", "b"), ("c", "d")]),
        ('n,"a, b"\n1,"x, y"\n', "a, b", [("x,", "y")]),
    ],
)
def test_a_column_that_is_said(read, text: str, column: str, words: list[tuple[str, ...]]) -> None:
    reading = read(text, labelled=False, text_column=column)
    assert [sentence.words for sentence in reading if sentence.words] == words


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            CUSTOMERS,
            {"text_column": "adress"},
            "--text-column: .*file: no column 'adress'; it has id, customer, address",
        ),
        (CUSTOMERS, {"text_column": "4"}, "no column '4'"),
        ("(S (NP (D a)))\n", {"text_column": "text"}, "--text-column: names a column of csv, .*; .*file is trees"),
        (CUSTOMERS, {"text_column": "id", "format": "columns"}, "names a column of csv, tsv, .*; .*file is columns"),
        (CUSTOMERS, {"text_column": "id", "format": "csv:text=id"}, "names a column of csv, tsv"),
    ],
)
def test_a_column_that_is_not_there(read, text: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(text, labelled=False, **options)


def test_texts_between_tabs_are_no_columns_to_learn_from() -> None:
    rows = [f"{i}\tsome words {i}\t{'xy'[i % 2]}\n" for i in range(40)]
    with pytest.raises(
        DataError, match="several words in column 2 of 3 .* pass --format tsv:header=no,text=2,label=N, or"
    ):
        sniff([*rows, "\n"], labelled=True)
    with pytest.raises(DataError, match="tsv:text=note,label=NAME"):
        sniff(["id\tnote\tkind\n", *rows], labelled=True)
    sentences = [line for row in rows for line in (row, "\n")]
    assert sniff(sentences, labelled=True)[0] == "columns"
