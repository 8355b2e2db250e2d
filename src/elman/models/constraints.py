"""Transition constraints of the span schemes BIO (IOB2), BIOES, BILOU and BMES.

B-type begins a span, I-type continues it, E-type ends it, S-type is a span of one word, O is outside. In BIO, I-
follows B- or I- of its type. In BIOES, a span that began must also end in E-. BILOU writes L and U for E and S, BMES M
for I. The ends of a sentence are like O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from elman.config import NetworkConfig
from elman.data import schemes
from elman.data.schemes import SchemeViolation, split_tag
from elman.data.spans import OUTSIDE
from elman.data.targets import TAG
from elman.errors import ConfigError
from elman.utils import limits
from elman.utils.display import shown

Rows = Sequence[tuple[Sequence[str], ...]]
NONE = schemes.NO_SCHEME
SCHEMES = {"bio" if scheme == "iob2" else scheme: scheme for scheme in schemes.WITH_CONSTRAINTS}
"""The values of the setting and the scheme that each means."""


class Choice(NamedTuple):
    """The chosen constraints, a key of ``SCHEMES`` or ``none``, and the first violation of each training sentence.

    ``mended``  whether there are few violations, so that training keeps the constraints and mends these sentences
    """

    scheme: str
    broken: tuple[SchemeViolation, ...] = ()
    mended: bool = False


def detect(tags: Iterable[str]) -> str:
    """Return the first of ``SCHEMES`` that all tags belong to if some tag begins a span, else ``none``."""
    seen = set(tags)
    if not any(split_tag(tag)[0] in ("B", "S", "U") for tag in seen):
        return NONE
    return next((scheme for scheme in SCHEMES if _complaint(seen, scheme) is None), NONE)


def allowed(before: str, after: str, scheme: str) -> bool:
    """Return whether a tag may follow another; "" is the beginning or the end of a sentence."""
    return schemes.may_follow(before, after, SCHEMES[scheme])


def table(tags: Sequence[str], scheme: str) -> tuple[bytes, bytes, bytes]:
    """Return the allowed transitions (K, K), first tags (K,) and last tags (K,) as bytes 0 and 1.

    The tags must belong to the scheme (``check``).
    """
    ids_by_type: dict[str, list[int]] = {}
    for i, tag in enumerate(tags):
        ids_by_type.setdefault(split_tag(tag)[1], []).append(i)
    unused = max(ids_by_type, key=len) + "-"  # a type that no tag has
    rows: dict[str, bytes] = {}
    transitions = bytearray()
    for tag in tags:
        letter, type = split_tag(tag)
        if letter not in rows:
            rows[letter] = bytes(allowed(f"{letter}-{unused}", after, scheme) for after in tags)
        row = bytearray(rows[letter])
        for i in ids_by_type[type]:
            row[i] = allowed(tag, tags[i], scheme)
        transitions += row
    begin, end = (bytes(allowed("", tag, scheme) for tag in tags), bytes(allowed(tag, "", scheme) for tag in tags))
    return bytes(transitions), begin, end


def first_break(sentences: Iterable[Sequence[str]], scheme: str) -> SchemeViolation | None:
    """Return the first violation of the scheme in the tags of sentences."""
    broken = next(schemes.find_violations(sentences, SCHEMES[scheme], typed=False), None)
    return None if broken is None else broken._replace(scheme=scheme)


def choose(config: NetworkConfig, sentences: Sequence[Sequence[str]]) -> Choice:
    """Choose the constraints from the settings and the tags of the training sentences.

    ``auto``: with a CRF the scheme that all tags belong to, unless too many sentences violate it. A scheme by name:
    always. Raises ConfigError for tags that do not belong to the scheme.
    """
    scheme = config.constraints
    if scheme == NONE or (scheme == "auto" and config.decoder != "crf"):
        return Choice(NONE)
    tags = {tag for sentence in sentences for tag in sentence}
    if scheme != "auto":
        check(tags, scheme)
    else:
        scheme = detect(tags)
    if scheme == NONE:
        return Choice(NONE)
    found, few = schemes.broken_sentences(sentences, SCHEMES[scheme])
    broken = tuple(violation._replace(scheme=scheme) for violation in found)
    kept = few or not broken or config.constraints != "auto"
    return Choice(scheme if kept else NONE, broken, bool(broken) and few)


def mended(config: NetworkConfig, train: Rows, tasks: Sequence[str]) -> Rows:
    """Return training sentences in which the few that break the constraints are mended (``schemes.mended_tags``).

    A sentence is its words and its labels in each column; ``tasks`` are the columns' kinds, by default all of words.
    """
    rows = train
    for column in range(1, len(train[0])):
        if tasks and tasks[column - 1] != TAG:
            continue
        chosen = choose(config, [row[column] for row in train])
        if chosen.mended:
            rows = list(rows)
            for i in (violation.sentence for violation in chosen.broken):
                tags = schemes.mended_tags(rows[i][column], SCHEMES[chosen.scheme])
                rows[i] = (*rows[i][:column], tags, *rows[i][column + 1 :])
    return rows


def check(tags: Iterable[str], scheme: str) -> None:
    """Raise ConfigError if a tag does not belong to the scheme, or no tag may be a sentence of one word."""
    complaint = _complaint(set(tags), scheme)
    if complaint:
        raise ConfigError(f"constraints={scheme}: {complaint}; set constraints=none")


def _complaint(tags: set[str], scheme: str) -> str | None:
    letters = schemes.LETTERS[SCHEMES[scheme]]
    if len(tags) > limits.TAGS:
        return f"expected up to {limits.TAGS:,} tags, found {len(tags):,}"
    for tag in sorted(tags):
        if tag != OUTSIDE and split_tag(tag)[0] not in tuple(letters):
            return f"expected O, {', '.join(f'{letter}-…' for letter in letters)}, found the tag {shown(tag)}"
    if not any(allowed("", tag, scheme) and allowed(tag, "", scheme) for tag in tags):
        return "no tag can form a sentence of one word"
    return None
