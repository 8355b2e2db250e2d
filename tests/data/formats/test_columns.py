"""columns: CoNLL-2003 and its kin."""

from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from elman.data.formats import read_sentences, write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

CONLL2003 = """\
-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects  VBZ  B-VP  O\x20
# # I-NP O

# a comment = here
Peter NNP B-NP B-PER
-DOCSTART- -X- -X- O
Paris NNP B-NP B-LOC
"""

TABS = "# intent = go\nNew York\tB-CITY\n#\tO\n#1\tO\n# 5\tO\n\t\n\u3000\tO\n\ufeff\tO\n# O\n\n\n"


def test_spaces(read):
    reading = read(CONLL2003)
    assert reading.format == "columns"
    sentences = list(reading)
    assert [s.words for s in sentences] == [(), ("EU", "rejects", "#"), ("Peter",), ("Paris",)]
    assert [s.line for s in sentences] == [1, 3, 7, 9]
    assert sentences[1].columns == {
        "2": ("NNP", "VBZ", "#"),
        "3": ("B-NP", "B-VP", "I-NP"),
        "4": ("B-ORG", "O", "O"),
    }
    assert sentences[2].rows == (1,)


def test_tabs_a_lone_tab_and_words_that_begin_with_a_hash(read):
    sentences = list(read(TABS))
    assert [s.words for s in sentences] == [("New York", "#", "#1", "# 5"), ("\u3000", "\ufeff"), ()]
    assert "".join("".join(s.lines) for s in sentences) == TABS


@pytest.mark.parametrize("text", [CONLL2003, TABS, CONLL2003[:-1], "\ufeff" + TABS, TABS.replace("\n", "\r\n")])
def test_only_the_tagged_column_changes(read, rewrite, text):
    reading = read(text)
    column = reading.target()
    sentences = list(reading)
    assert rewrite(sentences, column, "columns", tag=None) == text
    changed = rewrite(sentences, column, "columns", tag="NEW")
    again = list(read(changed))
    assert [s.words for s in again] == [s.words for s in sentences]
    assert {tag for s in again for tag in s.columns.get(column, ())} == {"NEW"}
    assert len(changed) - len(text) == sum(3 - len(t) for s in sentences for t in s.columns.get(column, ()))


def test_a_middle_column_with_its_spaces(read, rewrite):
    text = "a   X  Y \n b Z\tY\n\n"
    assert rewrite(read(text), "2", "columns", tag="--") == "a   --  Y \n b --\tY\n\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\r\n\nc", "a\tT\nb\tT\r\n\nc\tT"),
        ("a X\nb Y\n", "a X T\nb Y T\n"),
        ("a\tX\nb\tY\n", "a\tX\tT\nb\tY\tT\n"),
        ("a\t\nb\t\n", "a\t\tT\nb\t\tT\n"),
    ],
)
def test_a_column_that_is_missing_is_appended(read, rewrite, text, expected):
    reading = read(text, format="columns", labelled=False)
    assert rewrite(reading, "2" if "X" not in text and "\t" not in text else "3", "columns") == expected


def test_words_alone_take_a_tag_of_any_number(read, rewrite):
    reading = read("a\nb\n", format="columns", labelled=False)
    assert [reading.target(name) for name in (None, "-1", "1", "4")] == ["2", "2", "2", "4"]
    assert rewrite(reading, "4", "columns") == "a\tT\nb\tT\n"


def test_too_few_columns_or_the_column_of_the_words(read, rewrite):
    with pytest.raises(DataError, match="file:1: expected 4 columns, or 3 and a new last one, found 2"):
        rewrite(read("a\tX\n"), "4", "columns")
    with pytest.raises(DataError, match="file:1: column 1 is not one of labels"):
        rewrite(read("a\tX\n"), "1", "columns")
    with pytest.raises(DataError, match="file:1: column 2 is not one of labels"):
        rewrite(read("1\ta\tX\n2\tb\tY\n"), "2", "columns")


def test_a_column_of_another_format_is_the_last_one(read, rewrite):
    assert rewrite(read("a\tX\tY\n"), "upos", "columns") == "a\tX\tT\n"
    assert rewrite(read("a\n", format="columns", labelled=False), "upos", "columns") == "a\tT\n"


