"""What of some files is written in another format; what that cannot hold is refused or, by request, left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from elman.data import schemes
from elman.data.convert.survey import COMMENTS, EMPTY_NODES, FIELDS, MULTIWORD, PHRASES, Survey, describe_extras
from elman.data.formats import HOLDS, OUTPUT_FORMATS
from elman.data.formats.conllu import COLUMNS
from elman.data.formats.endings import output_format
from elman.errors import ConfigError
from elman.utils.display import shown

DROPPABLE = ("columns", "labels", "words", COMMENTS, MULTIWORD, EMPTY_NODES, PHRASES, FIELDS)
"""Kinds of what can be left out, see ``docs/formats.md``."""
JSON_FORMATS = ("jsonl", "json")
"""Formats that keep the other fields of records."""
SPAN_FORMATS = ("prodigy", "doccano")
"""Formats of spans, to which tags have to be in IOB2 or to be made so."""


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """What is asked for.

    ``to``, ``source``   the format to write; that of the input, with options, or None for what it looks like
    ``target``, ``label`` the columns and the labels of sentences to write; None: all
    ``scheme``           the scheme of spans to write tags in; None: as they are
    ``lenient``          illegal sequences of tags are read as conlleval reads them, not refused
    ``drop``             kinds (``DROPPABLE``) that are left out where the target cannot hold them
    ``options``          options of the source's format, whichever that is
    """

    to: str
    source: str | None = None
    encoding: str = "utf-8"
    target: tuple[str, ...] | None = None
    label: tuple[str, ...] | None = None
    scheme: str | None = None
    lenient: bool = False
    drop: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversionPlan:
    """What is written.

    ``in_place``  the format stays: lines stay as they are but for the tags of ``anew``, those of ``schemes`` or named
    ``columns``   the columns, ``labels`` the labels of sentences
    ``schemes``   column -> its scheme and the one it is written in
    """

    to: str
    in_place: bool
    columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    schemes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lenient: bool = False
    notes: Sequence[str] = ()
    anew: tuple[str, ...] = ()


def output_format_of(path: str, asked: str | None = None) -> str:
    """The format of an output. Raises ConfigError where neither its name nor ``asked`` says, or they disagree."""
    found = output_format(path, asked, "--to")
    if found is None:
        raise ConfigError(f"{path}: which format? pass --to, one of: {', '.join(OUTPUT_FORMATS)}")
    return found


def plan_conversion(survey: Survey, request: ConversionRequest, chosen: tuple[str, ...] | None) -> ConversionPlan:
    """The plan. ``chosen``: the columns that ``request.target`` means.

    Raises ConfigError: what the target cannot hold and is not to be left out, a choice that has to be made.
    """
    holds = HOLDS[request.to]
    in_place = set(survey.formats) == {request.to} and request.label is None
    columns = tuple(survey.columns) if chosen is None else chosen
    labels = tuple(survey.labels) if request.label is None else request.label
    for name in labels:
        if name not in survey.labels:
            raise ConfigError(
                f"--label: no sentence has a label {shown(name)}; there is: {', '.join(survey.labels) or 'none'}"
            )
    if in_place:
        found = _schemes(survey, request, columns)
        anew = columns if "names" in request.options else tuple(found)
        return ConversionPlan(request.to, True, columns, labels, found, request.lenient, anew=anew)
    losses = _beside(survey, request.to)
    if request.to in ("csv", "tsv") and columns and labels:  # a word a row or a text a row
        if "labels" not in request.drop and "columns" in request.drop:
            losses["columns"], columns = f"columns ({', '.join(columns)})", ()
        else:
            losses["labels"], labels = f"labels of sentences ({', '.join(labels)})", ()
    if not holds.columns:
        losses |= {"columns": f"columns ({', '.join(columns)})"} if columns else {}
        columns = ()
    elif len(columns) > holds.columns:
        raise ConfigError(f"{request.to} holds one tag a word: choose a column with --target: {', '.join(columns)}")
    if not holds.labels:
        losses |= {"labels": f"labels of sentences ({', '.join(labels)})"} if labels else {}
        labels = ()
    elif len(labels) > holds.labels and "label" in labels and "labels" in request.drop:
        losses["labels"], labels = f"other labels of sentences than label ({', '.join(labels)})", ("label",)
    elif len(labels) > holds.labels:
        raise ConfigError(f"{request.to} holds one label a sentence: choose one with --label: {', '.join(labels)}")
    if not holds.words:
        losses["words"] = "the words" if request.to == "tags" else "where words begin and end"
    refused = [kind for kind in losses if kind not in request.drop]
    if refused:
        what = ", ".join(losses[kind] for kind in refused)
        raise ConfigError(f"{request.to} cannot hold {what}; to leave that out, pass --drop {','.join(refused)}")
    _check_columns(columns, request, holds.columns)
    notes = [f"left out: {', '.join(losses.values())}"] if losses else []
    if survey.without_words and request.to in ("columns", "conllu", "conllup", "csv", "tsv"):
        notes.append(f"left out: sentences without words ({survey.without_words:,})")
    if request.to == "columns" and columns:
        notes.append(f"columns: 1 the word, {', '.join(f'{i} {name}' for i, name in enumerate(columns, 2))}")
    found = _schemes(survey, request, columns)
    return ConversionPlan(request.to, False, columns, labels, found, request.lenient, notes)


def _beside(survey: Survey, to: str) -> dict[str, str]:
    """What stands beside the words and cannot in that format, by kind, in words."""
    found = describe_extras(survey.beside)
    fields = survey.foreign if to in JSON_FORMATS else survey.fields
    lost = [text for key, text in fields.items() if key not in survey.columns and key not in survey.labels]
    if lost:
        found[FIELDS] = f"fields ({', '.join(lost)})"
    return found


def _check_columns(columns: Sequence[str], request: ConversionRequest, n_held: int) -> None:
    """Raise ConfigError for too few columns, or columns that have no place in CoNLL-U."""
    if not columns and n_held == 1 and request.to not in SPAN_FORMATS:
        raise ConfigError(f"{request.to} needs a tag for each word, and there is none; text and jsonl hold words alone")
    foreign = [name for name in columns if name.lower() not in COLUMNS]
    if request.to == "conllu" and foreign and len(columns) > 1:
        raise ConfigError(
            f"conllu has no columns {', '.join(foreign)}; choose one that goes to upos with --target, or --to conllup"
        )


def _schemes(survey: Survey, request: ConversionRequest, columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The columns whose tags change: the scheme they are in, and the other."""
    if request.scheme is None and request.to not in SPAN_FORMATS:
        return {}
    wanted = schemes.scheme_by_name(request.scheme) if request.scheme is not None else "iob2"
    found = {}
    for name in columns:
        detected = (
            survey.columns[name].found() if name in survey.columns else schemes.SchemeDetection(schemes.NO_SCHEME)
        )
        if detected.scheme != schemes.NO_SCHEME and (detected.scheme != wanted or detected.breaks):
            found[name] = (detected.scheme, wanted)
        elif detected.scheme == schemes.NO_SCHEME and name in survey.columns and survey.columns[name].breaks("io"):
            if request.target is not None or len(columns) == 1:  # else it is none of those that are meant
                raise ConfigError(f"column {name}: its tags mark no spans (B-, I-, O …), so they are in no scheme")
    return found
