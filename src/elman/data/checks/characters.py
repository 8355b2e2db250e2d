"""Characters in words and tags: what cannot be seen, two encodings in one text, two Unicode normal forms.

Words are looked at once each, however often they stand there: ``forms`` are the distinct ones, as ``remarkable`` has
sorted them out.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from elman.data.checks.findings import (
    SEVERITIES,
    DataSplit,
    Finding,
    FindingGroup,
    Occurrence,
    column_title,
    counted,
    label_kind,
    occurrences,
    quoted,
)
from elman.utils.display import BLANK, JOINERS, joins

_REPLACEMENT = "\ufffd"
_NOTED = ("Co", "Cn")
_ABSENT = {"Cc": "a control character", "Co": "for private use", "Cn": "not assigned", "Cs": "half a surrogate pair"}


def odd_characters(splits: Sequence[DataSplit], forms: Sequence[str], columns: Sequence[str]) -> Iterator[FindingGroup]:
    """Invisible characters, odd spaces, control characters: a group for words and one for each column of tags."""
    found = {word: odd for word in forms if (odd := _odd(word))}
    findings = []
    for at in occurrences(splits, set(found)):
        findings.append(_odd_finding("word", at.sentence.words[at.word], found, at))
    if findings:
        yield FindingGroup(
            "characters", f"{_census(found, findings)} in {counted(len(findings), 'word')}", _graver(findings)
        )
    for column in columns:
        tags = {tag for split in splits for sentence in split.sentences for tag in sentence.columns[column]}
        found = {tag: odd for tag in tags if (odd := _odd(tag))}
        findings = []
        for split in splits if found else ():
            for sentence in split.sentences:
                for i, tag in enumerate(sentence.columns[column]):
                    if tag in found:
                        findings.append(_odd_finding(label_kind(column), tag, found, Occurrence(sentence, i)))
        if findings:
            many = counted(len(findings), label_kind(column))
            yield FindingGroup(
                "characters", f"{_census(found, findings)} in {many} ({column_title(column)})", _graver(findings)
            )


def encodings(splits: Sequence[DataSplit], forms: Sequence[str]) -> Iterator[FindingGroup]:
    """Bytes that are not in the encoding of the rest, and words that were decoded as what they are not."""
    bad = {word: problem for word in forms if (problem := _badly_decoded(word))}
    findings = []
    for at in occurrences(splits, set(bad)):
        severity, message = bad[at.sentence.words[at.word]]
        findings.append(Finding(severity, at.place, message, details={"word": _writable(at.sentence.words[at.word])}))
    if findings:
        yield FindingGroup(
            "encoding", f"{counted(len(findings), 'word')} in another encoding than the rest", _graver(findings)
        )


def normal_forms(splits: Sequence[DataSplit], forms: Sequence[str]) -> Iterator[FindingGroup]:
    """Words in the rarer of two normal forms, composed (NFC) or not; a warning where a word stands in both."""
    sorts: dict[bool, dict[str, str]] = {True: {}, False: {}}  # composed? -> word -> the same in the other form
    for word in forms:
        composed = unicodedata.normalize("NFC", word)
        if word != composed:
            sorts[False][word] = composed
        elif word != (apart := unicodedata.normalize("NFD", word)):
            sorts[True][word] = apart
    if not (sorts[True] and sorts[False]):
        return
    rare = len(sorts[True]) <= len(sorts[False])
    name, usual = ("NFC", "not in NFC") if rare else ("not in NFC", "NFC")
    twins = {unicodedata.normalize("NFC", word) for word in sorts[not rare]}
    findings = []
    for at in occurrences(splits, set(sorts[rare])):
        word = at.sentence.words[at.word]
        twin = unicodedata.normalize("NFC", word) in twins
        message = f"{quoted(word)} ({_codes(word)}) is {name}, as most words are {usual}"
        if twin:
            message = f"{quoted(word)} ({_codes(word)}) is {name} and stands elsewhere otherwise, as another word"
        details = {"word": word, "other_form": sorts[rare][word], "twin": twin}
        findings.append(Finding("warning" if twin else "note", at.place, message, details=details))
    few, many = len(sorts[rare]), len(sorts[not rare])
    title = f"mixed Unicode normal forms: {few:,} distinct words {name}, {many:,} {usual}"
    yield FindingGroup("normal-form", title, _graver(findings))


def unusual_words(words: Iterable[str]) -> list[str]:
    """Those of some distinct words of which anything may be said below: ``forms``."""
    return [word for word in words if not (word.isascii() and word.isprintable() and word[0] != " " != word[-1])]


def _odd(text: str) -> dict[str, str]:
    """The odd characters of a text, each with its severity."""
    found = {}
    if not text.isprintable() or not BLANK.isdisjoint(text):
        for i, character in enumerate(text):
            if (not character.isprintable() or character in BLANK) and not _badly_decoded(character):
                if character in JOINERS and joins(text, i):
                    continue
                noted = character == "\u3000" or unicodedata.category(character) in _NOTED
                found[character] = "note" if noted else "warning"
    if text[0] == " " or text[-1] == " ":
        found[" "] = "warning"
    return found


def _odd_finding(what: str, text: str, found: dict[str, dict[str, str]], at: Occurrence) -> Finding:
    odd = found[text]
    names = ", ".join(_named(character) for character in odd)
    if odd.keys() == {" "}:
        names = "a space at its edge"
    details: dict[str, Any] = {what: text, "characters": [f"U+{ord(character):04X}" for character in odd]}
    severity = "warning" if "warning" in odd.values() else "note"
    return Finding(severity, at.place, f"the {what} {quoted(text)} holds {names}", details=details)


def _named(character: str) -> str:
    category = unicodedata.category(character)
    name = unicodedata.name(character, _ABSENT.get(category, ""))
    return f"U+{ord(character):04X} {name}"


def _census(found: dict[str, dict[str, str]], findings: Sequence[Finding]) -> str:
    """The commonest odd characters, in words."""
    counts = Counter(code for finding in findings for code in finding.details["characters"])
    names = {f"U+{ord(c):04X}": _named(c) if c != " " else "a space at the edge" for odd in found.values() for c in odd}
    first = ", ".join(names[code] for code, _ in counts.most_common(2))
    return first + (f" and {counted(len(counts) - 2, 'other character')}" if len(counts) > 2 else "")


def _badly_decoded(text: str) -> tuple[str, str] | None:
    """(severity, message) for a word that was read in another encoding than it was written in."""
    if text.isascii():
        return None
    escaped = [c for c in text if "\udc80" <= c <= "\udcff"]
    if escaped:
        code = ", ".join(f"0x{ord(c) - 0xDC00:02X}" for c in escaped)
        return "error", f"the word {quoted(_writable(text))} holds bytes that are not UTF-8 ({code}), as the rest is"
    if _REPLACEMENT in text:
        return "warning", f"the word {quoted(text)} holds U+FFFD, left where something could not be decoded"
    for encoding in ("cp1252", "latin-1"):
        try:
            right = text.encode(encoding).decode()
        except UnicodeError:
            continue
        return "warning", f"the word {quoted(text)} was UTF-8 read as {encoding}, probably {quoted(right)}"
    controls = [c for c in text if "\x80" <= c <= "\x9f" and c != "\x85"]
    if controls:
        codes = ", ".join(f"U+{ord(c):04X}" for c in controls)
        return "warning", f"the word {quoted(text)} holds control characters ({codes}): was cp1252 read as latin-1?"
    return None


def _writable(text: str) -> str:
    """Text that can be written: a byte that was no UTF-8 as ``\\xe9``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _codes(text: str) -> str:
    """The code points of the first character that is not ASCII, with the marks on it."""
    i = next(i for i, c in enumerate(text) if not c.isascii())
    start = i - 1 if i and unicodedata.combining(text[i]) else i
    end = next((j for j in range(i + 1, len(text)) if not unicodedata.combining(text[j])), len(text))
    return " ".join(f"U+{ord(c):04X}" for c in text[start:end])


def _graver(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first, otherwise in order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
