"""jsonl: tokens and tags, numbers with names, labels; what is changed in place."""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.corpus import ReadOptions, find_targets
from elman.data.formats import read_sentences, write_sentence
from elman.data.formats.class_names import UnnamedTagsError
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError

WORD = st.text(st.characters(codec="utf-8"), min_size=1)
NUMBERS = '{"tokens": ["a", "b"], "ner_tags": [0, 1]}\n'
NAMED = ["O", "B-LOC"]


def parts(reading):
    return [(s.words, s.columns, s.labels) for s in reading]


def test_one_object_a_line():
    sentence = Sentence(("né", '"', "a b"))
    text = write_sentence(sentence, {"tag": ("X", "Y", "Z")}, format="jsonl", confidences=[1, 0.98765, 0.5])
    assert text == '{"tokens": ["né", "\\"", "a b"], "tags": ["X", "Y", "Z"], "confidences": [1.0, 0.9877, 0.5]}\n'


def test_a_key_a_column():
    sentence, tags = Sentence(("a", "b")), {"upos": ("X", "Y"), "tags": ("1", "2")}
    text = write_sentence(sentence, tags, format="jsonl", confidences=[1, 0.5])
    assert text == '{"tokens": ["a", "b"], "upos": ["X", "Y"], "tags": ["1", "2"], "confidences": [1.0, 0.5]}\n'
    for name in ("tokens", "words", "text", "confidences"):
        with pytest.raises(ConfigError, match=f"^jsonl: no column or label can be called '{name}' there; columns and"):
            write_sentence(sentence, {"upos": ("X", "Y"), name: ("1", "2")}, format="jsonl", confidences=[1, 0.5])
        assert '"tags": ["X", "Y"]' in write_sentence(sentence, {name: ("X", "Y")}, format="jsonl")


def test_labels_are_keys_and_a_text_of_labels_alone_is_one():
    sentence = Sentence(("it", "rains"), labels={"label": "weather", "kind": "a|b"})
    assert json.loads(write_sentence(sentence, {"tag": ("X", "Y")}, format="jsonl")) == {
        "tokens": ["it", "rains"],
        "tags": ["X", "Y"],
        "label": "weather",
        "kind": "a|b",
    }
    assert json.loads(write_sentence(sentence, {}, format="jsonl"))["text"] == "it rains"
    with pytest.raises(ConfigError, match="no column or label can be called 'tokens'"):
        write_sentence(replace(sentence, labels={"tokens": "x"}), {}, format="jsonl")
    with pytest.raises(DataError, match="an empty label"):
        write_sentence(replace(sentence, labels={"label": ""}), {}, format="jsonl")
    with pytest.raises(DataError, match="an empty word"):
        write_sentence(Sentence(("",)), {}, format="jsonl")


def test_blank_lines_and_gaps(read, rewrite):
    assert rewrite(read("\n", labelled=False), "tag", "jsonl") == '{"tokens": [], "tags": []}\n'
    assert rewrite(read("# end\n", format="conllu"), "upos", "jsonl") == ""
    text = '\n{"tokens": [], "tags": []}\n\n{"names": ["O"]}\n{"tokens": ["a"], "tags": ["X"]}\n\n'
    assert rewrite(read(text), "tags", "jsonl", tag=None) == text
    assert rewrite(read(text), "tags", "word_tag", tag=None) == "\na_X\n"


@given(st.lists(WORD))
def test_any_word_comes_through(words):
    text = write_sentence(Sentence(tuple(words)), {"tag": ["T"] * len(words)}, format="jsonl")
    assert text.count("\n") == 1
    assert json.loads(text) == {"tokens": words, "tags": ["T"] * len(words)}


@given(st.lists(st.tuples(WORD, st.text(st.characters(codec="utf-8"))), min_size=1), st.sampled_from(["", "\ufeff"]))
def test_what_is_written_is_read(read, pairs, mark):
    words, tags = zip(*pairs, strict=True)
    sentence = Sentence(words, labels={"intent": "x"})
    text = write_sentence(sentence, {"upos": tags, "feats": words}, format="jsonl")
    assert parts(read(mark + text)) == [(words, {"upos": tags, "feats": words}, {"intent": "x"})]


