"""Plan a conversion: what is written, and what the target format cannot hold and is refused or dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from elman.data import schemes
from elman.data.convert.survey import COMMENTS, EMPTY_NODES, FIELDS, MULTIWORD, PHRASES, Survey, describe_extras
from elman.data.formats import HOLDS, OUTPUT_FORMATS
from elman.data.formats.conllu import COLUMNS
from elman.data.formats.endings import output_format
from elman.errors import ConfigError
from elman.utils.display import shown

DROPPABLE = ("columns", "labels", "words", COMMENTS, MULTIWORD, EMPTY_NODES, PHRASES, FIELDS)
"""Kinds of content that can be dropped, see ``docs/reference/formats.md``."""
JSON_FORMATS = ("jsonl", "json")
"""Formats that keep the other fields of records."""
SPAN_FORMATS = ("prodigy", "doccano")
"""Formats of spans, for which tags are converted to IOB2."""


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """What the user asks for.

    ``to``, ``source``     the format to write; that of the input with options, or None to detect it
    ``target``, ``label``  the columns and document labels to write; None: all
    ``scheme``             the span scheme to write tags in; None: unchanged
    ``lenient``            read tags that break their scheme as conlleval does instead of refusing them
    ``drop``               kinds (``DROPPABLE``) to leave out if the target cannot hold them
    ``options``            options of the source format, whichever it is
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

    ``in_place``  the format stays the same: lines are copied except for the tags of the columns ``rewritten``
    ``columns``   the columns, ``labels`` the document labels
    ``schemes``   column -> its scheme, and the scheme to write it in
    """

    to: str
    in_place: bool
    columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    schemes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lenient: bool = False
    notes: Sequence[str] = ()
    rewritten: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the plan whose ``asdict`` was written as JSON, which has no tuples."""
        names = {name: tuple(values[name]) for name in ("columns", "labels", "rewritten")}
        schemes = {name: (old, new) for name, (old, new) in values["schemes"].items()}
        return cls(**{**values, **names, "schemes": schemes})


def output_format_of(path: str, asked: str | None = None) -> str:
    """Return the format of an output. Raises ConfigError if neither name nor ``asked`` tells it, or they disagree."""
    format = output_format(path, asked, "--to")
    if format is None:
        raise ConfigError(f"{path}: which format? pass --to, one of: {', '.join(OUTPUT_FORMATS)}")
    return format


def plan_conversion(
    survey: Survey, request: ConversionRequest, target_columns: tuple[str, ...] | None
) -> ConversionPlan:
    """Return the plan. ``target_columns`` are the columns that ``request.target`` names.

    Raises ConfigError for content that the target cannot hold and that is not to be dropped, or if a choice is needed.
    """
    holds = HOLDS[request.to]
    in_place = set(survey.formats) == {request.to} and request.label is None
    columns = tuple(survey.columns) if target_columns is None else target_columns
    labels = tuple(survey.labels) if request.label is None else request.label
    for name in labels:
        if name not in survey.labels:
            raise ConfigError(
                f"--label: no sentence has a label {shown(name)}; there is: {', '.join(survey.labels) or 'none'}"
            )
    if in_place:
        changed_schemes = _schemes(survey, request, columns)
        rewritten = columns if "names" in request.options else tuple(changed_schemes)
        return ConversionPlan(request.to, True, columns, labels, changed_schemes, request.lenient, rewritten=rewritten)
    losses = _lost_extras(survey, request.to)
    columns, labels = _fit(columns, labels, request, losses)
    if not holds.words:
        losses["words"] = "the words" if request.to == "tags" else "where words begin and end"
    refused = [kind for kind in losses if kind not in request.drop]
    if refused:
        contents = ", ".join(losses[kind] for kind in refused)
        raise ConfigError(f"{request.to} cannot hold {contents}; to leave that out, pass --drop {','.join(refused)}")
    _check_columns(columns, request, holds.columns)
    notes = [f"left out: {', '.join(losses.values())}"] if losses else []
    if survey.without_words and request.to in ("columns", "conllu", "conllup", "csv", "tsv"):
        notes.append(f"left out: sentences without words ({survey.without_words:,})")
    if request.to == "columns" and columns:
        notes.append(f"columns: 1 the word, {', '.join(f'{i} {name}' for i, name in enumerate(columns, 2))}")
    changed_schemes = _schemes(survey, request, columns)
    return ConversionPlan(request.to, False, columns, labels, changed_schemes, request.lenient, notes)


def _fit(
    columns: tuple[str, ...], labels: tuple[str, ...], request: ConversionRequest, losses: dict[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns and labels that the target can hold, and add the others to ``losses``.

    Raises ConfigError if the user has to choose among them.
    """
    holds = HOLDS[request.to]
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
    return columns, labels


def _lost_extras(survey: Survey, to: str) -> dict[str, str]:
    """Describe by kind what accompanies the words and cannot be written in a format."""
    losses = describe_extras(survey.extras)
    fields = survey.foreign if to in JSON_FORMATS else survey.fields
    lost = [text for key, text in fields.items() if key not in survey.columns and key not in survey.labels]
    if lost:
        losses[FIELDS] = f"fields ({', '.join(lost)})"
    return losses


def _check_columns(columns: Sequence[str], request: ConversionRequest, n_held: int) -> None:
    """Raise ConfigError for missing columns, or for columns that CoNLL-U does not have."""
    if not columns and n_held == 1 and request.to not in SPAN_FORMATS:
        raise ConfigError(f"{request.to} needs a tag for each word, and there is none; text and jsonl hold words alone")
    foreign = [name for name in columns if name.lower() not in COLUMNS]
    if request.to == "conllu" and foreign and len(columns) > 1:
        raise ConfigError(
            f"conllu has no columns {', '.join(foreign)}; choose one that goes to upos with --target, or --to conllup"
        )


def _schemes(survey: Survey, request: ConversionRequest, columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the columns whose tags change, with their scheme and the one to write."""
    if request.scheme is None and request.to not in SPAN_FORMATS:
        return {}
    scheme = schemes.scheme_by_name(request.scheme) if request.scheme is not None else "iob2"
    changes = {}
    for name in columns:
        detected = (
            survey.columns[name].found() if name in survey.columns else schemes.SchemeDetection(schemes.NO_SCHEME)
        )
        if detected.scheme != schemes.NO_SCHEME and (detected.scheme != scheme or detected.breaks):
            changes[name] = (detected.scheme, scheme)
        elif detected.scheme == schemes.NO_SCHEME and name in survey.columns and survey.columns[name].breaks("io"):
            if request.target is not None or len(columns) == 1:  # otherwise other columns are meant
                raise ConfigError(f"column {name}: its tags mark no spans (B-, I-, O …), so they are in no scheme")
    return changes
