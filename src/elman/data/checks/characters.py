"""Characters in words and tags: invisible ones, two encodings in one text, two Unicode normal forms.

Each distinct word is examined once: ``forms`` are the distinct words that ``unusual_words`` has selected.
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
    label_kind,
    occurrences,
    quoted,
)
from elman.utils.display import BLANK, JOINERS, code_point, joins
from elman.utils.summary import counted

_REPLACEMENT = "\ufffd"
_NOTED = ("Co", "Cn")
"""Categories of characters that are only worth a note."""
_UNNAMED = {"Cc": "a control character", "Co": "for private use", "Cn": "not assigned", "Cs": "half a surrogate pair"}


def odd_characters(splits: Sequence[DataSplit], forms: Sequence[str], columns: Sequence[str]) -> Iterator[FindingGroup]:
    """Invisible characters, odd spaces, control characters: one group for words and one for each column of tags."""
    odd_texts = {word: odd for word in forms if (odd := _odd(word))}
    findings = []
    for at in occurrences(splits, set(odd_texts)):
        findings.append(_odd_finding("word", at.sentence.words[at.word], odd_texts, at))
    if findings:
        title = f"{_most_frequent(odd_texts, findings)} in {counted(len(findings), 'word')}"
        yield FindingGroup("characters", title, _by_severity(findings))
    for column in columns:
        kind = label_kind(column)
        tags = {tag for split in splits for sentence in split.sentences for tag in sentence.columns[column]}
        odd_texts = {tag: odd for tag in tags if (odd := _odd(tag))}
        findings = []
        for split in splits if odd_texts else ():
            for sentence in split.sentences:
                for i, tag in enumerate(sentence.columns[column]):
                    if tag in odd_texts:
                        findings.append(_odd_finding(kind, tag, odd_texts, Occurrence(sentence, i)))
        if findings:
            where = f"{counted(len(findings), kind)} ({column_title(column)})"
            title = f"{_most_frequent(odd_texts, findings)} in {where}"
            yield FindingGroup("characters", title, _by_severity(findings))


def encodings(splits: Sequence[DataSplit], forms: Sequence[str]) -> Iterator[FindingGroup]:
    """Bytes that are not in the encoding of the rest, and words that were decoded with the wrong encoding."""
    problems = {word: problem for word in forms if (problem := _badly_decoded(word))}
    findings = []
    for at in occurrences(splits, set(problems)):
        severity, message = problems[at.sentence.words[at.word]]
        findings.append(
            Finding(severity, at.place, message, details={"word": _printable_bytes(at.sentence.words[at.word])})
        )
    if findings:
        yield FindingGroup(
            "encoding", f"{counted(len(findings), 'word')} in another encoding than the rest", _by_severity(findings)
        )


def normal_forms(splits: Sequence[DataSplit], forms: Sequence[str]) -> Iterator[FindingGroup]:
    """Words in the rarer of two normal forms, composed (NFC) or not; a warning if a word occurs in both."""
    by_form: dict[bool, dict[str, str]] = {True: {}, False: {}}  # composed? -> word -> its other form
    for word in forms:
        composed = unicodedata.normalize("NFC", word)
        if word != composed:
            by_form[False][word] = composed
        elif word != (decomposed := unicodedata.normalize("NFD", word)):
            by_form[True][word] = decomposed
    if not (by_form[True] and by_form[False]):
        return
    rare_form = len(by_form[True]) <= len(by_form[False])
    name, usual = ("NFC", "not in NFC") if rare_form else ("not in NFC", "NFC")
    twins = {unicodedata.normalize("NFC", word) for word in by_form[not rare_form]}
    findings = []
    for at in occurrences(splits, set(by_form[rare_form])):
        word = at.sentence.words[at.word]
        twin = unicodedata.normalize("NFC", word) in twins
        message = f"{quoted(word)} ({_codes(word)}) is {name}, as most words are {usual}"
        if twin:
            message = f"{quoted(word)} ({_codes(word)}) is {name} and also occurs in another form, as another word"
        details = {"word": word, "other_form": by_form[rare_form][word], "twin": twin}
        findings.append(Finding("warning" if twin else "note", at.place, message, details=details))
    n_rare, n_usual = len(by_form[rare_form]), len(by_form[not rare_form])
    title = f"mixed Unicode normal forms: {n_rare:,} distinct words {name}, {n_usual:,} {usual}"
    yield FindingGroup("normal-form", title, _by_severity(findings))


def unusual_words(words: Iterable[str]) -> list[str]:
    """Return the distinct words that the checks below may report: ``forms``."""
    return [word for word in words if not (word.isascii() and word.isprintable() and word[0] != " " != word[-1])]


def _odd(text: str) -> dict[str, str]:
    """Return the odd characters of a text, each with its severity."""
    severities = {}
    if not text.isprintable() or not BLANK.isdisjoint(text):
        for i, character in enumerate(text):
            if (not character.isprintable() or character in BLANK) and not _badly_decoded(character):
                if character in JOINERS and joins(text, i):
                    continue
                noted = character == "\u3000" or unicodedata.category(character) in _NOTED
                severities[character] = "note" if noted else "warning"
    if text != text.strip(" "):
        severities[" "] = "warning"
    return severities


def _odd_finding(kind: str, text: str, odd_texts: dict[str, dict[str, str]], at: Occurrence) -> Finding:
    odd = odd_texts[text]
    names = ", ".join(_character_name(character) for character in odd)
    if odd.keys() == {" "}:
        names = "a space at its edge"
    details: dict[str, Any] = {kind: text, "characters": list(map(code_point, odd))}
    severity = "warning" if "warning" in odd.values() else "note"
    return Finding(severity, at.place, f"the {kind} {quoted(text)} holds {names}", details=details)


def _character_name(character: str) -> str:
    category = unicodedata.category(character)
    name = unicodedata.name(character, _UNNAMED.get(category, ""))
    return f"{code_point(character)} {name}"


def _most_frequent(odd_texts: dict[str, dict[str, str]], findings: Sequence[Finding]) -> str:
    """Describe the most frequent odd characters."""
    counts = Counter(code for finding in findings for code in finding.details["characters"])
    characters = set().union(*odd_texts.values())
    names = {code_point(c): _character_name(c) if c != " " else "a space at the edge" for c in characters}
    first = ", ".join(names[code] for code, _ in counts.most_common(2))
    return first + (f" and {counted(len(counts) - 2, 'other character')}" if len(counts) > 2 else "")


def _badly_decoded(text: str) -> tuple[str, str] | None:
    """Return (severity, message) if a word was decoded with the wrong encoding, else None."""
    if text.isascii():
        return None
    escaped = [c for c in text if "\udc80" <= c <= "\udcff"]
    if escaped:
        code = ", ".join(f"0x{ord(c) - 0xDC00:02X}" for c in escaped)
        return (
            "error",
            f"the word {quoted(_printable_bytes(text))} holds bytes that are not UTF-8 ({code}), as the rest is",
        )
    if _REPLACEMENT in text:
        return "warning", f"the word {quoted(text)} holds U+FFFD, left where something could not be decoded"
    for encoding in ("cp1252", "latin-1"):
        try:
            decoded = text.encode(encoding).decode()
        except UnicodeError:
            continue
        return "warning", f"the word {quoted(text)} was UTF-8 read as {encoding}, probably {quoted(decoded)}"
    controls = [c for c in text if "\x80" <= c <= "\x9f" and c != "\x85"]
    if controls:
        codes = ", ".join(map(code_point, controls))
        return "warning", f"the word {quoted(text)} holds control characters ({codes}): was cp1252 read as latin-1?"
    return None


def _printable_bytes(text: str) -> str:
    """Return text in which bytes that are not UTF-8 are written as ``\\xe9``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _codes(text: str) -> str:
    """Return the code points of the first non-ASCII character and its combining marks."""
    i = next(i for i, c in enumerate(text) if not c.isascii())
    start = i - 1 if i and unicodedata.combining(text[i]) else i
    end = next((j for j in range(i + 1, len(text)) if not unicodedata.combining(text[j])), len(text))
    return " ".join(map(code_point, text[start:end]))


def _by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings by severity, most severe first."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
