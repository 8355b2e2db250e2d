"""``elman.check`` and ``elman.convert``: labelled data examined, and written in another format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from elman.data.corpus import Data, Path, ReadOptions, as_items, iter_labelled
from elman.data.formats import check_output, column_names
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.utils.arguments import check_callbacks, check_flag, check_text, described, is_path, path_text, path_texts
from elman.utils.display import shown
from elman.utils.files import check_not_an_input, input_files
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.data.checks import CheckReport, DataSplit
    from elman.data.convert import ConversionResult
    from elman.utils.resumption import Resumption

Columns = str | Sequence[str] | None


def check(
    data: Data = (),
    *,
    train: Data = (),
    dev: Data = (),
    test: Data = (),
    target: Columns = None,
    format: str | None = None,
    encoding: str = "utf-8",
    on_note: Callable[[str], None] | None = None,
) -> CheckReport:
    """Find mistakes in labelled data, as ``elman check`` does.

    ``data``              a path, several paths, or sentences as for ``elman.train``. A file belongs to train, dev or
                          test if its name says so, else it is a split of its own, as sentences are
    ``train``, ``dev``, ``test``  the data of each split, likewise
    ``target``            the label columns to check; by default the format's own
    ``format``, ``encoding``  of the files; by default the format is what they look like
    ``on_note``           is called with a line for each file: what it was read as

    The ``groups`` of the report hold the findings, the most severe first; ``counts`` their numbers by severity. Lines
    count from 1; of sentences made in Python the "line" is the number of the sentence in its split. Raises DataError
    if data cannot be read or has no sentences, ConfigError for a column or format that does not exist.
    """
    from elman.data.checks import examine, read_splits

    check_callbacks(on_note=on_note)
    check_text("format", format)
    options = ReadOptions(column_names(target), format, encoding)
    files: dict[str, list[str]] = {}
    made: list[tuple[str, str, list[Any]]] = []
    for role, given in (("", data), ("train", train), ("dev", dev), ("test", test)):
        items = list(as_items(given))
        if items and is_path(items[0]):
            files[role] = path_texts(role or "data", items)
        elif items:
            made.append((role or "data", role, items))
    if not files and not made:
        raise ConfigError("check: expected data: a path, paths or sentences, or train=, dev=, test=; got nothing")
    notes: list[str] = []
    splits = read_splits(files, files.pop("", []), options, notes) if files else []
    for name, role, items in made:
        splits.append(_split(name, role, items, options, splits))
    if on_note is not None:
        for note in notes:
            on_note(note)
    order = ("train", "dev", "test", "")
    return examine(sorted(splits, key=lambda split: order.index(split.role)))


def _split(name: str, role: str, items: Iterable[Any], options: ReadOptions, before: Sequence[DataSplit]) -> DataSplit:
    """Return sentences made in Python as a split, their columns named as in the splits ``before``."""
    from elman.data.checks.findings import LABEL_PREFIX, DataSplit

    targets: tuple[str, ...] | None = None
    if before:
        columns = before[0].sentences[0].columns
        targets = tuple(column for column in columns if not column.startswith(LABEL_PREFIX))
    sentences = []
    for number, (sentence, keys) in enumerate(iter_labelled(items, options), start=1):
        targets = keys.words if targets is None else targets
        if len(keys.words) != len(targets):
            expected = f"expected {len(targets)} columns of tags, as in the data before, found {len(keys.words)}"
            raise ConfigError(f"{name}, sentence {number}: {expected}; target= says which")
        own = {new: sentence.columns[old] for new, old in zip(targets, keys.words, strict=True)}
        own |= {LABEL_PREFIX + label: (value,) for label, value in sentence.labels.items()}
        sentences.append(Sentence(sentence.words, own, name, number))
    return DataSplit(name, role, (), sentences)


def convert(
    src: Path | Sequence[Path],
    dst: Path,
    *,
    to: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    target: Columns = None,
    label: Columns = None,
    scheme: str | None = None,
    lenient: bool = False,
    drop: str | Iterable[str] = (),
    spans: str | None = None,
    names: str | None = None,
    on_write: Callable[[Sentence], object] | None = None,
    resume: Resumption | None = None,
) -> ConversionResult:
    """Write labelled files in another format, all or nothing, as ``elman convert`` does.

    ``src``      a path, or several to write as one file
    ``dst``      the file to write, in UTF-8
    ``to``       the format to write; by default what the name of ``dst`` ends in
    ``format``   the format of the input; by default what it looks like
    ``target``, ``label``  the label columns and the labels of texts to write; by default all
    ``scheme``   the scheme to write span tags in: ``bioes`` …; ``lenient``: read illegal tags as conlleval does
    ``drop``     what may be left out if ``dst`` cannot hold it: ``"comments"``, ``["labels", "columns"]`` …, ``"all"``
    ``spans``    ``refuse`` or ``widen`` spans of characters that do not end at word borders
    ``names``    the names of tags that are numbers: ``"O,B-LOC,…"`` or a JSON file with them
    ``on_write`` is called with each sentence that is written
    ``resume``   an ``elman.utils.resumption.Resumption``: ``dst`` is gone on with after an early end

    Raises DataError, with the line, for input that cannot be read and for what the format cannot hold; ConfigError for
    content that it cannot hold and that ``drop`` does not name; OutputError if ``dst`` cannot be written.
    """
    from elman.data.convert import DROPPABLE, ConversionRequest, convert as write, output_format_of

    paths, output = input_files(path_texts("src", src)), path_text("dst", dst)
    if not paths:
        raise ConfigError("src: expected a path or a list of paths, got an empty list")
    check_flag("lenient", lenient)
    check_callbacks(on_write=on_write)
    given = {"spans": spans, "names": names}
    for name, value in {"to": to, "format": format, "scheme": scheme, **given}.items():
        check_text(name, value)
    check_not_an_input(output, paths)
    if to is not None:
        check_output(to, columns=0)
    if resume is not None and not hasattr(resume, "open"):
        raise ConfigError(f"resume: expected elman.utils.resumption.Resumption, got {described(resume)}")
    if spans not in (None, "refuse", "widen"):
        raise ConfigError(f"spans: expected refuse or widen, got {shown(spans)}")
    request = ConversionRequest(
        output_format_of(output, to),
        format,
        encoding,
        target=column_names(target),
        label=column_names(label),
        scheme=scheme,
        lenient=lenient,
        drop=_kinds(drop, DROPPABLE),
        options={key: value.replace(",", " ") for key, value in given.items() if value is not None},
    )
    return write(paths, output, request, on_write, resume)


def _kinds(drop: str | Iterable[str], known: Sequence[str]) -> frozenset[str]:
    """Return the kinds of content to drop. Raises ConfigError for an unknown one."""
    if not isinstance(drop, str) and not isinstance(drop, Iterable):
        raise ConfigError(f"drop: expected kinds of content, got {shown(drop)}; they are {', '.join(known)} or all")
    kinds = [kind.strip() for kind in drop.split(",")] if isinstance(drop, str) else list(drop)
    for kind in filter(None, kinds):
        if kind not in (*known, "all"):
            near = did_you_mean(str(kind), known)
            raise ConfigError(f"drop: no kind {shown(kind)}; expected {', '.join(known)} or all{near}")
    return frozenset(known if "all" in kinds else filter(None, kinds))
