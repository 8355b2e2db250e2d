"""Looks at training data before hours are spent on it: what is refused, what is worth a warning, what is held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from elman import constraints, odd_tags
from elman.config import NetworkConfig
from elman.errors import DataError
from elman.sentence import Sentence

MANY_TAGS = 1_000
MOSTLY = 0.9
FREE_TEXT = 20
"""Distinct labels from which on they may be texts of their own."""


def with_words(sentences: Iterable[Sentence], name: str) -> Iterator[Sentence]:
    """The sentences that have words, as they come. ``name`` is what the data is called in the error.

    Raises DataError at their end where there was none: the file is empty, or has blank lines and comments only.
    """
    some = empty = False
    for sentence in sentences:
        if sentence.words:
            some = True
            yield sentence
        else:
            empty = True
    if not some and empty:
        raise DataError("no sentences, only blank lines and comments; expected words with tags", path=name)
    if not some:
        raise DataError("nothing in it; expected sentences with a tag for each word", path=name)


def training_warnings(train: Sequence[Sentence], dev: Sequence[Sentence] | None, *targets: str) -> list[str]:
    """One line for each thing that looks wrong with the data, none where nothing does.

    ``targets`` are the columns of words to be learned, none where labels of whole texts are; all sentences have words
    and those columns.
    """
    found = [tag_warning(train, target) for target in targets]
    for target in targets:
        found += odd_tags.warnings(train, dev, target)
    if targets:
        found.append(length_warning(train))
    if dev is None:
        found.append(
            "no dev set: the accuracy on unseen text stays unknown, and of a network the last epoch is kept, not the "
            "best; nothing is split off silently, --dev FILE or --dev 10% does it by request"
        )
    else:
        found.append(_overlap_warning(train, dev))
    return [warning for warning in found if warning]


def label_warnings(labels: Sequence[Sequence[str]], name: str) -> list[str]:
    """One line for each thing that looks wrong with the labels of some texts: of each text those it has.

    Raises DataError where they are no labels at all but texts of their own: most stand on one text only.
    """
    counts = Counter(label for of_text in labels for label in of_text)
    once = sorted(label for label, count in counts.items() if count == 1)
    if len(counts) >= FREE_TEXT and 2 * len(once) > len(labels):
        found = f"{len(counts):,} distinct labels of {len(labels):,} texts, {len(once):,} of them on one text only"
        raise DataError(f"label {name}: {found}; is it free text? --target names another label")
    found_odd = []
    if len(counts) == 1:
        found_odd.append(f"label {name}: every label is {_shown(*counts)}; is it the right one? --target names another")
    elif once:
        some = ", ".join(map(_shown, once[:3])) + (f" and {len(once) - 3:,} more" if len(once) > 3 else "")
        found_odd.append(f"label {name}: on one text only, too few to learn from: {some}")
    if len(counts) > MANY_TAGS:
        found_odd.append(f"label {name}: {len(counts):,} distinct labels; is it the right one? --target names another")
    return found_odd


def constraint_warnings(train: Sequence[Sentence], target: str, config: NetworkConfig) -> list[str]:
    """A line where ``constraints=auto`` would have found rules, had one sentence not broken them; else none.

    Raises DataError for tags that break the rules asked for by name, ConfigError for tags those rules do not know.
    """
    broken = constraints.choose(config, [sentence.columns[target] for sentence in train]).broken
    if broken is None:
        return []
    first = train[broken.sentence]
    line = first.line + first.rows[broken.word] if first.rows else first.line
    if config.constraints != "auto":
        where = f"{broken}; mend the tags or set constraints=none"
        raise DataError(where, path=first.path or f"sentence {broken.sentence + 1}", line=line or None)
    where = f"{first.path}:{line}" if first.path else f"sentence {broken.sentence + 1}"
    return [f"{where}: {broken}; so the tagger does without constraints (constraints=auto)"]


def tag_warning(train: Sequence[Sentence], target: str) -> str | None:
    """What is odd about the number of tags in a column, or None."""
    tags = {tag for sentence in train for tag in sentence.columns[target]}
    if len(tags) == 1:
        return f"column {target}: every tag is {_shown(tags.pop())}; is it the right column? --target names another"
    if len(tags) > MANY_TAGS:
        return f"column {target}: {len(tags):,} distinct tags; is it the right column? --target names another"
    return None


def length_warning(train: Sequence[Sentence]) -> str | None:
    """What is odd about the lengths of the sentences, or None."""
    single = sum(len(sentence.words) == 1 for sentence in train)
    if single < MOSTLY * len(train):
        return None
    return (
        f"{single:,} of {len(train):,} sentences have one word only, so there is no context to learn from; "
        "is there a blank line after every word, or is it another format?"
    )


def _overlap_warning(train: Sequence[Sentence], dev: Sequence[Sentence]) -> str | None:
    seen = {sentence.words for sentence in train}
    both = [sentence for sentence in dev if sentence.words in seen]
    if not both:
        return None
    first = both[0]
    where = f"{first.path}:{first.line}: " if first.path else ""
    return (
        f"{len(both):,} of {len(dev):,} dev sentences stand in the training data too: dev accuracy will be too high; "
        f"the first: {where}{_shown(' '.join(first.words))}"
    )


def split_percent(sentences: Sequence[Sentence], percent: float) -> tuple[list[Sentence], list[Sentence], str]:
    """Hold out a share of the sentences by rule: (train, dev, which ones in words).

    The i-th sentence (from 1) is held out where i percent crosses a whole number, so they are spread evenly and the
    same data always gives the same split: 10 holds out the 10th, 20th, 30th … Raises DataError where either part
    would be empty, or ``percent`` is not between 0 and 100.
    """
    if not 0 < percent < 100:
        raise DataError(f"dev: expected more than 0 % and less than 100 %, got {percent:g} %")
    share = Fraction(str(percent)) / 100
    held = {i for i in range(1, len(sentences) + 1) if int(i * share) > int((i - 1) * share)}
    if not held or len(held) == len(sentences):
        raise DataError(f"dev: {percent:g} % of {len(sentences):,} sentences leaves none for one of the two parts")
    train = [sentence for i, sentence in enumerate(sentences, start=1) if i not in held]
    dev = [sentence for i, sentence in enumerate(sentences, start=1) if i in held]
    numbers = f"{len(dev):,} of {len(sentences):,}"
    if share.numerator == 1:
        every = _ordinal(share.denominator)
        return train, dev, f"every {every} sentence, from the {every}: {numbers}"
    first = ", ".join(_ordinal(i) for i in sorted(held)[:3])
    return train, dev, f"{percent:g} % of the sentences, spread evenly (the {first} and so on): {numbers}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number:,}{ending}"


def _shown(text: str) -> str:
    """Text on one line, quoted, not too long."""
    return repr(text if len(text) <= 60 else text[:60] + "…")