def test_several_columns_and_confidences(read):
    (sentence,) = read("a\tX\tY\n")
    text = write_sentence(sentence, {"4": ("D",), "2": ("B",)}, format="columns", confidences=[0.98765])
    assert text == "a\tB\tY\tD\t0.9877\n"
    (words,) = read("a\n", format="columns", labelled=False)
    text = write_sentence(words, {"2": ("A",), "3": ("B",)}, format="columns", confidences=[1])
    assert text == "a\tA\t1.0000\tB\n"
    (spaces,) = read("a X\n", format="columns")
    assert write_sentence(spaces, {"2": ("A",)}, format="columns", confidences=[0]) == "a A 0.0000\n"
    text = write_sentence(Sentence(("a",)), {"x": ("A",), "y": ("B",)}, format="columns", confidences=[1])
    assert text == "a\tA\t1.0000\tB\n\n"


def test_separators_inside_a_tag_or_a_word(read, rewrite):
    assert rewrite(read("a\tX\n"), "2", "columns", tag="B LOC") == "a\tB LOC\n"
    with pytest.raises(DataError, match="file:2: the tag 'B LOC' holds a space, which columns cannot"):
        rewrite(read("# c\na X\n", format="columns"), "2", "columns", tag="B LOC")
    with pytest.raises(DataError, match="the word 'a\\\\tb' holds a tab, which columns cannot; try --as jsonl$"):
        rewrite([Sentence(("a\tb",))], "2", "columns")


def test_made_from_another_format(read, rewrite):
    assert rewrite(read("a b\n\nc", labelled=False), "tag", "columns") == "a\tT\nb\tT\n\n\nc\tT\n\n"
    assert rewrite(read("# end\n", format="conllu"), "upos", "columns") == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tX\nb\n", "file:2: expected 2 columns separated by tabs, as in the lines before, found 1"),
        ("a\tX\n\n\tY\n", r"file:3: the word \(column 1\) is empty"),
        ("a X\nb Y Z\n\n", "file:2: expected 2 columns separated by spaces, as in the lines before, found 3"),
        ("1\ta\tX\n2\t\tX\n", r"file:2: the word \(column 2\) is empty"),
    ],
)
def test_refusals(read, text, message):
    with pytest.raises(DataError, match=message):
        list(read(text, format="columns"))


def test_a_word_without_a_tag(read):
    reading = read("# c\na\tX\nb\t\n")
    assert reading.target() == "2"
    with pytest.raises(DataError, match="file:3: no tag: column 2 is empty"):
        list(reading)
    reading = read("a\n\nb\n", format="columns")
    reading.target()
    with pytest.raises(DataError, match="file:1: no tag: expected one in column 2, found words alone$"):
        list(reading)


def test_target(read):
    reading = read("1\ta\tX\tY\n2\tb\tX\tY\n")
    assert [reading.target(name) for name in (None, "-1", "-2", "3", "1")] == ["4", "4", "3", "3", "1"]
    for name, message in (
        ("5", "file: no column 5; there are 4 columns separated by tabs; column 1 counts the words, column 2 holds"),
        ("0", "no column 0"),
        ("-5", "no column -5"),
        ("2", "column 2 holds the words"),
        ("upos", "no column 'upos'; columns go by number, -1 is the last"),
    ):
        with pytest.raises(ConfigError, match=message):
            reading.target(name)
    assert read("1\ta\tX\n2\tb\tX\n", labelled=False).target("4") == "4"
    with pytest.raises(ConfigError, match="no column 5"):
        read("1\ta\tX\n2\tb\tX\n", labelled=False).target("5")
    assert read("", format="columns").target("3") == "3"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# c\n1\ta\tX\n2\tb\tX\n\n1\tc\tX\n", ["a", "b", "c"]),
        ("1\ta\tX\n\n1\tc\tX\n\n", ["a", "c"]),
        ("1\ta\tX\n", ["1"]),
        ("1\tX\n2\tY\n", ["1", "2"]),
        ("1\ta\tX\n3\tb\tX\n", ["1", "3"]),
    ],
)
def test_a_column_that_counts_the_words(read, text, words):
    reading = read(text)
    assert [word for s in reading for word in s.words] == words
    assert ("column 1 counts" in reading.why) == (words[0] != "1")


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0\t\n\r\ufeff"), min_size=1)
WORDS = FIELD.filter(lambda word: not word.startswith("-DOCSTART-"))