def test_tokens_and_every_list_as_long(read):
    text = (
        '{"id": 7, "words": ["a", "b"], "pos": ["X", "Y"], "tags": ["U", "V"], "short": ["x"], "who": "me", "_v": "n"}'
    )
    assert parts(read(text)) == [(("a", "b"), {"pos": ("X", "Y"), "tags": ("U", "V")}, {"who": "me"})]
    reading = read(text)
    assert (reading.format, reading.target(), reading.target("pos")) == ("jsonl", "tags", "pos")
    assert read('{"tokens": ["a"], "upos": ["X"]}').target() == "upos"


def test_numbers_with_names(read, tmp_path, file):
    expected = [(("a", "b"), {"ner_tags": ("O", "B-LOC")}, {})]
    assert parts(read(NUMBERS, format="jsonl:names=O B-LOC")) == expected
    sidecar = tmp_path / "names.json"
    feature = {"feature": {"names": NAMED, "_type": "ClassLabel"}, "_type": "Sequence"}
    for names in (NAMED, {"id2label": {"0": "O", "1": "B-LOC"}}, {"features": {"ner_tags": feature}}):
        sidecar.write_text(json.dumps(names))
        assert parts(read(NUMBERS, format=f"jsonl:names={sidecar}")) == expected
    other = '{"names": {"ner_tags": ["A", "B"]}}\n'
    assert parts(read(other + NUMBERS, format="jsonl:names=O B-LOC"))[1:] == expected  # what is given counts first
    for first in ({"names": NAMED}, {"names": {"ner_tags": NAMED}}, {"features": {"ner_tags": feature}}):
        assert parts(read(json.dumps(first) + "\n" + NUMBERS))[1:] == expected


def test_names_beside_the_file(tmp_path):
    from elman.data.formats import read_sentences

    (tmp_path / "train.jsonl").write_text(NUMBERS)
    features = {"ner_tags": {"feature": {"names": NAMED}, "_type": "List"}, "tokens": {"_type": "List"}}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": features}))
    reading = read_sentences(str(tmp_path / "train.jsonl"))
    assert reading.target() == "ner_tags"
    assert parts(reading) == [(("a", "b"), {"ner_tags": ("O", "B-LOC")}, {})]


def test_numbers_without_names(read):
    for name in (None, "ner_tags"):
        with pytest.raises(ConfigError, match=r"file: ner_tags is a number without a name; pass --names O,B-LOC,… or"):
            read(NUMBERS).target(name)
    assert parts(read(NUMBERS)) == [(("a", "b"), {}, {})]
    with pytest.raises(DataError, match=r"file:1: label is a number without a name"):
        list(read('{"text": "a", "label": 1}'))
    with pytest.raises(DataError, match=r"file:2: ner_tags: expected a number from 0 to 0, which have names, found 1"):
        list(read('{"names": ["O"]}\n' + NUMBERS))
    assert parts(read('{"text": "a", "label": 1}', format="jsonl:names=bad good")) == [(("a",), {}, {"label": "good"})]


def test_numbers_without_names_are_asked_for_beside_labels_of_texts(read):
    text = "".join(f'{{"tokens": ["a", "b"], "ner_tags": {tags}, "lang": "de"}}\n' for tags in ("[0, 1]", "[1.0, 0.0]"))
    reading = read(text)
    with pytest.raises(
        UnnamedTagsError, match="file: ner_tags is a number without a name; .*; --target lang learns document labels"
    ):
        find_targets(reading, ReadOptions())
    assert find_targets(read(text), ReadOptions(targets=("lang",))).texts == ("lang",)
    assert find_targets(read(text), ReadOptions(task="classify")).texts == ("lang",)
    assert parts(read(text, format="jsonl:names=O B-LOC"))[1][1] == {"ner_tags": ("B-LOC", "O")}
    some = '{"tokens": ["a"], "size": [3], "lang": "de"}\n' + '{"tokens": ["a", "b"], "size": [3], "lang": "de"}\n' * 2
    assert find_targets(read(some), ReadOptions()).texts == ("lang",)  # as long as the tokens by chance


