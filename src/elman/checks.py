"""Looks at training data before hours are spent on it: what is refused, what is worth a warning, what is held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from elman import constraints, odd_tags, schemes
from elman.config import NetworkConfig
from elman.display import shown
from elman.errors import DataError
from elman.formats.shared import line_of
from elman.sentence import NO_TAG, Sentence

MANY_TAGS = 1_000
MOSTLY = 0.9
_MAY_BE_NOTHING = ("feats", "deps", "misc", "lemma", "tree")
"""Columns where ``_`` may say that there is nothing to be said, and those that tasks make of them, ``feats.Case``."""
WITHOUT_RULES = ("bilou", "bmes", "ioe1", "ioe2")
"""Schemes of spans whose rules the tagger does not know."""
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
        found += [untagged_warning(train, target), stray_warning(train, target)]
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
        (label,) = counts
        found_odd.append(f"label {name}: every label is {shown(label)}; is it the right one? --target names another")
    elif once:
        some = ", ".join(map(shown, once[:3])) + (f" and {len(once) - 3:,} more" if len(once) > 3 else "")
        found_odd.append(f"label {name}: on one text only, too few to learn from: {some}")
    if len(counts) > MANY_TAGS:
        found_odd.append(f"label {name}: {len(counts):,} distinct labels; is it the right one? --target names another")
    return found_odd


def constraint_warnings(train: Sequence[Sentence], target: str, config: NetworkConfig) -> list[str]:
    """A line where ``constraints=auto`` finds no rules: one sentence breaks them, or there are none for that scheme.

    Raises DataError for tags that break the rules asked for by name, ConfigError for tags those rules do not know.
    """
    tags = [sentence.columns[target] for sentence in train]
    chosen, broken = constraints.choose(config, tags)
    if broken is None:
        unruled = chosen == constraints.NONE and (config.constraints, config.decoder) == ("auto", "crf")
        scheme = schemes.detect(tags).scheme if unruled else schemes.NONE
        if scheme not in WITHOUT_RULES:
            return []
        name = scheme.upper()
        return [
            f"column {target}: the tags are {name}, for which there are no rules; elman convert --scheme bioes has some"
        ]
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
        return f"column {target}: every tag is {shown(tags.pop())}; is it the right column? --target names another"
    if len(tags) > MANY_TAGS:
        return f"column {target}: {len(tags):,} distinct tags; is it the right column? --target names another"
    return None


def untagged_warning(train: Sequence[Sentence], target: str) -> str | None:
    """Return a warning if some words of a column have the tag ``_`` and others do not, else None."""
    n_words = sum(len(sentence) for sentence in train)
    n_untagged = sum(sentence.columns[target].count(NO_TAG) for sentence in train)
    return untagged(target, n_untagged, n_words)


def untagged(column: str, n_untagged: int, n_words: int) -> str | None:
    """Return the warning for ``n_untagged`` words with ``_`` among ``n_words``, or None."""
    name = column if column.startswith("misc.") else column.partition(".")[0]
    if name in _MAY_BE_NOTHING or not 0 < n_untagged < n_words:
        return None
    return (
        f"column {column}: {n_untagged:,} of {n_words:,} words have the tag {NO_TAG}, which is learned and scored like "
        "any other; if it means that they have none yet, leave these sentences out"
    )


def stray(train: Sequence[Sentence], target: str) -> tuple[str, Sentence, int] | None:
    """Return a warning about rare tags that are no span tags in a column of span tags, and the first such word."""
    counts = Counter(tag for sentence in train for tag in sentence.columns[target])
    odd = schemes.strays(counts)
    if not odd:
        return None
    rules = "" if all(map(schemes.is_without_type, odd)) else ", and no rules of spans are kept"
    message = f"column {target}: {schemes.said(odd, counts)}, so there is no span F1{rules}"
    words = ((sentence, i) for sentence in train for i, tag in enumerate(sentence.columns[target]) if tag == odd[0])
    return (message, *next(words))


def stray_warning(train: Sequence[Sentence], target: str) -> str | None:
    """The same in one line with its place, or None."""
    found = stray(train, target)
    if found is None:
        return None
    message, first, word = found
    return f"{first.path}:{line_of(first, word)}: {message}" if first.path else message


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
        f"the first: {where}{shown(' '.join(first.words), 60)}"
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
