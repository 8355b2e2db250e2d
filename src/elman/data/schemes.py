"""Schemes in which tags mark spans: IO, IOB1, IOB2 (BIO), IOE1, IOE2, BIOES, BILOU, BMES. Detect and convert them.

A tag is a letter and a type, B-type, or a letter alone; O is outside of spans. The letters mean:

    io      I every word of a span; two adjacent spans of a type become one
    iob1    I; B for a first word right after a span of the same type (Ramshaw and Marcus 1995; CoNLL-2003)
    iob2    B the first word, I the others (CoNLL-2002)
    ioe1    I; E for a last word right before a span of the same type
    ioe2    E the last word, I the others
    bioes   B the first word, I those inside, E the last, S a span of one word
    bilou   the same with L for E and U for S
    bmes    the same with M for I, common in Chinese corpora

A tag with a dash and no type after it (B-) breaks every scheme.
After Tjong Kim Sang and Veenstra (1999). ``spans.find_spans`` reads all of them correctly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from elman.data.sentence import Sentence, check_tag_list, error_at
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
"""Schemes and their letters; of two schemes that fit equally well the first one is detected."""
_POSITION_LETTERS = {"bioes": ("B", "I", "E", "S"), "bilou": ("B", "I", "L", "U"), "bmes": ("B", "M", "E", "S")}
"""The letters of the first word of a span, a word inside, the last word, and the only word."""
SCHEMES = ("io", "iob1", "iob2", "ioe1", "ioe2", "bioes", "bilou", "bmes")
_ALIASES = {"bio": "iob2", "iob": "iob1", "ioe": "ioe2", "iobes": "bioes", "bilu": "bilou", "bioul": "bilou"}
_ANY_LETTER = frozenset("BIESLUM")
_LIKE_OUTSIDE = frozenset("0o-_*")
"""Written for O, by mistake or on purpose."""
SPAN_TAG = re.compile(r"[BIESLUM](-.|$)", re.DOTALL)
"""The beginning of a tag that marks a span in any scheme; a tag with a dash has a type."""
WITH_CONSTRAINTS = ("iob2", "bioes", "bilou", "bmes")
"""Schemes whose rules a tagger can keep: in the others any tag may begin a sentence, or there is no rule at all."""
MOST_BROKEN = 0.05
"""Share of the sentences with spans that may break a scheme and still be mistakes, not another scheme."""
_MIN_SPAN_SHARE = 0.9
_MAX_NAMED = 3


class SchemeViolation(NamedTuple):
    """A position where tags break the rules of a scheme; ``before`` or ``after`` is "" at the edge of a sentence."""

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
        pair = f"{self.after} after {self.before}"
        if not self.before:
            pair = f"{self.after} at the beginning of a sentence"
        elif not self.after:
            pair = f"{self.before} at the end of a sentence"
        message = f"{pair} is no {self.scheme.upper()}"
        return f"{message}: it has no type" if is_without_type(self.after) else message


@dataclass(frozen=True, slots=True)
class SchemeDetection:
    """The detected scheme of sentences; ``none`` if their tags mark no spans, or all are O."""

    scheme: str
    also: tuple[str, ...] = ()
    """Other schemes that fit as well; the spans are the same in them."""
    breaks: int = 0
    """Number of pairs of adjacent tags that the scheme does not allow."""

    def __str__(self) -> str:
        if self.scheme == NO_SCHEME:
            return "no scheme of spans"
        text = self.scheme.upper()
        if self.also:
            text += f" (or {', '.join(self.also).upper()}: the same spans here)"
        return text if not self.breaks else f"{text}, broken {self.breaks:,} time{'s' * (self.breaks > 1)}"


class SchemeDetector:
    """Detects the scheme of sentences added one by one, in memory that grows only with the number of tags."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()

    def add(self, tags: Sequence[str]) -> None:
        """Count the tags of a sentence, none of which is empty. Raises DataError if they are not a list of strings."""
        check_tag_list(tags)
        if tags:
            self._pairs.update(pairwise(["", *tags, ""]))

    def found(self) -> SchemeDetection:
        """Return the scheme with the fewest violations so far. Tags with I only are IO; IOB1 and IOE1 agree."""
        counts: Counter[str] = Counter()
        for (_, tag), count in self._pairs.items():
            counts[tag] += count
        if not mark_spans(counts):
            return SchemeDetection(NO_SCHEME)
        with_m = any(split_tag(tag)[0] == "M" for tag in counts)  # without M, BMES cannot be told from BIOES
        n_violations = {scheme: self.breaks(scheme) for scheme in LETTERS if scheme != "bmes" or with_m}
        best = min(n_violations, key=lambda scheme: n_violations[scheme])
        also = tuple(scheme for scheme in n_violations if scheme != best and not n_violations[scheme])
        return SchemeDetection(best, also if not n_violations[best] else (), n_violations[best])

    def breaks(self, scheme: str) -> int:
        """Return the number of pairs of adjacent tags so far that a scheme does not allow."""
        return sum(count for pair, count in self._pairs.items() if not _fits(*pair, scheme))


