"""Schemes in which tags mark spans: IO, IOB1, IOB2 (BIO), IOE1, IOE2, BIOES, BILOU, BMES; found out, converted.

A tag is a letter and a type, B-type, or a letter alone; O stands outside. What the letters mean:

    io      I every word of a span; two spans of a type that touch are one
    iob1    I; B for a first word right after a span of the same type (Ramshaw and Marcus 1995; CoNLL-2003)
    iob2    B the first word, I the others (CoNLL-2002)
    ioe1    I; E for a last word right before a span of the same type
    ioe2    E the last word, I the others
    bioes   B the first word, I those inside, E the last, S a span of one word
    bilou   the same with L for E and U for S
    bmes    the same with M for I, as Chinese corpora have it

A tag with a dash and no type behind it (B-) breaks every scheme.
After Tjong Kim Sang and Veenstra (1999). They are read by ``spans``, which is right for whatever is legal in any.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from elman.data.scores import check_sentence
from elman.data.sentence import Sentence, error_at
from elman.data.spans import OUTSIDE, Span, find_spans
from elman.errors import ConfigError
from elman.utils.display import shown

NO_SCHEME = "none"
LETTERS = {
    "iob2": "BI",
    "bioes": "BIES",
    "bilou": "BILU",
    "io": "I",
    "iob1": "BI",
    "ioe2": "IE",
    "ioe1": "IE",
    "bmes": "BMES",
}
"""Schemes and their letters; of two that fit a text alike the first is taken."""
_PLACES = {"bioes": ("B", "I", "E", "S"), "bilou": ("B", "I", "L", "U"), "bmes": ("B", "M", "E", "S")}
"""The first word, one inside, the last, the only one."""
SCHEMES = ("io", "iob1", "iob2", "ioe1", "ioe2", "bioes", "bilou", "bmes")
_ALIASES = {"bio": "iob2", "iob": "iob1", "ioe": "ioe2", "iobes": "bioes", "bilu": "bilou", "bioul": "bilou"}
_ANY_LETTER = frozenset("BIESLUM")
_LIKE_OUTSIDE = frozenset("0o-_*")
"""What is written for O, on purpose or not."""
SPAN_TAG = re.compile(r"[BIESLUM](-.|$)", re.DOTALL)
"""How a tag begins that marks a span, whatever the scheme; one with a dash has a type."""
_MOSTLY = 0.9
_MOST_SAID = 3


class SchemeViolation(NamedTuple):
    """A place in a text where its tags break the rules; ``before`` or ``after`` is "" at the end of a sentence."""

    sentence: int  # both from 0
    word: int
    before: str
    after: str
    scheme: str

    def __str__(self) -> str:
        return f"word {self.word + 1}: {self.what}"

    @property
    def what(self) -> str:
        """The two tags that may not follow each other, in words."""
        what = f"{self.after} after {self.before}"
        if not self.before:
            what = f"{self.after} at the beginning of a sentence"
        elif not self.after:
            what = f"{self.before} at the end of a sentence"
        what += " is no " + self.scheme.upper()
        return f"{what}: it has no type" if is_without_type(self.after) else what


@dataclass(frozen=True, slots=True)
class SchemeDetection:
    """The scheme of some sentences, ``none`` where their tags do not mark spans (or all are O)."""

    scheme: str
    also: tuple[str, ...] = ()
    """Others that fit as well; the spans are the same in them."""
    breaks: int = 0
    """Pairs of neighbouring tags that the scheme does not allow."""

    def __str__(self) -> str:
        if self.scheme == NO_SCHEME:
            return "no scheme of spans"
        text = self.scheme.upper()
        if self.also:
            text += f" (or {', '.join(self.also).upper()}: the same spans here)"
        return text if not self.breaks else f"{text}, broken {self.breaks:,} time{'s' * (self.breaks > 1)}"


class SchemeDetector:
    """Finds out the scheme of sentences given one by one, in memory that grows with the number of tags only."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()

    def add(self, tags: Sequence[str]) -> None:
        """Look at the tags of a sentence; none of them is empty. Raises DataError for what is no sentence."""
        check_sentence(tags)
        if tags:
            self._pairs.update(pairwise(["", *tags, ""]))

    def found(self) -> SchemeDetection:
        """The scheme with the fewest breaks so far. Only I is called IO, since IOB1 and IOE1 read the same there."""
        counts: Counter[str] = Counter()
        for (_, tag), count in self._pairs.items():
            counts[tag] += count
        if not mark_spans(counts):
            return SchemeDetection(NO_SCHEME)
        with_m = any(split_tag(tag)[0] == "M" for tag in counts)  # else it is BIOES
        broken = {scheme: self.breaks(scheme) for scheme in LETTERS if scheme != "bmes" or with_m}
        best = min(broken, key=lambda scheme: broken[scheme])
        also = tuple(scheme for scheme in broken if scheme != best and not broken[scheme]) if not broken[best] else ()
        return SchemeDetection(best, also, broken[best])

    def breaks(self, scheme: str) -> int:
        """How many pairs of neighbouring tags so far the scheme does not allow."""
        return sum(count for pair, count in self._pairs.items() if not _fits(*pair, scheme))