@given(st.lists(st.lists(st.tuples(WORDS, FIELD.filter(lambda tag: bool(tag.strip(" ")))), min_size=1)))
def test_round_trip(read, rewrite, sentences):
    made = [Sentence(tuple(w for w, _ in s), {"2": tuple(t for _, t in s)}) for s in sentences]
    text = rewrite(made, "2", "columns", tag=None)
    back = list(read(text, format="columns"))
    assert [(s.words, s.columns) for s in back] == [(s.words, s.columns) for s in made]
    assert rewrite(back, "2", "columns", tag=None) == text


LINES = st.text(st.characters(codec="utf-8", exclude_characters="\0\t\n")).map(lambda t: t.replace(" ", "") + " x\n")
WORD_LINES = LINES.filter(lambda line: line[:-3].strip("\r") and line.count("\r") < 2)  # more are refused
BREAKS = st.sampled_from(["\n", "\t\n", " \r\n", "# c\n", "-DOCSTART-\n", "# c d = e\n"])


@given(st.lists(st.one_of(WORD_LINES, BREAKS)))
@example(["0\r x\n"])
def test_nothing_is_lost(read, rewrite, lines):
    text = "".join(lines)
    sentences = list(read(text, format="columns"))
    assert "".join("".join(s.lines) for s in sentences) == text
    assert rewrite(sentences, "2", "columns", tag=None) == text


@pytest.mark.parametrize(
    ("name", "sentences", "words", "hashes"),
    [
        ("ner_wnut17/train.conll", 3394, 62730, 828),
        ("addr_usaddress/train.tsv", 1513, 10722, 147),
        ("slots_snips/valid.bio", 700, 6815, 0),
    ],
)
def test_real_files(rewrite, shared_data, name, sentences, words, hashes):
    file = shared_data / "other" / name
    read = list(read_sentences(str(file)))
    assert (sum(1 for s in read if s.words), sum(map(len, read))) == (sentences, words)
    assert sum(word.startswith("#") for s in read for word in s.words) == hashes
    assert rewrite(read, "2", "columns", tag=None).encode() == file.read_bytes()


def test_danish_entities_have_their_words_in_column_2(shared_data):
    file = shared_data / "other/ner_uner_da_ddt/da_ddt-ud-dev.iob2"
    reading = read_sentences(str(file))
    assert reading.target("3") == "3"
    first = next(iter(reading))
    assert first.words == ("Hvor", "kommer", "julemanden", "fra", "?")
    assert first.columns["3"] == ("O",) * 5


def test_several_columns_at_once(read):
    (sentence,) = read("a X O\nb Y O\n", format="columns")
    both = {"3": ("P", "Q"), "2": ("1", "2")}
    assert write_sentence(sentence, both, format="columns") == "a 1 P\nb 2 Q\n"
    more = {"3": ("P", "Q"), "4": ("1", "2"), "5": ("u", "v")}
    assert write_sentence(sentence, more, format="columns") == "a X P 1 u\nb Y Q 2 v\n"
    assert write_sentence(sentence, both, format="columns", confidences=[1, 0.5]) == "a 1 P 1.0000\nb 2 Q 0.5000\n"
    (sentence,) = read("a\nb\n", format="columns", labelled=False)
    assert write_sentence(sentence, {"2": ("P", "Q"), "4": ("1", "2")}, format="columns") == "a\tP\t1\nb\tQ\t2\n"
    (sentence,) = read("a X\nb Y\n", format="columns")
    with pytest.raises(DataError, match="expected 5 columns, or 4 and a new last one, found 2"):
        write_sentence(sentence, {"3": ("P", "Q"), "5": ("1", "2")}, format="columns")


UNER = "# text = a b\n1\tAnna\tB-PER\tB-PER#O\ts\n2\tis\tO\tO#O\ts\n\n"