def test_tags_of_a_text_without_tokens_are_asked_for(read):
    text = '{"text": "Ann left", "tags": ["B-PER", "O"], "lang": "de"}\n'
    with pytest.raises(
        UnnamedTagsError, match="file: tags is a list of tags beside a text without tokens; expected tokens"
    ):
        find_targets(read(text), ReadOptions())
    text = '{"text": "Ann left", "tags": ["news", "local"]}\n' + '{"text": "a b c", "tags": ["news"], "lang": "de"}\n'
    assert find_targets(read(text), ReadOptions()).texts == ("lang",)
    with pytest.raises(DataError, match="file:1: tags: expected a list of tags, found them in one text, 'B-PER O'"):
        list(read('{"tokens": ["Ann", "left"], "tags": "B-PER O"}'))


def tokens(*lists, key="labels"):
    return "".join(json.dumps({"tokens": list(words), key: tags}) + "\n" for words, tags in lists)


def test_a_list_that_is_too_short_is_judged_by_the_others(read):
    fine = [("abc", ["X", "Y", "Z"]), ("ab", ["X", "Y"])]
    for key in ("labels", "ner", "slots"):
        for short in (("abcd", ["X", "Y", "Z"]), ("ab", ["X", "Y", "Z"]), ("ab", [])):
            for at in (0, 1, 2):
                text = tokens(*fine[:at], short, *fine[at:], key=key)
                lengths = f"expected a tag for each of {len(short[0])} tokens, found {len(short[1])}"
                with pytest.raises(DataError, match=f"file:{at + 1}: {key}: {lengths}"):
                    list(read(text))


def test_labels_of_a_text_that_are_as_many_as_its_tokens_by_chance(read):
    text = tokens(("ab", ["X", "Y"]), ("abc", ["X"]), ("a", ["X", "Y"]))
    assert parts(read(text)) == [
        (("a", "b"), {}, {"labels": "X|Y"}),
        (("a", "b", "c"), {}, {"labels": "X"}),
        (("a",), {}, {"labels": "X|Y"}),
    ]
    assert find_targets(read(text), ReadOptions()).texts == ("labels",)


@pytest.mark.parametrize(
    ("tags", "found"),
    [(["X", None], "null"), (["X", True], "true"), ([0, None], "null"), ([0, 1.5], "1.5"), (["X", 1], "1")],
)
def test_tags_that_are_none(read, tags, found):
    with pytest.raises(
        DataError, match=f"file:1: tags: expected tags that are texts, .*, found {found} for token 2, 'b'"
    ):
        list(read(tokens(("ab", tags), key="tags"), format="jsonl:names=X Y"))
    text = tokens(("ab", ["X", "Y"]), ("ab", ["X", "Y"]), ("ab", tags), key="slots")
    if isinstance(tags[0], str):
        with pytest.raises(DataError, match=f"file:3: slots: expected tags that are texts, .*, found {found}"):
            list(read(text))


def test_scores_of_words_are_no_tags(read):
    text = tokens(("ab", [1.0, 1.0]), ("ab", [1.0, 0.5]), ("ab", [None, 0.5]), key="confidences")
    assert [s.columns for s in read(text, format="jsonl:names=X Y")] == [{}] * 3
    assert [s.columns for s in read(text)] == [{}] * 3


def test_labels_that_are_true_or_false(read, rewrite):
    text = '{"text": "a b", "label": true}\n{"text": "c", "label": false}\n'
    assert [s.labels for s in read(text)] == [{"label": "true"}, {"label": "false"}]
    assert "".join(write_sentence(s, {}, format="jsonl") for s in read(text)) == text
    assert parts(read('{"text": "a", "label": 1.0}', format="jsonl:names=bad good"))[0][2] == {"label": "good"}


