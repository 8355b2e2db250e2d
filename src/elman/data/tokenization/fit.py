"""Find the ``TokenRules`` under which raw text is cut into the words of the training sentences."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from elman.data.formats.tokenizer import is_unspaced
from elman.data.sentence import Sentence
from elman.data.tokenization.rules import TokenRules
from elman.data.tokenization.rules_record import MOST
from elman.data.tokenization.spacing import SpacingGuess, has_spacing, true_tokens
from elman.data.tokenization.tokenizer import LONGEST, Token, Tokenizer

SENTENCES = 10_000
"""Sentences that are looked at, evenly spread over the training data."""
CHARACTERS = 30_000
"""Characters of the distinct stretches between spaces by which choices are compared, the most frequent ones."""
ROUNDS = 2
FEWEST = 3
"""How often a prefix or suffix must occur as a word of its own."""
SHARE = 0.01
"""Share of words from which a property of words is one of the text."""
_SUFFIX = re.compile(r"n?['-]\w{1,3}")
_PREFIX = re.compile(r"\w{1,4}'")
_APOSTROPHES = "'’‘`´"
MARKS = {
    "apostrophes": _APOSTROPHES,
    "hyphens": "-",
    "slashes": "/",
    "periods": ".",
    "ampersands": "&",
    "numbers": r"\d",
    "units": r"\d",
    "currency": "$€£¥",
    "percent": "%",
    "tags": "#@",
    "ellipses": ".",
    "runs": "!?",
    "dashes": r"\-=*_~+",
    "initials": ".",
    "urls": "./@",
    "smileys": r":;=8^<",
}
"""The choices that are tried, and the marks of a text that they concern."""
_GAPS = re.compile("[ \t\r\n]+")
_CURLY = str.maketrans("’‘`´", "''''")
_ALONE = (("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("lem", "me"), ("gim", "me"))
"""English words that some treebanks split, and whose parts hardly occur otherwise."""

Chunk = tuple[Token, ...]
Known = Callable[[str], bool]


def fit(sentences: Sequence[Sentence]) -> TokenRules | None:
    """Return the rules that fit the words of sentences best; None without words.

    The spaces of CoNLL-U are those of its text; those of other sentences are guessed.
    """
    some = sentences[:: max(1, len(sentences) // SENTENCES)]
    some = [sentence for sentence in some if sentence.words]
    if not some:
        return None
    vocabulary = Counter(word for sentence in some for word in sentence.words)
    if has_spacing(some[:1_000]):
        rows = [true_tokens(sentence) for sentence in some if sentence.format == "conllu"]
    else:
        guess = SpacingGuess(vocabulary)
        rows = [guess.tokens(sentence.words) for sentence in some]
    known = vocabulary.__contains__
    rules = _facts(vocabulary, rows)
    chunks = _counted(rows)
    rules = _chosen(rules, dict(_telling(chunks)), known)
    rules = _with_exceptions(rules, chunks, known)
    return replace(rules, sentences=_cuts_lines(rules, rows))


def _facts(vocabulary: Counter[str], rows: Sequence[Sequence[Token]]) -> TokenRules:
    """Return the rules that are seen in the words, all others as by default."""
    n_words = vocabulary.total()
    folded: Counter[str] = Counter()
    for word, n in vocabulary.items():
        folded[word.lower().translate(_CURLY)] += n
    in_two = {
        first.lower() + second.lower()
        for row in rows
        for first, second in pairwise([word for token in row for word in token.words])
        if (first.lower(), second.lower()) in _ALONE
    }
    alone = {"".join(parts): parts for parts in _ALONE if "".join(parts) in in_two}
    multiword = [token for row in rows for token in row if len(token.words) > 1]
    glued = Counter(
        (token.form + after.form).lower().translate(_CURLY)
        for row in rows
        for token, after in pairwise(row)
        if not token.space
    )
    suffixes = [word for word, n in folded.items() if n >= FEWEST and _SUFFIX.fullmatch(word)]
    prefixes = [word for word, n in folded.items() if n >= FEWEST and _PREFIX.fullmatch(word)]
    ends = Counter({word: sum(n for form, n in glued.items() if form.endswith(word)) for word in suffixes})
    starts = Counter({word: sum(n for form, n in glued.items() if form.startswith(word)) for word in prefixes})
    apart = ends.total() + starts.total()
    ends.update(token.words[-1].lower().translate(_CURLY) for token in multiword)
    starts.update(token.words[0].lower().translate(_CURLY) for token in multiword)
    return TokenRules(
        punctuation=_has_marks_apart(vocabulary),
        multiword=sum("".join(token.words) == token.form for token in multiword) > apart,
        escapes=vocabulary["-LRB-"] > vocabulary["("],
        quotes=vocabulary["``"] > vocabulary['"'],
        phrases=sum(n for word, n in vocabulary.items() if " " in word.strip()) > SHARE * n_words,
        unspaced=sum(n for word, n in vocabulary.items() if is_unspaced(word)) > SHARE * n_words,
        suffixes=tuple(sorted(word for word in suffixes if ends[word])),
        prefixes=tuple(sorted(word for word in prefixes if starts[word])),
        splits={form: words for form, words in alone.items() if folded[form] < folded[words[0]]},
    )


def _has_marks_apart(vocabulary: Counter[str]) -> bool:
    """Return whether no more punctuation marks are attached to words than are words of their own.

    Periods count only if all are attached: of a few abbreviations there are many in some texts.
    """
    marks = ",;:!?" if vocabulary["."] else ",;:!?."
    attached = sum(n for word, n in vocabulary.items() if word[-1:] in marks and any(map(str.isalnum, word)))
    return sum(vocabulary[mark] for mark in marks) >= attached


def _counted(rows: Iterable[Sequence[Token]]) -> Counter[Chunk]:
    """Count the tokens of sentences that stand together, in the order of their first occurrence.

    Most are single words: these are counted by their letters, which is faster.
    """
    counts = Counter(
        chunk[0].form if len(chunk) == 1 and chunk[0].words == (chunk[0].form,) else chunk
        for row in rows
        for chunk in _chunks(row)
    )
    return Counter({(Token(key, (key,)),) if isinstance(key, str) else key: n for key, n in counts.items()})


def _chunks(row: Sequence[Token]) -> Iterator[Chunk]:
    """Yield the tokens of a sentence that stand together; of a token with spaces each part is one."""
    chunk: list[Token] = []
    for token in row:
        if not token.form.isalnum() and _GAPS.search(token.form):
            *others, last = [part for part in _GAPS.split(token.form) if part] or [token.form]
            for part in others:
                yield (*chunk, Token(part, (part,)))
                chunk = []
            token = Token(last, (last,) if others else token.words, token.space)
        chunk.append(Token(token.form, token.words) if token.space else token)
        if token.space:
            yield tuple(chunk)
            chunk = []
    if chunk:
        yield tuple(chunk)


def _telling(chunks: Counter[Chunk]) -> Iterator[tuple[Chunk, int]]:
    """Yield the most frequent chunks that rules can cut, with their counts."""
    size = 0
    for chunk, n in chunks.most_common():
        length = sum(len(token.form) for token in chunk)
        if length > CHARACTERS:  # no word of a text
            continue
        if len(chunk) > 1 or len(chunk[0].words) > 1 or not chunk[0].form.isalpha() or is_unspaced(chunk[0].form):
            yield chunk, n
            size += length
            if size > CHARACTERS:
                return


class _Trial:
    """Counts the errors of rules on chunks; only those that a change can concern are cut again."""

    def __init__(self, rules: TokenRules, chunks: Mapping[Chunk, int], known: Known) -> None:
        self._known = known
        self._chunks = [(_form(chunk), chunk, frozenset(_spans(chunk)), n) for chunk, n in chunks.items()]
        self._errors = [0] * len(self._chunks)
        self.rules = rules
        self._keep(rules, range(len(self._chunks)))

    def prefer(self, rules: TokenRules, marks: str) -> None:
        """Take over the rules if they make fewer errors; they differ only where a chunk has one of these ``marks``."""
        concerned = self._with(marks)
        before = sum(self._errors[i] for i in concerned)
        tokenizer = Tokenizer(rules, self._known)
        if sum(self._of(tokenizer, i) for i in concerned) < before:
            self._keep(rules, concerned)

    def _keep(self, rules: TokenRules, concerned: Iterable[int]) -> None:
        self.rules, tokenizer = rules, Tokenizer(rules, self._known)
        for i in concerned:
            self._errors[i] = self._of(tokenizer, i)

    def _with(self, marks: str) -> list[int]:
        pattern = re.compile(f"[{marks}]")
        return [i for i, (form, *_) in enumerate(self._chunks) if pattern.search(form)]

    def _of(self, tokenizer: Tokenizer, i: int) -> int:
        """Return how many words of a chunk are missed, or found where there are none."""
        form, chunk, gold, n = self._chunks[i]
        found = tokenizer.cut(form)
        return 0 if found == chunk else n * len(gold.symmetric_difference(_spans(found)))


def _chosen(rules: TokenRules, chunks: Mapping[Chunk, int], known: Known) -> TokenRules:
    """Return the rules with those choices that cut the chunks with the fewest errors."""
    trial = _Trial(rules, chunks, known)
    for _ in range(ROUNDS):
        before = trial.rules
        for name, marks in MARKS.items():
            trial.prefer(trial.rules.toggled(name), marks)
        for suffix in before.suffixes:
            trial.prefer(replace(trial.rules, suffixes=_without(trial.rules.suffixes, suffix)), f"{_APOSTROPHES}-")
        for prefix in before.prefixes:
            trial.prefer(replace(trial.rules, prefixes=_without(trial.rules.prefixes, prefix)), f"{_APOSTROPHES}-")
        if trial.rules == before:
            break
    return trial.rules


def _without(affixes: Sequence[str], affix: str) -> tuple[str, ...]:
    return tuple(each for each in affixes if each != affix)


def _form(chunk: Iterable[Token]) -> str:
    return "".join(token.form for token in chunk)


def _spans(chunk: Iterable[Token]) -> list[tuple[int, int, str]]:
    """Return the words of a chunk by their place; words that are not the letters of their token by its place."""
    spans = []
    at = 0
    for token in chunk:
        end = at + len(token.form)
        if len(token.words) > 1 and "".join(token.words) == token.form:
            spans += [(i, j, "") for i, j in pairwise(accumulate(map(len, token.words), initial=at))]
        else:
            spans += [(at, end, word) for word in token.words] if len(token.words) > 1 else [(at, end, "")]
        at = end
    return spans


def _with_exceptions(rules: TokenRules, chunks: Counter[Chunk], known: Known) -> TokenRules:
    """Return the rules with the words that stay whole, or are split, against the choices, if that helps on balance."""
    if not rules.punctuation:
        return rules
    whole, splits = _candidates(Tokenizer(rules, known), chunks)
    chosen = {form: max(sorted(words), key=words.__getitem__) for form, words in splits.items()}
    gains = Counter({form: words[chosen[form]] for form, words in splits.items()}) + whole
    trial = replace(rules, whole=frozenset(whole), splits={**rules.splits, **chosen})
    tokenizer = Tokenizer(trial, known)
    for chunk, n in chunks.items():
        found = tokenizer.cut(_form(chunk))
        if found == chunk:
            continue
        gold = set(_spans(chunk))
        at = 0
        for token in found:
            end = at + len(token.form)
            form = token.form if token.form in whole else token.form.lower()
            if form in gains and not {(i + at, j + at, word) for i, j, word in _spans([token])} <= gold:
                gains[form] -= n
            at = end
    kept = frozenset(form for form in _best(gains, whole) if gains[form] > (form[-1] != "."))
    of_words = {form: chosen[form] for form in _best(gains, splits) if gains[form] > 1}
    return replace(rules, whole=kept, splits={**rules.splits, **of_words})


def _best(gains: Counter[str], words: Iterable[str]) -> list[str]:
    """Return the words with the largest gains, as many as a model file may hold."""
    return sorted(words, key=lambda word: (-gains[word], word))[: MOST // 2]


def _candidates(
    tokenizer: Tokenizer, chunks: Counter[Chunk]
) -> tuple[Counter[str], dict[str, Counter[tuple[str, ...]]]]:
    """Return the words that the rules cut wrongly, and the forms that they do not split, with their words."""
    whole: Counter[str] = Counter()
    splits: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for chunk, n in chunks.items():
        form = _form(chunk)
        found = tokenizer.cut(form)
        if found == chunk:
            continue
        of_found, gold = set(_spans(found)), set(_spans(chunk))
        for i, j, word in gold - of_found:
            text = form[i:j]
            if not word and _is_plain(text) and tokenizer.cut(text) != (Token(text, (text,)),):
                whole[text] += n
        at = 0
        for token in found:
            end = at + len(token.form)
            inside = [(i, j) for i, j, word in sorted(gold) if at <= i and j <= end and not word]
            is_cut = len(inside) > 1 and (inside[0][0], inside[-1][1]) == (at, end)
            if is_cut and len(token.words) == 1 and any(map(str.isalpha, token.form)) and _is_plain(token.form):
                splits[token.form.lower()][tuple(form[i:j].lower() for i, j in inside)] += n
            at = end
        for token in chunk:
            if len(token.words) > 1 and "".join(token.words) != token.form and _is_plain(token.form):
                splits[token.form.lower()][tuple(map(str.lower, token.words))] += n
    return whole, splits


def _is_plain(form: str) -> bool:
    return 1 < len(form) <= LONGEST and "\0" not in form


def _cuts_lines(rules: TokenRules, rows: Sequence[Sequence[Token]]) -> bool:
    """Return whether the ends of sentences can be told: more of the ends inside a line are right than wrong."""
    tokenizer = Tokenizer(replace(rules, sentences=True), bool)
    right = wrong = 0
    for row, after in pairwise(rows):
        line = [*row[:-1], row[-1]._replace(space=True), *after[:1]]
        ends = tokenizer.ends(line)[:-1]
        right += len(row) in ends
        wrong += len(ends) - (len(row) in ends)
    return right > wrong