def detect_scheme(sentences: Iterable[Sequence[str]]) -> SchemeDetection:
    """The scheme of the tags of many sentences; see ``SchemeDetector``."""
    detector = SchemeDetector()
    for tags in sentences:
        detector.add(tags)
    return detector.found()


def mark_spans(counts: Mapping[str, int]) -> bool:
    """Whether tags, given with how many words have them, mark spans.

    At least nine words in ten that are not O have a tag of B, I, E, S, L, U or M, with a dash behind it or nothing.
    """
    inside = sum(count for tag, count in counts.items() if tag not in ("", OUTSIDE))
    return 0 < inside * _MOSTLY <= sum(count for tag, count in counts.items() if split_tag(tag)[0] in _ANY_LETTER)


def stray_tags(counts: Mapping[str, int]) -> list[str]:
    """The few tags that mark no spans, while the others do, the most frequent first; none where all or hardly any do.

    They are on at most a tenth of the words that are not O, look like an O, or have a letter and a dash without a type.
    """
    others = [tag for tag in counts if tag not in ("", OUTSIDE) and not SPAN_TAG.match(tag)]
    with_dash = any("-" in tag and split_tag(tag)[0] in _ANY_LETTER for tag in counts)  # a letter alone may be anything
    if not with_dash or not (mark_spans(counts) or _LIKE_OUTSIDE.issuperset(others)):
        return []
    return sorted(others, key=lambda tag: (-counts[tag], tag))


def describe_strays(odd: Sequence[str], counts: Mapping[str, int]) -> str:
    """What is wrong with tags that ``strays`` has found, in words."""
    some = ", ".join(f"{shown(tag)} ({counts[tag]:,} word{'s' * (counts[tag] != 1)})" for tag in odd[:_MOST_SAID])
    more = f" and {len(odd) - _MOST_SAID:,} more" if len(odd) > _MOST_SAID else ""
    one = len(odd) == 1
    return f"the tag{'s' * (not one)} {some}{more} mark{'s' * one} no span, while the others do"


def is_without_type(tag: str) -> bool:
    """Whether a tag begins like one of a span with a type, and has none: ``B-``."""
    return len(tag) == 2 and tag[1] == "-" and tag[0] in _ANY_LETTER


def scheme_by_name(name: str) -> str:
    """The scheme of that name in any case; BIO is IOB2, IOB is IOB1, IOE is IOE2. Raises ConfigError for no scheme."""
    lower = name.lower()
    scheme = _ALIASES.get(lower, lower)
    if scheme not in SCHEMES:
        raise ConfigError(f"scheme: {shown(name)} does not exist; expected {', '.join(SCHEMES)}")
    return scheme


