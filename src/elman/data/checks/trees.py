"""Dependency trees: heads that form none, relations of roots, and trees with crossing arcs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elman.data.checks.findings import (
    DataSplit,
    Finding,
    FindingGroup,
    Location,
    Occurrence,
    excerpt,
    first_location,
    quoted,
)
from elman.data.conllu_tokens import checked_heads, has_tree
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.utils.summary import counted

CHECKS = ("tree", "non-projective")
HEAD, RELATION = "head", "deprel"
_ROOT = "root"


def trees(splits: Sequence[DataSplit]) -> Iterator[FindingGroup]:
    """Check the trees of all sentences that have heads."""
    broken: list[Finding] = []
    crossing: list[Finding] = []
    n_trees = 0
    relations: list[Finding] = []
    for split in splits:
        for sentence in split.sentences:
            if not has_tree(sentence):
                continue
            n_trees += 1
            details = {"split": split.name}
            try:
                heads = checked_heads(sentence)
            except DataError as error:
                place = Location(sentence.path, error.line)
                broken.append(Finding("error", place, error.message, details=details))
                continue
            relations += _roots(sentence, heads, split.name)
            gap = gapped(heads)
            if gap:
                word = sentence.words[gap - 1]
                message = f"the words below {quoted(word)} are not all side by side: {excerpt(sentence)}"
                crossing.append(Finding("note", Occurrence(sentence, gap - 1).place, message, details=details))
    yield from _partly(splits)
    if broken:
        title = f"{counted(len(broken), 'sentence')} of {n_trees:,} whose heads form no tree"
        yield FindingGroup("tree", title, broken)
    if relations:
        yield FindingGroup(
            "tree", f"{counted(len(relations), 'word')} whose relation does not suit its head", relations
        )
    if crossing:
        share = f"{100 * len(crossing) / n_trees:.2f} %"
        title = f"{len(crossing):,} of {counted(n_trees, 'tree')} ({share}) {'has' if len(crossing) == 1 else 'have'}"
        yield FindingGroup("non-projective", f"{title} crossing arcs (non-projective)", crossing)


def _partly(splits: Sequence[DataSplit]) -> Iterator[FindingGroup]:
    """Yield the sentences without heads in a split where others have them."""
    for split in splits:
        without = [sentence for sentence in split.sentences if not has_tree(sentence)]
        if 0 < len(without) < len(split.sentences):
            message = "no word has a HEAD, while other sentences have trees"
            findings = [
                Finding("error", first_location(sentence), message, details={"split": split.name})
                for sentence in without
            ]
            n = f"{len(without):,} of {len(split.sentences):,} {split.name} sentences"
            yield FindingGroup("tree", f"{n} {'has' if len(without) == 1 else 'have'} no tree", findings)


def _roots(sentence: Sentence, heads: Sequence[int], split: str) -> Iterator[Finding]:
    """Yield words that are the root without the relation root, or have that relation without being the root.

    If the root of a sentence has no relation, or the relations are not those of Universal Dependencies, there are none.
    """
    relations = sentence.columns.get(RELATION, ())
    if not any(relation.partition(":")[0] == _ROOT for relation in relations):
        return
    for i, (head, relation) in enumerate(zip(heads, relations, strict=True)):
        if (head == 0) != (relation.partition(":")[0] == _ROOT):
            message = f"{quoted(sentence.words[i])} has HEAD {head} and the relation {quoted(relation)}"
            yield Finding(
                "warning", Occurrence(sentence, i).place, message, details={"split": split, "relation": relation}
            )


def gapped(heads: Sequence[int]) -> int:
    """Return the first word, from 1, below which the words are not contiguous; 0 if the tree is projective.

    ``heads`` (T,) are those of a tree: words from 1, 0 for the root.
    """
    n = len(heads)
    first, last, size, missing = list(range(n + 1)), list(range(n + 1)), [1] * (n + 1), [0] * (n + 1)
    for head in heads:
        missing[head] += 1
    ready = [word for word in range(1, n + 1) if not missing[word]]
    for word in ready:  # after all words below it
        above = heads[word - 1]
        first[above] = min(first[above], first[word])
        last[above] = max(last[above], last[word])
        size[above] += size[word]
        missing[above] -= 1
        if above and not missing[above]:
            ready.append(above)
    return next((word for word in range(1, n + 1) if last[word] - first[word] + 1 != size[word]), 0)
