"""What gives words no tags, though it is made of a tagger: models of characters, and of what comes next."""

from __future__ import annotations

from typing import Any, NoReturn

from elman.errors import ConfigError
from elman.taggers.tagger import Tagger


class Untagged(Tagger):
    """A model that has labels of its own and no tags of words: what asks for these is refused."""

    instead = ""
    """What it gives, in a message."""

    @property
    def tags_lines(self) -> bool:
        """Whether ``tag_lines`` serves this model: it does not."""
        return False

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ConfigError(f"a model of the task {self.task} gives words no tags and texts no labels; {self.instead}")

    probabilities: Any = _refuse
    nbest: Any = _refuse
    _tags: Any = _refuse
    _tags_and_confidences: Any = _refuse
    _by_column: Any = _refuse
    _by_column_with_confidences: Any = _refuse
    _text_target: Any = _refuse
    _scored: Any = _refuse