def detect_scheme(sentences: Iterable[Sequence[str]]) -> SchemeDetection:
    """Return the scheme of the tags of sentences; see ``SchemeDetector``."""
    detector = SchemeDetector()
    for tags in sentences:
        detector.add(tags)
    return detector.found()


def mark_spans(counts: Mapping[str, int]) -> bool:
    """Return whether tags, given with their numbers of words, mark spans.

    At least nine in ten words that are not O must have a tag that is B, I, E, S, L, U or M, alone or with a dash.
    """
    inside = sum(count for tag, count in counts.items() if tag not in ("", OUTSIDE))
    in_spans = sum(count for tag, count in counts.items() if split_tag(tag)[0] in _ANY_LETTER)
    return 0 < inside * _MIN_SPAN_SHARE <= in_spans


def stray_tags(counts: Mapping[str, int]) -> list[str]:
    """Return the few tags that mark no spans while the others do, most frequent first; none if most or none mark spans.

    They cover at most a tenth of the words that are not O, look like an O, or have a letter and a dash without a type.
    """
    others = [tag for tag in counts if tag not in ("", OUTSIDE) and not SPAN_TAG.match(tag)]
    with_dash = any("-" in tag and split_tag(tag)[0] in _ANY_LETTER for tag in counts)  # a letter alone may be anything
    if not with_dash or not (mark_spans(counts) or _LIKE_OUTSIDE.issuperset(others)):
        return []
    return sorted(others, key=lambda tag: (-counts[tag], tag))


def describe_strays(strays: Sequence[str], counts: Mapping[str, int]) -> str:
    """Describe the problem with tags that ``stray_tags`` has found."""
    named = ", ".join(f"{shown(tag)} ({counts[tag]:,} word{'s' * (counts[tag] != 1)})" for tag in strays[:_MAX_NAMED])
    more = f" and {len(strays) - _MAX_NAMED:,} more" if len(strays) > _MAX_NAMED else ""
    single = len(strays) == 1
    return f"the tag{'s' * (not single)} {named}{more} mark{'s' * single} no span, while the others do"


def is_without_type(tag: str) -> bool:
    """Return whether a tag begins like a span tag with a type but has none: ``B-``."""
    return len(tag) == 2 and tag[1] == "-" and tag[0] in _ANY_LETTER


def scheme_by_name(name: str) -> str:
    """Return the scheme of a name in any case; BIO is IOB2, IOB is IOB1, IOE is IOE2. Raises ConfigError if unknown."""
    lower = name.lower()
    scheme = _ALIASES.get(lower, lower)
    if scheme not in SCHEMES:
        raise ConfigError(f"scheme: {shown(name)} does not exist; expected {', '.join(SCHEMES)}")
    return scheme


def split_tag(tag: str) -> tuple[str, str]:
    """Return (letter, type) of a tag; for O and other tags without a dash: the tag itself and no type."""
    letter, _, type = tag.partition("-")
    return letter, type


def may_follow(before: str, after: str, scheme: str) -> bool:
    """Return whether a tag may follow another; "" is the edge of a sentence. A letter of another scheme never may."""
    last_letter, last_type = split_tag(before or OUTSIDE)
    letter, type = split_tag(after or OUTSIDE)
    if letter != OUTSIDE and letter not in tuple(LETTERS[scheme]):
        return False
    continues = OUTSIDE not in (last_letter, letter) and last_type == type
    match scheme:
        case "io":
            return True
        case "iob1":
            return letter != "B" or continues
        case "iob2":
            return letter != "I" or continues
        case "ioe1":
            return last_letter != "E" or continues
        case "ioe2":
            return last_letter != "I" or continues
    is_open = last_letter in ("B", "I", "M")
    return is_open and continues if letter in ("I", "M", "E", "L") else not is_open


