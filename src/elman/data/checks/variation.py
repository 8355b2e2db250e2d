"""Words whose tag differs from almost all their other occurrences in a like context: probable annotation errors.

The variation n-grams of Dickinson and Meurers (2003, "Detecting errors in part-of-speech annotation"), with two
contexts: the same words on both sides, and the same tags on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from math import log

from elman.data.checks.findings import DataSplit, Finding, FindingGroup, Occurrence, column_title, counted, quoted
from elman.data.sentence import Sentence

MOSTLY = 0.9
"""The share of the other occurrences that have to agree."""
_LEAST = {"words": 3, "tags": 5}  # how many have to
_WEIGHT = {"words": 1.3, "tags": 1.0}  # the same words say more: found by planting errors in real data
_EDGE = ""  # stands between sentences; no word and no tag is empty

Context = tuple[str, str, str]
"""Neighbour, word, neighbour; the neighbours are words or tags."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks against a tag: ``usual`` has ``agree`` of the ``others`` other occurrences in a like context."""

    kind: str
    context: Context
    usual: str
    agree: int
    others: int
    score: float


def outliers(splits: Sequence[DataSplit], column: str) -> Iterator[FindingGroup]:
    """A group of the words found, the surest first, over all splits together; none where there is none.

    The score is the log odds of the usual tag against the one found, in the context where they are highest.
    """
    sentences = [sentence for split in splits for sentence in split.sentences]
    found = sorted(_found(sentences, column), key=lambda pair: -pair[1].score)
    if found:
        findings = [_finding(place, evidence, column) for place, evidence in found]
        title = (
            f"{counted(len(found), 'word')} tagged unlike almost all others in a like context ({column_title(column)})"
        )
        yield FindingGroup("outlier", title, findings)


def _found(sentences: Sequence[Sentence], column: str) -> Iterator[tuple[Occurrence, _Evidence]]:
    words = [_EDGE, *chain.from_iterable((*sentence.words, _EDGE) for sentence in sentences)]
    tags = [_EDGE, *chain.from_iterable((*sentence.columns[column], _EDGE) for sentence in sentences)]
    varied = _varied(words, tags)
    here = list(map(varied.__contains__, words[1:-1]))
    forms, own = list(compress(words[1:-1], here)), list(compress(tags[1:-1], here))
    evidence: dict[int, _Evidence] = {}
    usual_in_words: set[int] = set()
    for kind, neighbours in (("words", words), ("tags", tags)):
        before, after = compress(neighbours, here), compress(neighbours[2:], here)
        contexts = list(zip(before, forms, after, strict=False))
        sizes = Counter(contexts)
        several = {context for context, size in sizes.items() if size > 1}
        at = list(compress(range(len(contexts)), map(several.__contains__, contexts)))
        pairs = [(contexts[i], own[i]) for i in at]
        counts = Counter(pairs)
        against = _against(kind, counts, sizes, varied)
        for i, pair in compress(zip(at, pairs, strict=True), map(against.__contains__, pairs)):
            found = against[pair]
            if i not in usual_in_words and (i not in evidence or evidence[i].score < found.score):
                evidence[i] = found
        if kind == "words":  # where the same words speak for a tag, what its neighbours' tags say is no news
            usual = {pair for pair, count in counts.items() if 2 * count > sizes[pair[0]]}
            usual_in_words = set(compress(at, map(usual.__contains__, pairs)))
    yield from _located(sentences, list(compress(range(len(here)), here)), evidence)


def _varied(words: Sequence[str], tags: Sequence[str]) -> dict[str, list[str]]:
    """The words that have several tags, with these, where one tag has enough occurrences to be the usual one."""
    found: dict[str, list[str]] = {}
    often = set()
    for (word, tag), count in Counter(zip(words, tags, strict=True)).items():
        found.setdefault(word, []).append(tag)
        if count >= min(_LEAST.values()):
            often.add(word)
    return {word: some for word, some in found.items() if len(some) > 1 and word in often}


def _against(
    kind: str, counts: Counter[tuple[Context, str]], sizes: Counter[Context], varied: dict[str, list[str]]
) -> dict[tuple[Context, str], _Evidence]:
    """The contexts and tags that are outliers."""
    found = {}
    for (context, tag), count in counts.items():
        others = sizes[context] - 1
        if others < _LEAST[kind] or count > (1 - MOSTLY) * others + 1:
            continue
        agree, usual = max((counts.get((context, other), 0), other) for other in varied[context[1]])
        if usual != tag and agree >= max(_LEAST[kind], MOSTLY * others):
            score = _WEIGHT[kind] * log((agree + 0.5) / (count - 0.5))
            found[context, tag] = _Evidence(kind, context, usual, agree, others, score)
    return found


def _located(
    sentences: Sequence[Sentence], positions: Sequence[int], evidence: dict[int, _Evidence]
) -> Iterator[tuple[Occurrence, _Evidence]]:
    """The words at positions in the flat list of all words, where one edge stands after each sentence."""
    rest = iter(sentences)
    sentence, first = next(rest), 0
    for i in sorted(evidence):
        while positions[i] >= first + len(sentence.words):
            first += len(sentence.words) + 1
            sentence = next(rest)
        yield Occurrence(sentence, positions[i] - first), evidence[i]


def _finding(at: Occurrence, evidence: _Evidence, column: str) -> Finding:
    words, tag = at.sentence.words, at.sentence.columns[column][at.word]
    before, word, after = evidence.context
    sides = [side or edge for side, edge in ((before, "the beginning"), (after, "the end"))]
    if evidence.kind == "words":
        sides = [quoted(side) if side else edge for side, edge in ((before, "the beginning"), (after, "the end"))]
    context = " ".join((*words[max(0, at.word - 3) : at.word], f"[{word}]", *words[at.word + 1 : at.word + 4]))
    others = f"{evidence.agree:,} of {evidence.others:,} others" if evidence.agree < evidence.others else ""
    others = others or f"all {evidence.others:,} others"
    message = f"{quoted(word)} is {tag}, and {evidence.usual} in {others} between {sides[0]} and {sides[1]}: "
    details = {
        "column": column,
        "word": word,
        "tag": tag,
        "usual_tag": evidence.usual,
        "agree": evidence.agree,
        "others": evidence.others,
        "context": evidence.kind,
        "between": [before, after],
        "score": round(evidence.score, 3),
    }
    return Finding("warning", at.place, message + quoted(context, 60), details=details)