def test_columns_that_are_not_there(read):
    two = '{"tokens": ["a"], "x": ["X"], "y": ["Y"]}'
    with pytest.raises(ConfigError, match="file: which column\\? --target names one; there is: x, y"):
        read(two).target()
    with pytest.raises(ConfigError, match="file: no column 'z'; there is: x, y"):
        read(two).target("z")
    with pytest.raises(ConfigError, match="file: no tags; there are neither lists of tags nor spans"):
        read('{"tokens": ["a"]}').target()
    assert read('{"tokens": ["a"]}', labelled=False).target("z") == "z"
    assert read("[1]\n", format="jsonl").target() == "tags"  # refused when it is read


def test_labels_of_texts(read):
    lines = ['{"text": "it is  fun, really", "label": "pos"}', '{"data": "x", "labels": ["a", "b"], "label": []}']
    assert parts(read("\n".join(lines))) == [
        (("it", "is", "fun,", "really"), {}, {"label": "pos"}),
        (("x",), {"tags": ("O",)}, {"labels": "a|b"}),
    ]
    with pytest.raises(DataError, match=r"file:1: labels: 'a\|b\|c': a label with \|, which joins several"):
        list(read('{"text": "x", "labels": ["a|b", "c"]}'))
    assert parts(read('{"text": "don\'t", "label": "x"}', format="jsonl:words=simple"))[0][0] == ("don", "'", "t")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "x", "text": "y"}', "the key 'text' occurs twice in an object"),
        ('{"meta": {"a": 1, "a": 2}, "text": "y"}', "the key 'a' occurs twice in an object"),
        ('{"text": "x", "p": NaN}', "NaN is no JSON"),
        ('{"text": "x", "p": -Infinity}', "-Infinity is no JSON"),
        ('{"text": "\\ud800"}', r"half a surrogate pair"),
        ('{"text": "x"} x', "no JSON: Extra data at character 15"),
        ("{", "no JSON: .* at character 2; an object that goes on over lines is read by --format json"),
        ('["x"]', r"expected an object {…}, found '\[\"x\"\]'"),
        ('{"p": ' + "[" * 100_000, "JSON with too many objects or lists within each other"),
        ('{"p": ' + "1" * 5_000 + "}", "a number of thousands of digits; fix it or write it as text$"),
        (
            '{"text": "a", "spans": [{"start": "' + "1" * 5_000 + '", "end": 1, "label": "X"}]}',
            "expected a span with a st",
        ),
        (
            '{"text": "a", "spans": [[0, ' + "1" * 4_000 + ', "X"]]}',
            "expected a span with a start, an end and one label",
        ),
        (
            '{"data": {"text": "a"}, "annotations": [{"result": 1}]}',
            "result: expected a list, as Label Studio writes it,",
        ),
        (
            '{"data": {"text": "a"}, "annotations": [{"result": [{"value": {"choices": null}}]}]}',
            "choices: expected a list, as Label Studio writes it, found 'None'",
        ),
        ('{"id": 1}', "expected tokens or text, found id"),
        ("{}", "expected tokens or text, found nothing"),
        ('{"tokens": ["a", ""]}', "token 2 is empty"),
        ('{"tokens": ["a", 1]}', "expected tokens that are texts, or objects with text, start and end, found '1'"),
        ('{"tokens": ["a"], "tags": ["X", "Y"]}', "tags: expected a tag for each of 1 tokens, found 2"),
        ('{"tokens": ["a", "b"], "upos": ["X"]}', "upos: expected a tag for each of 2 tokens, found 1"),
        ('{"text": "a", "answer": "reject"}', "the annotator's answer is reject; to leave such records out, pass"),
    ],
)
def test_refused_with_the_line(read, line, message):
    with pytest.raises(DataError, match=f"file:2: {message}"):
        list(read('{"tokens": ["a"]}\n' + line, format="jsonl"))


def test_written_with_less_of_the_stack_left(read):
    """What was read is changed in place, or refused in one line where the caller is nested deeply."""
    (sentence,) = read('{"tokens": ["a"], "tags": ["X"], "x": ' + "[" * 500 + "]" * 500 + "}\n", format="jsonl")

    def deeper(frames):
        return write_sentence(sentence, {"tags": ["Y"]}, format="jsonl") if not frames else deeper(frames - 1)

    assert '"tags": ["Y"]' in deeper(0)
    frames = sys.getrecursionlimit() - len(inspect.stack()) - 200
    try:
        assert deeper(frames) == deeper(0)
    except DataError as error:
        assert str(error).endswith("file:1: JSON with too many objects or lists within each other")


