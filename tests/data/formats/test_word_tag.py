"""word_tag: tokens split at the last underscore."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import write_sentence
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError


def test_split_at_the_last_underscore(read):
    (sentence,) = read("and\\/or_CC -LRB-_-LRB- snake_case_NN __: #_#\n")
    assert sentence.words == ("and\\/or", "-LRB-", "snake_case", "_", "#")
    assert sentence.columns == {"tag": ("CC", "-LRB-", "NN", ":", "#")}


@pytest.mark.parametrize(
    ("token", "problem"), [("plain", "no underscore"), ("_NN", "no word"), ("word_", "no tag"), ("_", "no tag")]
)
def test_a_token_without_word_or_tag_is_refused(read, token, problem):
    reading = read(f"a_X\nb_Y {token} c_Z\n")
    with pytest.raises(DataError, match=rf"file:2: expected word_TAG, found '{token}': {problem}$"):
        list(reading)


def test_a_huge_token_makes_a_short_message(read):
    with pytest.raises(DataError) as caught:
        list(read("a_b " + "x" * 10_000 + "\n"))
    assert len(str(caught.value).split("file:1")[1]) < 120


@pytest.mark.parametrize("text", ["a_X  b_Y \r\n\r\n c_Z", "\ufeffa_X\n", "a\u3000_X\u2028_Y b\tc_Z\n", "a_b_X\n\n"])
def test_all_but_the_tags_stays(read, rewrite, text):
    assert rewrite(read(text, format="word_tag"), "tag", "word_tag", tag=None) == text
    changed = rewrite(read(text, format="word_tag"), "tag", "word_tag", tag="NEW")
    assert [s.words for s in read(changed, format="word_tag")] == [s.words for s in read(text, format="word_tag")]
    assert {tag for s in read(changed, format="word_tag") for tag in s.columns.get("tag", ())} == {"NEW"}


def test_target(read):
    reading = read("a_X\n")
    assert reading.target() == reading.target("TAG") == "tag"
    with pytest.raises(ConfigError, match="no column 'upos'; word_tag has one, tag"):
        reading.target("upos")


def test_written_from_another_format(read):
    assert write_sentence(Sentence(("a", "b")), {"upos": ("X", "Y")}, format="word_tag") == "a_X b_Y\n"
    assert write_sentence(Sentence(()), {"upos": ()}, format="word_tag") == "\n"
    gaps = list(read("# only a comment\n\n", format="columns"))
    assert write_sentence(gaps[0], {"2": ()}, format="word_tag") == ""


@pytest.mark.parametrize(
    ("word", "tag", "message"),
    [
        ("New York", "X", "file:7: the word 'New York' holds a space, which word_tag cannot"),
        ("a\nb", "X", "holds a line end"),
        ("", "X", "an empty word"),
        ("a", "B_LOC", "the tag 'B_LOC' holds an underscore, which word_tag cannot; try --as columns$"),
        ("a", "B LOC", "the tag 'B LOC' holds a space"),
        ("a", "", "an empty tag"),
    ],
)
def test_what_it_cannot_hold_is_refused(word, tag, message):
    sentence = Sentence(("fine", word), path="file", line=5, rows=(1, 2))
    with pytest.raises(DataError, match=message):
        write_sentence(sentence, {"tag": ("T", tag)}, format="word_tag")


def test_a_sentence_made_in_python_has_no_line():
    with pytest.raises(DataError, match=r"^the word 'a b' holds a space"):
        write_sentence(Sentence(("a b",)), {"tag": ("T",)}, format="word_tag")
    with pytest.raises(DataError, match=r"^file:3: the word"):
        write_sentence(Sentence(("a b",), path="file", line=3), {"tag": ("T",)}, format="word_tag")


def test_one_column_and_no_confidences():
    sentence = Sentence(("a",))
    with pytest.raises(ConfigError, match="word_tag holds one tag a word, got 2 columns"):
        write_sentence(sentence, {"upos": ("X",), "xpos": ("Y",)}, format="word_tag")
    with pytest.raises(ConfigError, match="word_tag cannot hold confidences; columns, conllu, jsonl.* can"):
        write_sentence(sentence, {"tag": ("X",)}, format="word_tag", confidences=[1.0])


CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0 \n\r\ufeff")
WORDS = st.text(CHARACTERS, min_size=1).filter(lambda word: bool(word.strip("\t")))
TAGS = st.text(st.characters(codec="utf-8", exclude_characters="\0 \n\r_"), min_size=1)


@given(st.lists(st.lists(st.tuples(WORDS, TAGS), min_size=1)))
def test_round_trip(read, rewrite, sentences):
    made = [Sentence(tuple(w for w, _ in s), {"tag": tuple(t for _, t in s)}) for s in sentences]
    text = rewrite(made, "tag", "word_tag", tag=None)
    back = list(read(text, format="word_tag"))
    assert [(s.words, s.columns) for s in back] == [(s.words, s.columns) for s in made]
    assert rewrite(back, "tag", "word_tag", tag=None) == text


def test_english_wikipedia(read, rewrite, shared_data):
    data = (shared_data / "tutorial/data/wiki-en-train.norm_pos").read_bytes()
    reading = read(data)
    assert reading.format == "word_tag"
    sentences = list(reading)
    assert (len(sentences), sum(map(len, sentences))) == (1301, 34541)
    assert any("and\\/or" in s.words for s in sentences)
    assert rewrite(sentences, "tag", "word_tag", tag=None).encode() == data


def test_japanese_wikipedia_has_an_ideographic_space_for_a_word(read, rewrite, shared_data):
    data = (shared_data / "tutorial/data/wiki-ja-train.word_pos").read_bytes()
    sentences = list(read(data))
    assert sum(map(len, sentences)) == 18701
    assert any("\u3000" in s.words for s in sentences)
    assert rewrite(sentences, "tag", "word_tag", tag=None).encode() == data


SLASH = "\n\tThe/at  dog/nn\tbarks/vbz ./. \r\n\n1/2/cd and/or/cc x_y/nn"


def test_another_separator(read, rewrite):
    reading = read(SLASH, format="word_tag:separator=/")
    assert reading.format == "word_tag:separator=/"
    sentences = list(reading)
    assert [s.words for s in sentences] == [(), ("The", "dog", "barks", "."), (), ("1/2", "and/or", "x_y")]
    assert [s.columns.get("tag") for s in sentences[1::2]] == [("at", "nn", "vbz", "."), ("cd", "cc", "nn")]
    assert rewrite(sentences, "tag", "word_tag:separator=/", tag=None) == SLASH
    changed = rewrite(sentences, "tag", "word_tag:separator=/", tag="X")
    assert changed == "\n\tThe/X  dog/X\tbarks/X ./X \r\n\n1/2/X and/or/X x_y/X"


def test_written_with_another_separator(read):
    sentence = Sentence(("a/b", "c"))
    assert write_sentence(sentence, {"tag": ("B_X", "Y")}, format="word_tag:separator=/") == "a/b/B_X c/Y\n"
    (text,) = read("a  b\r\n", labelled=False)
    assert write_sentence(text, {"tag": ("X", "Y")}, format="word_tag:separator=|") == "a|X  b|Y\r\n"
    (marked,) = read("\ufeffa b\n", labelled=False)
    assert write_sentence(marked, {"tag": ("X", "Y")}, format="word_tag:separator=/") == "\ufeffa/X b/Y\n"


@pytest.mark.parametrize(
    ("word", "tag", "message"),
    [
        ("a", "X/Y", "the tag 'X/Y' holds a slash, which word_tag:separator=/ cannot; try --as columns"),
        ("a b", "X", "the word 'a b' holds a space"),
        ("a\tb", "X", r"the word 'a\\tb' holds a tab"),
        ("a", "X\tY", "holds a tab"),
    ],
)
def test_what_another_separator_cannot_hold(word, tag, message):
    with pytest.raises(DataError, match=message):
        write_sentence(Sentence((word,), line=3), {"tag": (tag,)}, format="word_tag:separator=/")
    tabs = Sentence(("a\tb",), lines=("a\tb\n",), line=1, format="text")
    with pytest.raises(DataError, match="holds a tab"):
        write_sentence(tabs, {"tag": ("X",)}, format="word_tag:separator=/")


@pytest.mark.parametrize(("token", "problem"), [("a", "no /"), ("/a", "no word"), ("a/", "no tag")])
def test_a_token_without_word_or_tag_of_another_separator(read, token, problem):
    with pytest.raises(DataError, match=f"file:2: expected word/TAG, found '{token}': {problem}$"):
        list(read(f"a/X\nb/Y {token}\n", format="word_tag:separator=/"))


@pytest.mark.parametrize("options", ["separator=", "separator=ab", "separator=x", "separator=\t", "mark=/"])
def test_what_is_no_separator(read, options):
    with pytest.raises(ConfigError, match="^format: "):
        read("", format=f"word_tag:{options}")
    assert read("a_X\n", format="word_tag:separator=_").format == "word_tag"


SLASHED = st.text(st.characters(codec="utf-8", exclude_characters="\0 \t\n\r\ufeff"), min_size=1)


@given(st.lists(st.lists(st.tuples(SLASHED, SLASHED.filter(lambda tag: "/" not in tag)), min_size=1)))
def test_round_trip_of_another_separator(read, rewrite, sentences):
    made = [Sentence(tuple(w for w, _ in s), {"tag": tuple(t for _, t in s)}) for s in sentences]
    text = rewrite(made, "tag", "word_tag:separator=/", tag=None)
    back = list(read(text, format="word_tag:separator=/"))
    assert [(s.words, s.columns) for s in back] == [(s.words, s.columns) for s in made]
    assert rewrite(back, "tag", "word_tag:separator=/", tag=None) == text
