"""What the front door takes for labelled sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman.data.corpus import ReadOptions, TargetKeys, iter_labelled, read_corpus
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

WORD_TAG = "the_D dog_N barks_V\n\na_D cat_N\n"
COLUMNS = "the\tx\tD\ndog\ty\tN\n\n"
CONLLU = (
    "# sent_id = 1\n1\tthe\t_\tDET\tD\t_\t2\tdet\t_\t_\n2\tdog\t_\tNOUN\tN\t_\t0\troot\t_\t_\n\n"
    "1\tcats\t_\tNOUN\tN\t_\t0\troot\t_\t_\n\n"
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {"word_tag": WORD_TAG, "columns": COLUMNS, "conllu": CONLLU}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return {name: tmp_path / name for name in texts}


def rows(data: Any, how: ReadOptions | None = None) -> list[tuple[str, str]]:
    corpus = read_corpus(data, how or ReadOptions())
    return [(" ".join(s.words), " ".join(s.columns[corpus.targets[0]])) for s in corpus.sentences]


def test_a_path(files: dict[str, Path]) -> None:
    corpus = read_corpus(files["word_tag"], ReadOptions(format="word_tag"))
    assert [s.words for s in corpus.sentences] == [("the", "dog", "barks"), ("a", "cat")]
    assert corpus.format == "word_tag"
    assert len(corpus.notes) == 1
    assert corpus.notes[0].startswith(f"{files['word_tag']} read as word_tag, tags in column {corpus.targets[0]}: ")


def test_a_path_as_text(files: dict[str, Path]) -> None:
    assert rows(str(files["columns"])) == [("the dog", "D N")]


def test_a_column_by_name(files: dict[str, Path]) -> None:
    assert rows(files["conllu"]) == [("the dog", "DET NOUN"), ("cats", "NOUN")]
    assert rows(files["conllu"], ReadOptions(("xpos",))) == [("the dog", "D N"), ("cats", "N")]
    with pytest.raises(ConfigError):
        rows(files["conllu"], ReadOptions(("no such column",)))


def test_the_usual_column_in_the_usual_format(files: dict[str, Path]) -> None:
    assert rows(files["columns"], ReadOptions(model_default=("columns", "2"))) == [("the dog", "x y")]
    assert rows(files["columns"], ReadOptions(model_default=("conllu", "2"))) == [("the dog", "D N")]
    assert rows(files["columns"], ReadOptions(("3",), model_default=("columns", "2"))) == [("the dog", "D N")]


def test_several_files_of_several_formats(files: dict[str, Path]) -> None:
    corpus = read_corpus([files["conllu"], files["columns"]], ReadOptions())
    assert corpus.targets == ("upos",)
    assert [s.columns["upos"] for s in corpus.sentences] == [("DET", "NOUN"), ("NOUN",), ("D", "N")]
    assert len(corpus.notes) == 2


def test_several_columns(files: dict[str, Path]) -> None:
    corpus = read_corpus([files["conllu"]], ReadOptions(("xpos", "upos")))
    assert corpus.targets == ("xpos", "upos")
    assert "tags in columns xpos, upos: " in corpus.notes[0]
    other = read_corpus(files["columns"], ReadOptions(("2", "3")), keys=corpus.keys)
    assert other.sentences[0].columns == {"xpos": ("x", "y"), "upos": ("D", "N")}
    one = Sentence(("a",), {"pos": ("X",), "ner": ("O",)})
    assert read_corpus([one], ReadOptions(("ner", "pos"))).targets == ("ner", "pos")
    with pytest.raises(ConfigError, match="^target: column pos is named twice; name each column once$"):
        read_corpus([one], ReadOptions(("pos", "pos")))


def test_columns_called_as_told(files: dict[str, Path]) -> None:
    corpus = read_corpus(files["columns"], ReadOptions(), keys=TargetKeys(("upos",)))
    assert corpus.targets == ("upos",)
    assert corpus.sentences[0].columns["upos"] == ("D", "N")


def test_pairs() -> None:
    data = [[("the", "D"), ("dog", "N")], [], (("cats", "N"),)]
    assert rows(data) == [("the dog", "D N"), ("cats", "N")]
    corpus = read_corpus(iter(data), ReadOptions())
    assert (corpus.targets, corpus.format, corpus.notes) == (("tag",), "", [])
    assert rows([["ab", "cd"], [["ab", "X"]]][1:]) == [("ab", "X")]


def test_sentences() -> None:
    one = Sentence(("a",), {"pos": ("X",), "ner": ("O",)}, "f", 3, format="conllu")
    assert rows([one], ReadOptions(("ner",))) == [("a", "O")]
    assert rows([one], ReadOptions(model_default=("", "pos"))) == [("a", "X")]
    assert read_corpus([one], ReadOptions(("pos",))).format == "conllu"
    with pytest.raises(ConfigError, match="^f:3: which label column.*pos, ner"):
        rows([one])
    with pytest.raises(ConfigError, match="^f:3: no label column 'x'; there is: pos, ner"):
        rows([one], ReadOptions(("x",)))
    with pytest.raises(ConfigError, match="^sentence 1: which label column.*none"):
        rows([Sentence(("a",))])


@pytest.mark.parametrize(
    "item", ["the dog", ["ab", "cd"], [("a", "b", "c")], [3], 3, None, [("a",)], [{"word": "a"}, 1.0], "x" * 1000]
)
def test_no_sentence(item: Any) -> None:
    with pytest.raises(DataError, match="^sentence 2: expected a Sentence or a list of") as caught:
        rows([[("a", "A")], item])
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("pair", [("a", 1), (1, "A"), (None, None), (b"a", "A")])
def test_words_and_tags_are_texts(pair: Any) -> None:
    with pytest.raises(DataError, match="^sentence 1: expected words and tags that are texts"):
        rows([[pair]])


def test_half_a_surrogate_pair() -> None:
    with pytest.raises(DataError, match="^sentence 1: a word or tag is not valid Unicode"):
        rows([[("\ud800", "A")]])


def test_too_few_tags() -> None:
    with pytest.raises(DataError, match="^sentence 1: expected a tag for each of 2 words, got 1"):
        rows([Sentence(("a", "b"), {"tag": ("A",)})])


@pytest.mark.parametrize(
    ("data", "message"),
    [([], "^the sentences: is empty"), (iter([]), "is empty"), ([[], []], "no sentences, only blank")],
)
def test_nothing(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_corpus(data, ReadOptions())


def test_one_file_of_several_is_blank(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "blank").write_text("\n\n", encoding="utf-8")
    with pytest.raises(DataError, match="blank: no sentences, only blank lines"):
        rows([files["word_tag"], tmp_path / "blank"], ReadOptions(format="word_tag"))
    (tmp_path / "empty").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="empty"):
        rows([tmp_path / "empty"])


def test_one_by_one() -> None:
    def endless() -> Any:
        while True:
            yield [("a", "A")]

    sentence, key = next(iter_labelled(endless(), ReadOptions()))
    assert (sentence.words, key) == (("a",), TargetKeys(("tag",)))


def test_nothing_to_compare_with() -> None:
    unlabelled = [[("a", "_"), ("b", "_")]]
    assert read_corpus(unlabelled, ReadOptions()).targets == ("tag",)
    with pytest.raises(DataError, match="column tag holds nothing but _, which is no tag; expected gold tags"):
        read_corpus(unlabelled, ReadOptions(), keys=TargetKeys(("tag",)))
