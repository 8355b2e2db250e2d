"""The words of fields, by the tags of spans and by plain ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import elman
from elman.data.fields import AROUND, field_names, fields_of
from elman.data.formats import read_sentences

pytestmark = pytest.mark.filterwarnings("ignore:no dev set")

USADDRESS = [
    ("123", "AddressNumber"),
    ("Main", "StreetName"),
    ("St.", "StreetNamePostType"),
    ("Suite", "OccupancyType"),
    ("100", "OccupancyIdentifier"),
    ("Chicago,", "PlaceName"),
    ("IL", "StateName"),
]
PERSON = [
    ("Mr", "PrefixMarital"),
    ("George", "GivenName"),
    ('"Gob"', "Nickname"),
    ("Bluth", "Surname"),
    ("II", "SuffixGenerational"),
]
COMPANY = [("Sitwell", "CorporationName"), ("Housing", "CorporationName"), ("Inc", "CorporationLegalType")]


def test_the_examples_of_usaddress_and_probablepeople() -> None:
    """What ``usaddress.tag`` and ``probablepeople.tag`` return for the examples of their READMEs, given their tags."""
    assert fields_of(USADDRESS) == {
        "AddressNumber": "123",
        "StreetName": "Main",
        "StreetNamePostType": "St.",
        "OccupancyType": "Suite",
        "OccupancyIdentifier": "100",
        "PlaceName": "Chicago",
        "StateName": "IL",
    }
    assert fields_of(PERSON) == {tag: word for word, tag in PERSON}
    assert fields_of(COMPANY) == {"CorporationName": "Sitwell Housing", "CorporationLegalType": "Inc"}


def test_tags_of_spans() -> None:
    tags = ["B-road", "I-road", "O", "S-city", "_", "B-road", "E-road"]
    found = fields_of(zip("Station Road , York ? Low Lane".split(), tags, strict=True))
    assert found == {"road": "Station Road Low Lane", "city": "York"}
    assert field_names(["O", "_", "B-road", "I-road", "S-city", "Zip"]) == ("road", "city", "Zip")


WORD = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=5)
TAG = st.sampled_from(["O", "_", "B-road", "I-road", "B-city", "E-city", "Zip"])


@given(st.lists(st.tuples(WORD, TAG), max_size=12))
def test_every_word_with_a_tag_is_in_its_field(tagged: list[tuple[str, str]]) -> None:
    found = fields_of(tagged)
    assert set(found) == set(field_names(tag for _, tag in tagged))
    for name, text in found.items():
        words = [word for word, tag in tagged if field_names([tag]) == (name,)]
        assert text == " ".join(words).strip(AROUND)


def test_rows_wholly_right_are_sentences_wholly_right(shared_data: Path) -> None:
    """Of real addresses as many are right as fields as by their tags: fields lose nothing that counts."""
    folder = shared_data / "other/addr_usaddress"
    tagger = elman.train(folder / "train.tsv", model="hmm", format="columns", on_warning=lambda _: None)
    for name, expected in (("test.tsv", 146), ("test_us50.tsv", 687)):
        reading = read_sentences(str(folder / name), format="columns")
        target = reading.target()
        sentences = [sentence for sentence in reading if sentence.words]
        right = 0
        for sentence, tags in zip(sentences, tagger.predict(sentences), strict=True):
            gold = fields_of(zip(sentence.words, sentence.columns[target], strict=True))
            right += fields_of(zip(sentence.words, tags, strict=True)) == gold
        scores = tagger.evaluate(folder / name, format="columns")
        assert (len(sentences), right) == (expected, scores.sentences_correct)
        assert right > 0


@pytest.mark.parametrize("text", ["the dog", ["the", "dog"]])
def test_fields_of_a_text(text: object) -> None:
    tagger = elman.train([[("the", "D"), ("dog", "B-N"), ("barks", "I-N")]], model="frequent")
    assert tagger.fields(text) == {"D": "the", "N": "dog"}  # type: ignore[attr-defined]