def _fits(before: str, after: str, scheme: str) -> bool:
    return may_follow(before, after, scheme) and not is_without_type(after)


def find_violations(
    sentences: Iterable[Sequence[str]], scheme: str, *, typed: bool = True
) -> Iterator[SchemeViolation]:
    """Yield every position where the tags of sentences break the rules, in order.

    ``typed``: a tag with a dash but without a type breaks them too.
    """
    known: dict[tuple[str, str], bool] = {}
    fits = _fits if typed else may_follow
    for i, tags in enumerate(sentences):
        if tags:
            for word, pair in enumerate(pairwise(["", *tags, ""])):
                is_allowed = known.get(pair)
                if is_allowed is None:
                    is_allowed = known[pair] = fits(*pair, scheme)
                if not is_allowed:
                    yield SchemeViolation(i, min(word, len(tags) - 1), *pair, scheme)


def broken_sentences(sentences: Sequence[Sequence[str]], scheme: str) -> tuple[list[SchemeViolation], bool]:
    """Return the first violation of each sentence, and whether there are few enough for training to mend them.

    A tag with a dash but without a type is taken for a type of its own.
    """
    first: dict[int, SchemeViolation] = {}
    for violation in find_violations(sentences, scheme, typed=False):
        first.setdefault(violation.sentence, violation)
    n_with_spans = sum(any(tag != OUTSIDE for tag in tags) for tags in sentences) if first else 0
    return list(first.values()), len(first) <= MOST_BROKEN * n_with_spans


def mended_tags(tags: Sequence[str], scheme: str) -> tuple[str, ...]:
    """Return tags that obey the rules of a scheme and mark the spans that conlleval reads in ``tags``."""
    return write_tags(find_spans(tags), len(tags), scheme)


def write_tags(spans: Sequence[Span], length: int, scheme: str) -> tuple[str, ...]:
    """Return the tags of a sentence of ``length`` words with these spans, which are in order and do not overlap."""
    tags = [OUTSIDE] * length
    for i, span in enumerate(spans):
        first, inside, last, single = _POSITION_LETTERS.get(scheme, ("I",) * 4)
        if scheme == "iob2" or (scheme == "iob1" and i and _are_adjacent(spans[i - 1], span)):
            first = single = "B"
        elif scheme == "ioe2" or (scheme == "ioe1" and i + 1 < len(spans) and _are_adjacent(span, spans[i + 1])):
            last = single = "E"
        n_words = span.end - span.start
        letters = single if n_words == 1 else first + inside * (n_words - 2) + last
        tags[span.start : span.end] = [f"{letter}-{span.type}" if span.type else letter for letter in letters]
    return tuple(tags)


def convert_tags(
    sentence: Sentence, column: str, source: str, target: str, *, lenient: bool = False
) -> tuple[str, ...]:
    """Convert the tags of a column from ``source`` to another scheme; both are of ``SCHEMES``.

    ``lenient``: tags that break the rules of ``source`` are read like conlleval reads them. Otherwise they raise
    DataError with the line of the word, as do spans that the target cannot distinguish (two adjacent spans of a type in
    IO).
    """
    tags = sentence.columns[column]
    if not lenient:
        for violation in find_violations([tags], source):
            message = f"column {column}: {violation.what}; fix the tags (elman check lists such places)"
            raise error_at(sentence, violation.word, message)
    spans = find_spans(tags)
    if target == "io":
        for span, following in pairwise(spans):
            if _are_adjacent(span, following):
                message = f"column {column}: two spans of type {shown(span.type)} touch, which IO would make one"
                raise error_at(sentence, following.start, f"{message}; every other scheme holds them")
    return write_tags(spans, len(tags), target)


def _are_adjacent(first: Span, second: Span) -> bool:
    """Return whether two spans of the same type are adjacent."""
    return first.end == second.start and first.type == second.type
