"""conllup: CoNLL-U Plus, whose first line names the columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elman.data.formats import open_writer, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

TEXT = (
    "# global.columns = ID FORM UPOS PARSEME:MWE\n# intent = x\n1-2\tdon't\t_\t_\n1\tdo\tAUX\t1\n2\tn't\tPART\t1\n"
    "2.1\tx\t_\t_\n\n1\tGo\tVERB\t*\r\n\r\n"
)
NO_ID = "# global.columns = UPOS FORM\nAUX\tdo\nPART\t# not\n\n"


def rewritten(sentences, tags=None):
    writer = open_writer("conllup", ("upos",))
    return "".join(writer.add(s, tags(s) if tags else {}) for s in sentences) + writer.finish()


def test_read(read):
    reading = read(TEXT)
    assert (reading.format, reading.why) == ("conllup", "the names of its columns in the first line")
    assert reading.target() == reading.target("UPOS") == "upos"
    assert reading.label_names() == ("intent",)
    first, second = reading
    assert first.words == ("do", "n't") and first.labels == {"intent": "x"}
    assert first.columns == {"upos": ("AUX", "PART"), "parseme:mwe": ("1", "1")}
    assert second.words == ("Go",) and second.line == 8
    assert read(TEXT, labelled=False).format == "conllup"


def test_without_id(read):
    reading = read(NO_ID)
    (sentence,) = reading
    assert sentence.words == ("do", "# not") and sentence.columns == {"upos": ("AUX", "PART")}
    assert rewritten([sentence], lambda s: {"upos": ("T",) * len(s)}) == NO_ID.replace("AUX", "T").replace("PART", "T")


def test_the_default_is_the_last_without_upos(read):
    assert read("# global.columns = ID FORM A B\n").target() == "b"
    with pytest.raises(ConfigError, match="no column 'c' to tag; it has a, b"):
        read("# global.columns = ID FORM A B\n").target("c")
    with pytest.raises(ConfigError, match="no column '' to tag; it has none"):
        read("# global.columns = ID FORM\n").target()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\ta\n", "file:1: expected # global.columns = and the names of the columns"),
        ("", "file:1: expected # global.columns = and the names of the columns"),
        (
            "# global.columns = ID WORD\n",
            "file:1: expected the name of each column once, .* FORM, found none",
        ),
        ("# global.columns = FORM A A\n", "file:1: expected the name of each .* found one twice: form a a"),
        ("# global.columns = ID FORM\n1\ta\tX\n", "file:2: expected 2 columns separated by tabs, found 3"),
        ("# global.columns = ID FORM\n2\ta\n", "file:2: ID: expected 1, a range or an empty node, found '2'"),
        ("# global.columns = ID FORM\n1\t\n", r"file:2: FORM \(column 2\) is empty"),
    ],
)
def test_broken(read, text, message):
    with pytest.raises(DataError, match=message):
        list(read(text, format="conllup"))


def test_all_but_the_tags_stays(read):
    for text in (TEXT, "\ufeff" + TEXT):
        assert rewritten(read(text)) == text
        changed = rewritten(read(text), lambda s: {"upos": ("T",) * len(s)})
        assert changed == text.replace("AUX", "T").replace("PART", "T").replace("VERB", "T")


def test_labels_change_in_place(read):
    first, _ = read(TEXT)
    changed = open_writer("conllup", ()).add(replace(first, labels={"intent": "y", "kind": "z"}), {})
    assert changed == "".join(first.lines).replace("# intent = x\n", "# intent = y\n# kind = z\n")


def test_two_files_have_one_header(read):
    sentences = [*read(TEXT), *read(TEXT)]
    assert rewritten(sentences) == TEXT + TEXT.split("\n", 1)[1]
    with pytest.raises(ConfigError, match="has other columns than the file before; write them one by one"):
        rewritten([*read(TEXT), *read(NO_ID)])


def test_no_such_column_in_place(read):
    with pytest.raises(ConfigError, match="no column 'xpos'; it has upos, parseme:mwe"):
        rewritten(read(TEXT), lambda s: {"xpos": ("T",) * len(s)})


def test_written_from_another_format(read):
    sentence = Sentence(("New York", "is"), labels={"intent": "x"})
    assert write_sentence(sentence, {"upos": ("A", "B")}, format="conllup") == (
        "# global.columns = ID FORM UPOS\n# intent = x\n1\tNew York\tA\n2\tis\tB\n\n"
    )
    writer = open_writer("conllup", ("upos", "ner"))
    (gap,) = read("# only a comment\n\n", format="columns")
    assert writer.add(gap, {}) == ""
    assert writer.add(Sentence(("a",)), {"ner": ("O",)}).endswith("1\ta\t_\tO\n\n")
    assert writer.finish() == ""
    assert open_writer("conllup", ("upos",)).finish() == "# global.columns = ID FORM UPOS\n"
    with pytest.raises(ConfigError, match="no column can be called 'a b' there"):
        open_writer("conllup", ("a b",))
    with pytest.raises(DataError, match="holds a tab, which conllup cannot"):
        write_sentence(Sentence(("a\tb",)), {"upos": ("X",)}, format="conllup")


def test_a_sentence_without_its_file_is_written_afresh(read):
    _, second = read(TEXT)
    assert open_writer("conllup", ("upos",)).add(second, {"upos": ("T",)}) == (
        "# global.columns = ID FORM UPOS\n1\tGo\tT\n\n"
    )
