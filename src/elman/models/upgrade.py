"""Upgrade the configuration of a model file of an older format version to the current one.

Version 2 renamed settings, and moved ``replanned`` from the settings to the training record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from elman.errors import ModelFileError
from elman.utils.display import shown

RENAMED: dict[str, tuple[str, Mapping[str, str]]] = {
    "balance": ("class_weight_power", {}),
    "between": ("residual", {"plain": "none", "residual": "add"}),
    "clip": ("grad_clip", {}),
    "distill": ("distill_teachers", {}),
    "gram_dropout": ("ngram_dropout", {}),
    "grams": ("text_ngrams", {}),
    "rate": ("learning_rate", {}),
    "storage": ("dtype", {}),
    "unknown": ("unk_dropout", {}),
}
"""Settings of version 1: the name and, where they changed too, the values in version 2."""
_PLANS = re.compile(r"([0-9]{1,6}:[0-9]{1,6}(,[0-9]{1,6}:[0-9]{1,6})*)?")


def upgrade(config: dict[str, Any], version: int) -> dict[str, Any]:
    """Upgrade a configuration of format ``version`` in place, and return it.

    Raises ModelFileError for settings that this version did not have. Other errors are found when the model is built
    from it.
    """
    if version < 2:
        for model in _models(config):
            _rename_settings(model)
    return config


def _models(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the records of a file's networks: the model itself, and the parts of a pipeline."""
    model, task = record.get("model"), record.get("task")
    if isinstance(model, dict) and isinstance(model.get("settings"), dict):
        yield model
    for part in task.values() if isinstance(task, dict) else ():
        if isinstance(part, dict) and "model" in part:
            yield from _models(part)


def _rename_settings(model: dict[str, Any]) -> None:
    sections: dict[str, Any] = model["settings"]
    replanned: Any = ""
    for name, section in sections.items():
        if not isinstance(section, dict):
            continue
        for new, _ in RENAMED.values():
            if new in section:
                raise ModelFileError(f"no setting {shown(new)} in model format 1")
        replanned = section.pop("replanned", replanned)
        renamed: dict[str, Any] = {}
        for old, value in section.items():
            new, values = RENAMED.get(old, (old, {}))
            renamed[new] = values.get(value, value) if isinstance(value, str) else value
        sections[name] = renamed
    record = model.get("training")
    if isinstance(record, dict):
        record["replanned"] = _pairs(replanned)
        members = record.get("members", [])
        for run in (record.get("linear"), *(members if isinstance(members, list) else ())):
            if isinstance(run, dict):
                run["replanned"] = []


def _pairs(replanned: Any) -> list[list[int]]:
    """Return the changes of plan as (first epoch, total epochs), parsed from version 1's text ``5:8,7:9``."""
    if not isinstance(replanned, str) or not _PLANS.fullmatch(replanned):
        raise ModelFileError(f"replanned: expected EPOCH:EPOCHS,EPOCH:EPOCHS …, found {shown(replanned)}")
    return [[int(number) for number in plan.split(":")] for plan in replanned.split(",") if plan]