def test_answers_of_annotators(read):
    text = "".join(f'{{"text": "{word}", "answer": "{word}"}}\n' for word in ("accept", "reject", "ignore"))
    assert [s.words for s in read(text, format="jsonl:answers=accept") if s.words] == [("accept",)]
    assert len([s for s in read(text, format="jsonl:answers=all") if s.words]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("colour=red", "format: jsonl has no option 'colour'; expected spans, words, offsets, names, answers"),
        ("spans=drop", "format: jsonl:spans is refuse or widen, got 'drop'"),
        ("names=there.json", "names: 'there.json' is no file; expected one of JSON, or the names"),
    ],
)
def test_options(read, options, message):
    with pytest.raises(ConfigError, match=message):
        read("", format=f"jsonl:{options}")


LINE = '{ "id":  1.50, "tokens" : ["a", "b"],"tags":["X","Y"], "é": "\\u00e9" }\r\n'


def test_only_what_changes_is_changed(read, rewrite):
    for mark in ("", "\ufeff"):
        assert rewrite(read(mark + LINE), "tags", "jsonl", tag=None) == mark + LINE
        changed = mark + LINE.replace('["X","Y"]', '["T", "T"]')
        assert rewrite(read(mark + LINE), "tags", "jsonl") == changed
    (sentence,) = read(LINE)
    text = write_sentence(
        replace(sentence, labels={"é": "x", "new": "y"}), {"tags": ("X", "Y")}, format="jsonl", confidences=[1, 0.12345]
    )
    end = ', "confidences": [1.0, 0.1235], "new": "y" }\r\n'
    assert text == LINE.replace('"\\u00e9" }\r\n', '"x"' + end)
    text = write_sentence(sentence, {"upos": ("U", "V"), "xpos": ("1", "2")}, format="jsonl")
    assert text == LINE.replace(" }\r\n", ', "upos": ["U", "V"], "xpos": ["1", "2"] }\r\n')


def test_a_text_that_is_tagged_gets_tokens(read):
    (sentence,) = read('{"text": "a b"}', labelled=False)
    text = write_sentence(sentence, {"tags": ("X", "Y")}, format="jsonl")
    assert text == '{"text": "a b", "tokens": ["a", "b"], "tags": ["X", "Y"]}'
    assert parts(read(text)) == [(("a", "b"), {"tags": ("X", "Y")}, {})]


def test_numbers_that_are_written_become_names(read):
    """All of them, so that a file does not come to have some of both."""
    (sentence,) = read(NUMBERS, format="jsonl:names=O B-LOC")
    assert write_sentence(sentence, {}, format="jsonl") == NUMBERS
    text = write_sentence(sentence, {"ner_tags": ("O", "B-LOC")}, format="jsonl")
    assert text == NUMBERS.replace("[0, 1]", '["O", "B-LOC"]')
    text = write_sentence(sentence, {"ner_tags": ("O", "O")}, format="jsonl")
    assert text == NUMBERS.replace("[0, 1]", '["O", "O"]')


def test_labels_in_lists_stay(read):
    line = '{"text": "a", "labels": ["x", "y"]}\n'
    (sentence,) = read(line)
    assert write_sentence(sentence, {}, format="jsonl") == line


def test_the_key_of_the_text_is_an_option(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"names": "x", "text": "other", "body": "good film", "label": "p"}\n', encoding="utf-8")
    for options in ({"format": "jsonl:text=body"}, {"text_column": "body"}):
        (sentence,) = read_sentences(str(path), **options)  # type: ignore[arg-type]
        assert (sentence.words, sentence.labels) == (("good", "film"), {"names": "x", "label": "p"})
    with pytest.raises(DataError, match="a.jsonl:1: no column 'bdy', found names, text, body, label"):
        list(read_sentences(str(path), text_column="bdy"))
