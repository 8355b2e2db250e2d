"""Whatever is written reads back as it was, or is refused before anything is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from elman.data.formats import HOLDS, INPUT_FORMATS, open_writer, read_sentences
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.utils.files import OutputFile

BOTH = [name for name in INPUT_FORMATS if name in HOLDS]
ODD = list(" \t\n\r\0_/\\\"',;:#|()[]{}-=<>&+1aé") + [
    "\u3000",
    "\u2028",
    "\u0085",
    "\x0b",
    "\x0c",
    "\xa0",
    "\u200b",
    "日",
]
WHOLE = ["__label__", "-DOCSTART-", "# text = a", "1-2", "1", "\\N", "null", "word", "ROOT", "", "\U0001f600"]
TEXT = st.one_of(
    st.text(st.sampled_from(ODD), max_size=4), st.sampled_from(WHOLE), st.text("ab", min_size=1, max_size=3)
)
NAMES = ["label", "intent"]
PACKAGES = {"parquet": "pyarrow", "spacy": "spacy"}


@st.composite
def files(draw, name):
    """Sentences that a format may hold: with as many columns and labels as it can."""
    many_columns = draw(st.integers(0, min(2, HOLDS[name].columns)))
    many_labels = draw(st.integers(0, min(2, HOLDS[name].labels)))
    if name in ("csv", "tsv") and many_columns:
        many_labels = 0
    sentences = []
    for _ in range(draw(st.integers(1, 3))):
        words = draw(st.lists(TEXT, min_size=1, max_size=4))
        columns = {
            ["upos", "feats"][i]: tuple(draw(st.lists(TEXT, min_size=len(words), max_size=len(words))))
            for i in range(many_columns)
        }
        labels = {label: draw(TEXT) for label in NAMES[:many_labels]}
        sentences.append(Sentence(tuple(words), columns, labels=labels))
    return sentences


def written(path, name, sentences):
    columns, labels = tuple(sentences[0].columns), tuple(sentences[0].labels)
    writer = open_writer(name, columns, labels)
    with OutputFile(str(path), plain=True) as out:
        for sentence in sentences:
            out.write(writer.add(sentence, sentence.columns))
        out.write(writer.finish())


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("packed", ["", ".gz"])
@settings(max_examples=settings.default.max_examples * 3 // 2)
@given(data=st.data())
def test_any_words(tmp_path_factory, name, packed, data):
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name], reason=f"{PACKAGES[name]} is not installed")
    sentences = data.draw(files(name))
    path = tmp_path_factory.getbasetemp() / f"round-trip{packed}"
    path.unlink(missing_ok=True)
    try:
        written(path, name, sentences)
    except (DataError, ConfigError):
        assert not path.exists()
        return
    # column 1 might count the words: 1, 2, 3
    format = "columns:word=1" if name == "columns" else name
    back = [s for s in read_sentences(str(path), format=format, labelled=bool(sentences[0].columns)) if s.words]
    assert [s.words for s in back] == [s.words for s in sentences]
    for found, made in zip(back, sentences, strict=True):
        keys = {"columns": ["2", "3"], "word_tag": ["tag"], "trees": ["tag"]}.get(name, list(made.columns))
        if name in ("jsonl", "parquet") and len(keys) == 1:
            keys = list(found.columns)
        if name == "spacy":  # tags that are no universal parts of speech are read as xpos
            assert set(made.columns.values()) <= set(found.columns.values())
            keys = []
        assert [found.columns[key] for key, _ in zip(keys, made.columns, strict=False)] == list(made.columns.values())[
            : len(keys)
        ]
        assert {k: v for k, v in found.labels.items() if k in NAMES} == {k: v for k, v in made.labels.items() if v}


@pytest.mark.parametrize("name", [name for name in BOTH if name not in ("text", "label_text", "fasttext")])
def test_words_that_are_hard_for_others(tmp_path, name):
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name], reason=f"{PACKAGES[name]} is not installed")
    words = ["New York", "a_b", "and/or", "\u3000", "a\u2028b", '"', "it's", "''"]
    for word in words:
        sentence = Sentence(("a", word), {"tag": ("X", "Y")}, path="gold", line=7)
        path = tmp_path / "file"
        try:
            written(path, name, [sentence])
        except DataError as error:
            if name == "spacy" and word.isspace():
                continue
            assert " " in word and "gold:7: the word 'New York' holds a space, which" in str(error)
            continue
        (back,) = (s for s in read_sentences(str(path), format=name) if s.words)
        assert back.words == ("a", word)
