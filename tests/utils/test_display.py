"""Text as it is shown: what is escaped, what stays, how long it may be."""

from __future__ import annotations

import pickle
import unicodedata
import warnings

import pytest

import elman
from elman.errors import ConfigError, DataError, MissingExtraError
from elman.utils.display import MOST, distinct, one_line, shown, visible

ACTING = [*map(chr, [*range(0x20), *range(0x7F, 0xA0)]), *"\u061c\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029"]
ACTING += [*"\u200b\u2060\ufeff\u00ad\ufff9\ue000\U000e0041\ufffe", "\ud800", "\udcff"]


class Unshowable:
    def __repr__(self) -> str:
        raise TypeError


@pytest.mark.parametrize("character", ACTING, ids=lambda c: f"{ord(c):x}")
def test_what_acts_or_is_not_seen_is_escaped(character: str) -> None:
    code = character.encode("unicode_escape").decode()
    assert visible(f"a{character}b") == f"a{code}b"
    assert shown(f"a{character}b") == f"'a{code}b'" == repr(f"a{character}b")
    assert str(DataError(f"a{character}b")) == f"a{code}b"
    assert visible(f"a{character}b", keep=character) == f"a{character}b"


def test_every_control_and_format_character_is_escaped() -> None:
    for number in range(0x110000):
        character = chr(number)
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\u200c\u200d":
            assert visible(character) != character, hex(number)


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",  # Persian
        "क\u200dष क्\u200cष",  # Hindi
        "👩\u200d🚀 ❤\ufe0f\u200d🔥 👋\U0001f3fd",
        "שלום عربي 日本\u3000語",
        "1\u00a0000\u202f€ e\u0301",
        "back\\slash [red][/] $x^2$",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == text
    assert visible(visible(text + "\x1b")) == text + "\\x1b"


def test_joiners_with_nothing_to_join_are_seen() -> None:
    assert visible("pay\u200dpal a\u200c \u200d") == "pay\\u200dpal a\\u200c \\u200d"


def test_values_in_messages() -> None:
    assert shown("it's \\") == '"it\'s \\\\"' == repr("it's \\")
    assert shown("a\u00a0b\u3164می\u200cخ") == "'a\\xa0b\\u3164می\u200cخ'"  # what two words may differ in
    assert distinct("a\u00a0b") == "a\\xa0b"
    assert shown("x" * 1_000_000) == f"'{'x' * 40}…'"
    assert shown(b"\x1b" * 1_000_000).startswith("b'\\x1b") and len(shown(b"\x1b" * 1_000_000)) == 41
    assert shown(1.5) == "1.5" and shown(None) == "None"
    assert shown(10**5000) == "a long value (int)"
    assert shown(Unshowable()) == "a value of type Unshowable"
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert shown(nested) == "a long value (list)"


def test_messages_are_bounded() -> None:
    text = one_line("begin" + "\u202e" * 1_000_000 + "end")
    assert len(text) <= MOST and text.startswith("begin\\u202e") and text.endswith("end") and " … " in text
    assert len(one_line("x" * MOST)) == MOST
    assert len(str(ConfigError("\n" * 1_000_000))) <= MOST


def test_errors_keep_what_programs_need() -> None:
    error = DataError("a\x1b", path="b\n", line=3)
    assert str(error) == "b\\n:3: a\\x1b"
    assert (error.message, error.path, error.line) == ("a\x1b", "b\n", 3)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.line) == (str(error), "b\n", 3)
    assert "pip install '.[plot]' in elman's source folder" in str(MissingExtraError("matplotlib", "plot"))


BYTES = b"\x89\x00\x1b" * 100_000


@pytest.mark.parametrize("given", [BYTES, bytearray(BYTES), 5, None], ids=["bytes", "bytearray", "int", "None"])
def test_what_is_no_path(given: object) -> None:
    with pytest.raises(elman.ModelFileError, match="expected the path of a model file, got ") as error:
        elman.load(given)  # type: ignore[arg-type]
    assert len(str(error.value)) < 120 and repr(given)[:9] in str(error.value)
    for task in (None, "lm", "segment", "lemma", "parse", "pipeline", "regress", "classify"):
        with pytest.raises(elman.DataError, match="expected a path, paths or sentences, got ") as refused:
            elman.train(given, task=task)  # type: ignore[arg-type]
        assert len(str(refused.value)) < 120


def test_a_text_in_place_of_a_path() -> None:
    text = "a/b*c?_N [d\x1b_N\n" * 100_000
    tagger = elman.train([[("a", "X"), ("b", "Y")]], model="frequent", on_warning=lambda _: None)
    calls = (
        lambda: elman.load(text),
        lambda: elman.train(text),
        lambda: tagger.evaluate(text),
        lambda: tagger.save(text),
    )
    for call in calls:
        with pytest.raises(elman.ElmanError) as error:
            call()
        assert len(str(error.value)) <= MOST and "\x1b" not in str(error.value) and "\n" not in str(error.value)
    for words in (text, BYTES, bytearray(BYTES)):
        with pytest.raises(elman.DataError, match="expected a list of words") as refused:
            tagger.tag(words)  # type: ignore[arg-type]
        assert len(str(refused.value)) < 150
        with pytest.raises(elman.DataError, match="each a list of words"):
            list(tagger.pipe(words))  # type: ignore[arg-type]
    with pytest.raises(elman.ModelFileError, match="got bytes"):
        tagger.save(BYTES)  # type: ignore[arg-type]


def test_a_pattern_of_a_thousand_folders() -> None:
    with pytest.raises(elman.DataError, match="no file matches this pattern"):
        elman.train("*/" * 2_000)


@pytest.mark.parametrize("key", ["hidden", "cell", "learning_rate", "no such setting"])
def test_settings_of_a_megabyte(key: str) -> None:
    with pytest.raises(elman.ConfigError) as error:
        elman.train([[("a", "X")]], settings={key: "1\x1b" * 500_000})
    assert len(str(error.value)) < 200 and "\x1b" not in str(error.value)


def test_python_warnings_are_escaped() -> None:
    sentences = [elman.Sentence((f"a{i}", "b"), {"\x1b]0;\x07": ("X", "X")}) for i in range(4)]
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        elman.train(sentences, "50%", model="frequent")
    (text,) = (str(one.message) for one in found)
    assert text.startswith("column \\x1b]0;\\x07: every tag is 'X'")
