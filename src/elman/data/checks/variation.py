"""Words whose tag differs from almost all other occurrences in a similar context: probable annotation errors.

Variation n-grams of Dickinson and Meurers (2003, "Detecting errors in part-of-speech annotation") with two contexts:
the same words on both sides, and the same tags on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from math import log

from elman.data.checks.findings import DataSplit, Finding, FindingGroup, Occurrence, column_title, quoted
from elman.data.sentence import Sentence
from elman.utils.summary import counted

MOSTLY = 0.9
"""The share of the other occurrences that have to agree."""
_MIN_AGREE = {"words": 3, "tags": 5}
_WEIGHT = {"words": 1.3, "tags": 1.0}  # same words are stronger evidence; tuned on real data with planted errors
_EDGE = ""  # between sentences; no word and no tag is empty

Context = tuple[str, str, str]
"""Neighbour, word, neighbour; the neighbours are words or tags."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Evidence against a tag: ``agree`` of ``others`` other occurrences in a similar context have the tag ``usual``."""

    kind: str
    context: Context
    usual: str
    agree: int
    others: int
    score: float


def outliers(splits: Sequence[DataSplit], column: str) -> Iterator[FindingGroup]:
    """The outlying words of all splits together in one group, the most certain first; no group if there are none.

    The score is the log odds of the usual tag against the given one, in the context where they are highest.
    """
    sentences = [sentence for split in splits for sentence in split.sentences]
    outlying = sorted(_find(sentences, column), key=lambda pair: -pair[1].score)
    if outlying:
        findings = [_finding(place, evidence, column) for place, evidence in outlying]
        title = f"{counted(len(outlying), 'word')} tagged unlike almost all others in a similar context"
        yield FindingGroup("outlier", f"{title} ({column_title(column)})", findings)


def _find(sentences: Sequence[Sentence], column: str) -> Iterator[tuple[Occurrence, _Evidence]]:
    words = [_EDGE, *chain.from_iterable((*sentence.words, _EDGE) for sentence in sentences)]
    tags = [_EDGE, *chain.from_iterable((*sentence.columns[column], _EDGE) for sentence in sentences)]
    varied = _words_with_several_tags(words, tags)
    is_varied = list(map(varied.__contains__, words[1:-1]))
    forms, own_tags = list(compress(words[1:-1], is_varied)), list(compress(tags[1:-1], is_varied))
    evidence: dict[int, _Evidence] = {}
    usual_in_words: set[int] = set()
    for kind, neighbours in (("words", words), ("tags", tags)):
        before, after = compress(neighbours, is_varied), compress(neighbours[2:], is_varied)
        contexts = list(zip(before, forms, after, strict=False))
        sizes = Counter(contexts)
        several = {context for context, size in sizes.items() if size > 1}
        indices = list(compress(range(len(contexts)), map(several.__contains__, contexts)))
        pairs = [(contexts[i], own_tags[i]) for i in indices]
        counts = Counter(pairs)
        against = _against(kind, counts, sizes, varied)
        for i, pair in compress(zip(indices, pairs, strict=True), map(against.__contains__, pairs)):
            against_tag = against[pair]
            if i not in usual_in_words and (i not in evidence or evidence[i].score < against_tag.score):
                evidence[i] = against_tag
        if kind == "words":  # if most of the same word contexts support a tag, ignore the tag contexts
            majority = {pair for pair, count in counts.items() if 2 * count > sizes[pair[0]]}
            usual_in_words = set(compress(indices, map(majority.__contains__, pairs)))
    yield from _locate(sentences, list(compress(range(len(is_varied)), is_varied)), evidence)


def _words_with_several_tags(words: Sequence[str], tags: Sequence[str]) -> dict[str, list[str]]:
    """Return words with several tags and these tags, if one tag is frequent enough to be the usual one."""
    tags_of_word: dict[str, list[str]] = {}
    frequent = set()
    for (word, tag), count in Counter(zip(words, tags, strict=True)).items():
        tags_of_word.setdefault(word, []).append(tag)
        if count >= min(_MIN_AGREE.values()):
            frequent.add(word)
    return {word: several for word, several in tags_of_word.items() if len(several) > 1 and word in frequent}


def _against(
    kind: str, counts: Counter[tuple[Context, str]], sizes: Counter[Context], varied: dict[str, list[str]]
) -> dict[tuple[Context, str], _Evidence]:
    """Return the evidence against the tags that are outliers in a context."""
    evidence = {}
    for (context, tag), count in counts.items():
        n_others = sizes[context] - 1
        if n_others < _MIN_AGREE[kind] or count > (1 - MOSTLY) * n_others + 1:
            continue
        agree, usual = max((counts.get((context, other_tag), 0), other_tag) for other_tag in varied[context[1]])
        if usual != tag and agree >= max(_MIN_AGREE[kind], MOSTLY * n_others):
            score = _WEIGHT[kind] * log((agree + 0.5) / (count - 0.5))
            evidence[context, tag] = _Evidence(kind, context, usual, agree, n_others, score)
    return evidence


def _locate(
    sentences: Sequence[Sentence], positions: Sequence[int], evidence: dict[int, _Evidence]
) -> Iterator[tuple[Occurrence, _Evidence]]:
    """Yield the words at positions in the flat list of all words, where one edge separates sentences."""
    remaining = iter(sentences)
    sentence, offset = next(remaining), 0
    for i in sorted(evidence):
        while positions[i] >= offset + len(sentence.words):
            offset += len(sentence.words) + 1
            sentence = next(remaining)
        yield Occurrence(sentence, positions[i] - offset), evidence[i]


def _finding(occurrence: Occurrence, evidence: _Evidence, column: str) -> Finding:
    words, tag = occurrence.sentence.words, occurrence.sentence.columns[column][occurrence.word]
    before, word, after = evidence.context
    sides = [side or edge for side, edge in ((before, "the beginning"), (after, "the end"))]
    if evidence.kind == "words":
        sides = [quoted(side) if side else edge for side, edge in ((before, "the beginning"), (after, "the end"))]
    context = " ".join(
        (
            *words[max(0, occurrence.word - 3) : occurrence.word],
            f"[{word}]",
            *words[occurrence.word + 1 : occurrence.word + 4],
        )
    )
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
    return Finding("warning", occurrence.place, message + quoted(context, 60), details=details)
