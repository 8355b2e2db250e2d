"""``elman tag --stream``: endless text, or columns, tagged as it comes, in constant memory."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from elman.cli.loading import load_model
from elman.cli.outputs import check_not_an_input
from elman.data.formats.endings import output_format
from elman.data.targets import fit_word_tag
from elman.errors import ConfigError, DataError
from elman.utils.display import shown

if TYPE_CHECKING:
    from elman.cli.commands.tag import Options
    from elman.models.streaming import Stream
    from elman.taggers.tagger import Tagger

AT_ONCE = 256
"""Words tagged in one call at most: with more the first of them would wait."""
LONGEST = 1_000_000
"""Characters of a word at most."""

_GAP = re.compile("([ \r\n]+)")

Piece = tuple[str, Callable[[str], str] | None]
"""Text that is written as it is (with None); or a word, and what makes its output from its tag."""


class Delays:
    """A histogram of delays, in steps of a quarter of an octave from a microsecond."""

    STEP = 2**0.25

    def __init__(self) -> None:
        self.counts = [0] * 160
        self.longest = 0.0

    def add(self, seconds: float, times: int) -> None:
        """Count a delay ``times`` times."""
        at, top = 0, 1e-6
        while seconds > top and at < len(self.counts) - 1:
            at, top = at + 1, top * self.STEP
        self.counts[at] += times
        self.longest = max(self.longest, seconds)

    def share(self, share: float) -> float:
        """Return the quantile ``share`` in seconds, to a step."""
        need, seen, top = share * sum(self.counts), 0, 1e-6
        for count in self.counts:
            seen += count
            if seen >= need:
                break
            top *= self.STEP
        return min(top, self.longest)


def tag_stream(options: Options) -> None:
    """Write the words of endless text with their tags."""
    from elman.taggers.tagger import Tagger
    from elman.utils.files import OutputFile, input_files

    _refuse(options)
    check_not_an_input(options.output, (options.model, *options.files))
    notes = options.notes()
    tagger = load_model(options.model, options, notes, options.files)
    format = (options.format or "text").partition(":")[0]
    if tagger.reads_features:
        raise ConfigError(f"--stream: {options.model} reads features with each word, which endless text does not have")
    if not isinstance(tagger, Tagger):
        task = "document labels" if tagger.text_targets else f"the task {tagger.task}"
        raise ConfigError(f"stream: expected a recurrent network that tags words, got {task}")
    stream = tagger.stream(options.lookahead, _column(tagger, options.target, format))
    _check_tags(stream.tags, format)
    delays, words, began = Delays(), 0, time.perf_counter()
    with OutputFile(options.output, encoding=options.encoding) as out:
        for path in input_files(options.files or ("-",)):
            pieces = _text(path, options) if format == "text" else _lines(path, tagger, options)
            for text, n, seconds in _tagged(pieces, stream):
                out.write(text)
                out.flush()
                words += n
                delays.add(seconds, n)
    if words:
        speed = words / max(time.perf_counter() - began, 1e-9)
        notes.add(
            f"stream: {words:,} words, {speed:,.0f} a second; a tag came {stream.lookahead} words behind its word and "
            f"within {_ms(delays.share(0.5))} in half of the cases, {_ms(delays.share(0.99))} in 99 %, at most "
            f"{_ms(delays.longest)}"
        )
    notes.show()


def _refuse(options: Options) -> None:
    """Raise ConfigError for options that need whole sentences."""
    if options.resume:
        raise ConfigError("--resume: not with --stream, which reads text that has no end")
    if not options.stream:
        raise ConfigError("--lookahead: goes with --stream; whole sentences are read to their end")
    for name in ("confidence", "min_confidence", "nbest", "output_format", "only_empty", "tokenize"):
        if getattr(options, name):
            option = "as" if name == "output_format" else name.replace("_", "-")
            raise ConfigError(
                f"--{option}: not with --stream, which writes one tag for each word, in the input's format"
            )
    name = (options.format or "text").partition(":")[0]
    if name not in ("text", "columns"):
        raise ConfigError(f"--stream: expected --format text or columns, which can be read word by word, got {name}")
    output_format(options.output, "columns" if name == "columns" else "word_tag", "--stream")


def _column(tagger: Tagger, target: str | None, format: str) -> str | None:
    """Return the label column whose tags are written. Raises ConfigError if it is ambiguous."""
    if len(tagger.word_targets) > 1 and target not in tagger.word_targets:
        raise ConfigError(f"--stream: it writes one column; name it, --target {' or '.join(tagger.word_targets)}")
    return target if len(tagger.targets) > 1 else None


def _check_tags(tags: Sequence[str], format: str) -> None:
    """Raise ConfigError for a tag that cannot be written."""
    if format == "columns":
        from elman.data.formats.fits import find_misfit

        problem = find_misfit(format, {"2": tags}, {})
        if problem:
            raise ConfigError(f"--stream: {problem}")
        return
    bad = next((tag for tag in tags if not fit_word_tag([tag])), None)
    if bad is not None:
        raise ConfigError(
            f"--stream: text holds word_TAG, and the tag {shown(bad)} does not fit in; --format columns has it"
        )


def _text(path: str, options: Options) -> Iterator[list[Piece]]:
    """Yield words and what separates them, as they come. Raises DataError for an endless word."""
    from elman.data.formats.text_io import BOM, text_blocks

    def tagged(word: str) -> Piece:
        return word, lambda tag: f"{word}_{tag}"

    rest, first = "", True
    for block in text_blocks(path, options.encoding):
        if first and block:
            if options.format is None:
                _check_is_text(block, path)
            if block.startswith(BOM):
                block = block[len(BOM) :]
                yield [(BOM, None)]
            first = False
        *parts, rest = _GAP.split(rest + block) if block else (rest, "")
        if len(rest) > LONGEST:
            raise DataError(
                f"a word of more than {LONGEST:,} characters; expected words with spaces between", path=path
            )
        yield [tagged(part) if i % 2 == 0 else (part, None) for i, part in enumerate(parts) if part]


def _check_is_text(block: str, path: str) -> None:
    """Raise ConfigError if input without --format looks like columns, not text."""
    lines = [line for line in block.split("\n") if line.strip() and not line.startswith("#")]
    if 2 * sum("\t" in line for line in lines) > len(lines):
        where = "standard input" if path == "-" else path
        raise ConfigError(f"--stream: {where} has tabs in most lines; say what it is: --format columns, --format text")


def _lines(path: str, tagger: Tagger, options: Options) -> Iterator[list[Piece]]:
    """Yield the line of each word and the lines between them, as they come."""
    from elman.data.formats import columns
    from elman.data.formats.registry import with_options
    from elman.data.formats.text_io import line_blocks

    name, module = with_options(str(options.format))
    head: list[str] = []
    number, place = 0, ""
    for lines in line_blocks(path, options.encoding):
        pieces: list[Piece] = []
        head = head or lines if any(map(_is_word, lines)) else head
        for line in lines:
            number += 1
            try:
                (sentence,) = module.read([line], head or [line], path)  # type: ignore[union-attr]
            except DataError as error:
                raise DataError(error.message, path=path, line=number) from None
            if not sentence.words:
                pieces.append((line, None))
                continue
            own = tagger.target if tagger.format == "columns" and len(tagger.targets) == 1 else None
            place = place or module.target(options.target if len(tagger.targets) == 1 else own, head, path, False)
            write = lambda tag, one=sentence, at=place: columns.write(one, {at: (tag,)}, None)  # noqa: E731
            pieces.append((sentence.words[0], write))
        yield pieces


def _is_word(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("# ")


def _tagged(blocks: Iterator[list[Piece]], stream: Stream) -> Iterator[tuple[str, int, float]]:
    """Yield (text, number of words, seconds) as tags come."""
    waiting: deque[Piece] = deque()

    def written(tags: Sequence[str]) -> str:
        found: list[str] = []
        rest = iter(tags)
        for tag in rest:
            while waiting[0][1] is None:
                found.append(waiting.popleft()[0])
            _, write = waiting.popleft()
            assert write is not None
            found.append(write(tag))
        while waiting and waiting[0][1] is None:
            found.append(waiting.popleft()[0])
        return "".join(found)

    for pieces in blocks:
        words: list[str] = []
        for piece in pieces:
            waiting.append(piece)
            if piece[1] is not None:
                words.append(piece[0])
            if len(words) == AT_ONCE:
                yield _timed(words, stream.push_all, written)
                words = []
        yield _timed(words, stream.push_all, written)
    yield _timed((), lambda words: stream.finish(), written)


def _timed(
    words: Sequence[str], tags: Callable[[Sequence[str]], Sequence[str]], written: Callable[[Sequence[str]], str]
) -> tuple[str, int, float]:
    began = time.perf_counter()
    text = written(tags(words))
    return text, len(words), time.perf_counter() - began


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2g} ms"
