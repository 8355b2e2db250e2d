"""The schemas of the values that the service reads and answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_NUMBER: dict[str, Any] = {"type": "number"}
_TRUE: dict[str, Any] = {"type": "boolean"}
_OBJECT: dict[str, Any] = {"type": "object"}
_NULL: dict[str, Any] = {"type": "null"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _map(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of}


def _or_null(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"oneOf": [of, _NULL]}


def _record(optional: Mapping[str, Any] | None = None, /, **fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object whose ``fields`` are all there; others may be."""
    made: dict[str, Any] = {"type": "object", "properties": {**fields, **(optional or {})}}
    return {**made, "required": list(fields)} if fields else made


def _closed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the same object, which has no other fields."""
    return {**record, "additionalProperties": False}


_PAIR = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 2, "maxItems": 2}
_ALTERNATIVES = _or_null(_list(_list(_PAIR)))
_SOURCE = {"type": "string", "enum": ["corrected", "file", "model"]}
_NAME = {"type": "string", "minLength": 1, "maxLength": 64}
_SECONDS = {"oneOf": [{"type": "number", "minimum": 0, "maximum": 9_999_999}, _NULL]}
_KIND = {"type": "string", "enum": ["correction", "skip", "undo", "redo"]}
_ABOUT_MODEL = _record(
    sha256=_TEXT,
    number=_WHOLE,
    kind={"type": "string", "enum": ["first", "patch", "retrain"]},
    task=_TEXT,
    name=_TEXT,
    columns=_list(
        _record(name=_TEXT, kind={"type": "string", "enum": ["tags", "spans"]}, tags=_list(_TEXT), types=_list(_TEXT),
                scheme=_or_null(_TEXT))),
    labels=_list(_record(name=_TEXT, kind={"type": "string", "enum": ["one", "several", "any"]}, tags=_list(_TEXT))),
)  # fmt: skip
_FILE = _record(number=_WHOLE, name=_TEXT, format=_TEXT, sentences=_WHOLE, labelled=_TRUE)
_COUNTS = {name: _WHOLE for name in "sentences corrected mine changed skipped set_aside set_aside_corrected".split()}
_HELDOUT = _or_null(
    _record(
        sentences=_WHOLE, items=_WHOLE, **{name: _NUMBER for name in ("before", "after", "p", "low", "high")}
    )
)  # fmt: skip
_LEARNING = _record(
    state={"type": "string", "enum": ["idle", "patching", "off"]},
    waiting=_WHOLE,
    error=_or_null(_TEXT),
    seconds=_or_null(_NUMBER),
)
_RETRAIN = _record(
    state={"type": "string", "enum": ["idle", "running"]},
    queued=_TRUE,
    error=_or_null(_TEXT),
    seconds=_or_null(_NUMBER),
)
_VALUES_OF_TARGET = {"oneOf": [_NUMBER, _list(_NUMBER)]}

SCHEMAS: dict[str, Any] = {
    "Error": _record(error=_TEXT),
    "Conflict": _record({"card": _ref("Card")}, error=_TEXT),
    "Values": _closed(
        _record({"columns": _map(_list({"type": ["string", "null"]})), "labels": _map({"type": ["string", "null"]})})
    ),
    "Card": _record(
        id=_TEXT,
        file=_TEXT,
        line=_WHOLE,
        words=_list(_TEXT),
        space_after=_list(_TRUE),
        columns=_map(
            _record(
                tags=_list({"type": ["string", "null"]}),
                source=_SOURCE,
                predicted=_list(_TEXT),
                confidence=_list(_NUMBER),
                alternatives=_ALTERNATIVES,
            )
        ),
        labels=_map(
            _record(
                value={"type": ["string", "null"]},
                source=_SOURCE,
                predicted=_TEXT,
                confidence=_NUMBER,
                alternatives=_list(_PAIR),
            )
        ),
        version=_WHOLE,
        set_aside=_TRUE,
        skipped=_TRUE,
        corrected=_TRUE,
        score=_NUMBER,
        model=_TEXT,
    ),
    "Queue": _record(cards=_list(_ref("Card")), remaining=_WHOLE),
    "Status": _record(
        version=_TEXT,
        annotator=_TEXT,
        annotators=_list(_TEXT),
        model=_ABOUT_MODEL,
        files=_list(_FILE),
        counts=_record(**_COUNTS),
        heldout=_HELDOUT,
        earlier=_or_null(_record(kept=_WHOLE, broken=_WHOLE, total=_WHOLE)),
        learning=_LEARNING,
        retrain=_RETRAIN,
        can_undo=_TRUE,
        can_redo=_TRUE,
        event=_WHOLE,
    ),
    "NBest": _record(column=_TEXT, sequences=_list(_record(tags=_list(_TEXT), probability=_NUMBER)), model=_TEXT),
    "Why": _record(
        id=_TEXT,
        column=_TEXT,
        word=_WHOLE,
        tag=_TEXT,
        against=_TEXT,
        margin=_NUMBER,
        parts=_list(_NUMBER),
        shares=_list(_NUMBER),
        model=_TEXT,
    ),
    "Correction": _closed(
        _record(
            {"version": {"type": "integer", "minimum": 0, "maximum": 2**53}, "annotator": _NAME, "seconds": _SECONDS},
            id=_TEXT,
            before=_ref("Values"),
            after=_ref("Values"),
        )
    ),
    "Stored": _record(event=_WHOLE, version=_WHOLE, id=_TEXT, set_aside=_TRUE, learns=_TRUE),
    "Skip": _closed(_record({"annotator": _NAME, "seconds": _SECONDS}, id=_TEXT)),
    "Skipped": _record(event=_WHOLE, id=_TEXT),
    "Annotator": _closed(_record({"annotator": _NAME})),
    "Back": _record(event=_WHOLE, id=_TEXT, kind=_KIND, card=_or_null(_ref("Card"))),
    "Events": _record(
        corrections=_list(
            _record(
                event=_WHOLE,
                time=_NUMBER,
                kind=_KIND,
                annotator=_TEXT,
                id=_TEXT,
                words=_list(_TEXT),
                before=_ref("Values"),
                after=_ref("Values"),
                seconds=_or_null(_NUMBER),
                model=_TEXT,
                undoes=_or_null(_WHOLE),
            )
        ),
        next=_WHOLE,
    ),
    "Models": _record(
        current=_TEXT,
        models=_list(
            _record(
                sha256=_or_null(_TEXT),
                number=_WHOLE,
                parent=_or_null(_TEXT),
                time=_NUMBER,
                kind=_TEXT,
                corrections=_WHOLE,
                adopted=_TRUE,
                available=_TRUE,
                reason=_or_null(_TEXT),
                heldout=_HELDOUT,
            )
        ),
    ),
    "Model": _closed(_record(model=_TEXT)),
    "Nothing": {"type": "object", "additionalProperties": False},
    "Retraining": _record(state={"type": "string", "enum": ["running", "queued"]}),
    "Report": _record(model=_TEXT, report=_or_null(_OBJECT)),
    "Stats": _record(
        sentences=_WHOLE,
        corrected=_WHOLE,
        changed=_WHOLE,
        annotators=_list(_record(name=_TEXT, corrected=_WHOLE, skipped=_WHOLE, seconds=_NUMBER)),
        agreement=_list(
            _record(
                a=_TEXT,
                b=_TEXT,
                sentences=_WHOLE,
                items=_WHOLE,
                agreed=_or_null(_NUMBER),
                kappa=_or_null(_NUMBER),
            )
        ),
    ),
    "Texts": {
        **_closed(
            _record(
                {
                    "text": _TEXT,
                    "sentences": _list(_list({"type": ["string", "object"]})),
                    "confidence": _TRUE,
                    "columns": _list(_TEXT),
                }
            )
        ),
        "oneOf": [{"required": ["text"]}, {"required": ["sentences"]}],
    },
    "Tagged": _record(
        model=_TEXT,
        sentences=_list(
            _record(
                {"columns": _map(_list(_TEXT)), "labels": _map(_TEXT), "confidence": _map(_VALUES_OF_TARGET)},
                words=_list(_TEXT),
            )
        ),
    ),
    "Health": _record(status=_TEXT),
    "UdpipeModels": _record(models=_map(_list(_TEXT)), default_model=_TEXT),
    "UdpipeResult": _record(model=_TEXT, acknowledgements=_list(_TEXT), result=_TEXT),
}