def test_the_tags_of_universal_ner_are_not_in_the_last_column(read):
    reading = read(UNER)
    assert reading.why.endswith("column 2 holds them, column 3 is the only one of span tags)")
    assert reading.target() == "3" and reading.target("-1") == "5"
    (sentence,) = reading
    assert sentence.words == ("Anna", "is") and sentence.columns["3"] == ("B-PER", "O")
    # the last column is one of span tags, there is none, or nothing counts the words
    assert read(UNER.replace("\ts\n", "\tO\n")).target() == "5"
    assert read(UNER.replace("B-PER\tB", "PER\tB").replace("\tO\tO", "\t-\tO")).target() == "5"
    assert read(UNER.replace("1\tAnna", "x\tAnna")).target() == "5"


def test_names_for_columns(read):
    reading = read("the DT O\ndog NN B\n\n", format="columns:word=1,pos=2,ner=3")
    assert reading.why == "as asked for (3 columns separated by spaces)"
    assert reading.targets(["ner", "pos"]) == ("3", "2") and reading.targets(["-1"]) == ("3",)
    assert reading.target() == "3"
    assert [s.words for s in reading if s.words] == [("the", "dog")]
    only = read("DT the O\n", format="columns:word=2,pos=1")
    assert only.target() == "1"
    (sentence,) = only
    assert sentence.words == ("the",) and sentence.columns == {"1": ("DT",), "3": ("O",)}
    assert write_sentence(sentence, {"1": ("X",)}, format="columns") == "X the O\n"
    assert read(UNER, format="columns:word=1").target() == "5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("word=x", "expected the number of a column, from 1, got word=x"),
        ("word=0", "expected the number of a column, from 1, got word=0"),
        ("word=" + "9" * 5_000, "expected the number of a column, from 1, got word=" + "9" * 40 + "$"),
        ("word=1,ner=1", "expected another column for each name, got one twice"),
        ("word=4", "file: no column 4; there are 2 columns separated by tabs"),
    ],
)
def test_bad_names_for_columns(read, options, message):
    with pytest.raises(ConfigError, match=message):
        read("a\tX\n", format=f"columns:{options}")


def test_a_name_that_was_not_given(read):
    with pytest.raises(ConfigError, match="no column 'ner'; columns go by number, .* or get names: .*ner=2"):
        read("a\tX\n").target("ner")


def test_words_that_would_be_something_else():
    with pytest.raises(DataError, match="the word '-DOCSTART-' would be a mark of documents in columns"):
        write_sentence(Sentence(("-DOCSTART-",)), {"tag": ("X",)}, format="columns")
    with pytest.raises(DataError, match="the word 'New York' holds a space"):
        write_sentence(Sentence(("New York",)), {}, format="columns")


@pytest.mark.parametrize("name", ["da_ddt", "zh_gsdsimp"])
def test_universal_ner(shared_data, name):
    reading = read_sentences(str(shared_data / f"other/ner_uner_{name}/{name}-ud-dev.iob2"))
    assert reading.target() == "3"
    tags = {tag.split("-")[0] for s in reading for tag in s.columns.get("3", ())}
    assert tags == {"O", "B", "I"}


def test_lone_tabs_end_sentences(shared_data):
    path = shared_data / "other/ner_wnut17/train.conll"
    sentences = [s for s in read_sentences(str(path)) if s.words]
    assert len(sentences) == 3394
    assert sum(s.lines[-1] == "\t\n" for s in sentences) == 2394


HASHES = "# O\nthe O\n\n# a comment\n# name = O O\ndog X\n# Y\n\n# X\n\n# c\n\n"


def test_a_hash_between_spaces_is_a_word_where_its_tag_is_one(read, rewrite):
    sentences = list(read(HASHES, format="columns"))
    assert [s.words for s in sentences] == [("#", "the"), ("dog", "#"), ("#",), ()]
    assert [s.columns.get("2") for s in sentences] == [("O", "O"), ("X", "Y"), ("X",), None]
    assert rewrite(sentences, "2", "columns", tag=None) == HASHES


def test_a_hash_that_begins_the_file(read):
    for text in ("# N X\na D O\nb D X\n\n", "# N O\n\na D O\nb D X\n\n"):
        assert next(iter(read(text))).words[0] == "#"
    assert next(iter(read("# N Q\na D O\nb D X\n\n"))).words == ("a", "b")
