"""Check training data before training: raise errors and collect warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from elman.config import NetworkConfig
from elman.data import schemes
from elman.data.checks import odd_tags
from elman.data.checks.columns import MANY_TAGS, length_warning, stray_warning, tag_warning, untagged_warning
from elman.data.sentence import Sentence
from elman.data.tokens import Token
from elman.errors import DataError
from elman.models import constraints
from elman.utils.display import shown

WITHOUT_RULES = ("ioe1", "ioe2")
"""Span schemes that the tagger has no constraints for."""
FREE_TEXT = 20
"""Minimum number of distinct labels that may be free text."""

NO_DEV = "no dev set"
"""The beginning of the warning about training without one."""


def training_warnings(train: Sequence[Sentence], dev: Sequence[Sentence] | None, *targets: str) -> list[str]:
    """Return one warning for each problem with the data.

    ``targets`` are the tag columns to be learned, none for text classification; all sentences have words and those
    columns.
    """
    found = [tag_warning(train, target) for target in targets]
    for target in targets:
        found += [untagged_warning(train, target), stray_warning(train, target)]
        found += odd_tags.warnings(train, dev, target)
    if targets:
        found.append(length_warning(train))
    if dev is None:
        found.append(
            f"{NO_DEV}: the accuracy on unseen text is unknown, and a network keeps its last epoch, not the best; "
            "pass --dev FILE, or --dev 10% to hold out a part (never done silently)"
        )
    else:
        found.append(_overlap_warning(train, dev))
    return [warning for warning in found if warning]


def label_warnings(labels: Sequence[Sequence[str]], name: str) -> list[str]:
    """Return one warning for each problem with document labels; each document has a list of labels.

    Raises DataError if the labels look like free text: most texts have a label that no other text has.
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


def span_warnings(train: Sequence[Sentence], target: str, config: NetworkConfig) -> list[str]:
    """Return a warning if sentences break the rules of spans, which are few and mended, or ``auto`` has no constraints.

    Raises DataError if many sentences break constraints that were set by name, ConfigError if these do not know a tag.
    """
    tags = [sentence.columns[target] for sentence in train]
    chosen = constraints.choose(config, tags)
    if not chosen.broken:
        return _without_constraints(chosen.scheme, tags, target, config)
    broken, n_more = chosen.broken[0], len(chosen.broken) - 1
    first = train[broken.sentence]
    line = first.line + first.rows[broken.word] if first.rows else first.line
    if not chosen.mended and config.constraints != "auto":
        where = f"{broken}; fix the tags or set constraints=none"
        raise DataError(where, path=first.path or f"sentence {broken.sentence + 1}", line=line or None)
    where = f"{first.path}:{line}" if first.path else f"sentence {broken.sentence + 1}"
    more = f"; so do{'es' * (n_more == 1)} {n_more:,} more sentence{'s' * (n_more > 1)} (elman check lists them)"
    if chosen.mended:
        old, new = tags[broken.sentence], schemes.mended_tags(tags[broken.sentence], constraints.SCHEMES[chosen.scheme])
        i = next(i for i in range(len(old)) if old[i] != new[i])
        what = (
            f", in {shown(' '.join(first.words), 60)}; training reads {old[i]} of {shown(first.words[i])} as {new[i]}"
        )
        what += ", as conlleval does"
    else:
        what = "; the tagger uses no constraints (constraints=auto)"
    return [f"{where}: {broken}{what}{more if n_more else ''}"]


def _without_constraints(chosen: str, tags: Sequence[Sequence[str]], target: str, config: NetworkConfig) -> list[str]:
    """Return a warning if ``constraints=auto`` has no constraints for the scheme of the tags."""
    is_open = chosen == constraints.NONE and (config.constraints, config.decoder) == ("auto", "crf")
    scheme = schemes.detect_scheme(tags).scheme if is_open else schemes.NO_SCHEME
    if scheme not in WITHOUT_RULES:
        return []
    name = scheme.upper()
    return [f"column {target}: no constraints exist for {name} tags; elman convert --scheme bioes gives tags with some"]


def _overlap_warning(train: Sequence[Sentence], dev: Sequence[Sentence]) -> str | None:
    seen = {_identity(sentence) for sentence in train}
    both = [sentence for sentence in dev if _identity(sentence) in seen]
    if not both:
        return None
    first = both[0]
    where = f"{first.path}:{first.line}: " if first.path else ""
    return (
        f"{len(both):,} of {len(dev):,} dev sentences also occur in the training data: dev accuracy will be too high; "
        f"the first: {where}{shown(' '.join(first.words), 60)}"
    )


def _identity(sentence: Sentence) -> tuple[object, ...]:
    """Return the words of a sentence; with the features of those that have some, since they may have no text."""
    words = sentence.words
    return tuple((word, word.features, word.numbers) if isinstance(word, Token) else word for word in words)