def split_tag(tag: str) -> tuple[str, str]:
    """(letter, type) of a tag; O and whatever else has no dash: itself and no type."""
    letter, _, type = tag.partition("-")
    return letter, type


def may_follow(before: str, after: str, scheme: str) -> bool:
    """Whether a tag may follow another; "" is the beginning or the end of a sentence. A foreign letter never may."""
    last, of = split_tag(before or OUTSIDE)
    letter, type = split_tag(after or OUTSIDE)
    if letter != OUTSIDE and letter not in tuple(LETTERS[scheme]):
        return False
    joined = OUTSIDE not in (last, letter) and of == type
    match scheme:
        case "io":
            return True
        case "iob1":
            return letter != "B" or joined
        case "iob2":
            return letter != "I" or joined
        case "ioe1":
            return last != "E" or joined
        case "ioe2":
            return last != "I" or joined
    begun = last in ("B", "I", "M")
    return begun and joined if letter in ("I", "M", "E", "L") else not begun


def _fits(before: str, after: str, scheme: str) -> bool:
    return may_follow(before, after, scheme) and not is_without_type(after)


def find_violations(
    sentences: Iterable[Sequence[str]], scheme: str, *, typed: bool = True
) -> Iterator[SchemeViolation]:
    """Every place where the tags of some sentences break the rules, in order; ``typed``: a tag without a type does."""
    known: dict[tuple[str, str], bool] = {}
    fits = _fits if typed else may_follow
    for i, tags in enumerate(sentences):
        if tags:
            for word, pair in enumerate(pairwise(["", *tags, ""])):
                fine = known.get(pair)
                if fine is None:
                    fine = known[pair] = fits(*pair, scheme)
                if not fine:
                    yield SchemeViolation(i, min(word, len(tags) - 1), *pair, scheme)


def write_tags(found: Sequence[Span], length: int, scheme: str) -> tuple[str, ...]:
    """The tags of a sentence of ``length`` words with these spans, which are in order and do not overlap."""
    tags = [OUTSIDE] * length
    for i, span in enumerate(found):
        first, middle, last, single = _PLACES.get(scheme, ("I",) * 4)
        if scheme == "iob2" or (scheme == "iob1" and i and _touch(found[i - 1], span)):
            first = single = "B"
        elif scheme == "ioe2" or (scheme == "ioe1" and i + 1 < len(found) and _touch(span, found[i + 1])):
            last = single = "E"
        n_words = span.end - span.start
        letters = single if n_words == 1 else first + middle * (n_words - 2) + last
        tags[span.start : span.end] = [f"{letter}-{span.type}" if span.type else letter for letter in letters]
    return tuple(tags)


def convert_tags(
    sentence: Sentence, column: str, source: str, target: str, *, lenient: bool = False
) -> tuple[str, ...]:
    """The tags of a sentence's column, which are in ``source``, in another scheme. Both are of ``SCHEMES``.

    ``lenient``: tags that break the rules of ``source`` are read as conlleval reads them. Raises DataError with the
    word's line: such tags otherwise, and spans that the target cannot tell apart (two of a type that touch, in IO).
    """
    tags = sentence.columns[column]
    if not lenient:
        for broken in find_violations([tags], source):
            message = f"column {column}: {broken.what}; mend the tags (elman check lists such places)"
            raise error_at(sentence, broken.word, message)
    found = find_spans(tags)
    if target == "io":
        for span, following in pairwise(found):
            if _touch(span, following):
                message = f"column {column}: two spans of type {shown(span.type)} touch, which IO would make one"
                raise error_at(sentence, following.start, f"{message}; every other scheme holds them")
    return write_tags(found, len(tags), target)


def _touch(first: Span, second: Span) -> bool:
    """Whether two spans follow without a word between them and are of one type."""
    return first.end == second.start and first.type == second.type
