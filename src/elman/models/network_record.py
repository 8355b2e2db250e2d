"""Checking the record of recurrent networks before anything is made of it, without NumPy.

``elman.taggers.fast_lines`` makes its native tagger of what is found here, ``elman.models.rnn`` and
``elman.taggers.regression`` their models: so all of them accept the same files. Of tensors their forms are looked at,
element type and shape; that their numbers are finite, ``model_file`` has seen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from elman import settings as all_settings
from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.errors import ConfigError, ModelFileError
from elman.features.word_record import Words, words
from elman.nn import shapes
from elman.nn.shapes import Shapes, Sizes
from elman.utils.display import shown
from elman.utils.validation import demand, tags as tags_of, training

if TYPE_CHECKING:
    from elman.config import NetworkConfig

Forms = Mapping[str, tuple[str, tuple[int, ...]]]
"""For each tensor its element type, by its NumPy name, and shape."""
COLDEST, HOTTEST = 0.05, 20.0
"""Range of temperatures."""
GRAMS = "grams"
"""The tensor of the n-grams' hashes, which is not a parameter."""
RARE = "rare"
"""The tensor of hashes of the words that the setting ``vocabulary`` left out; older files have none."""
NONE = "none"


class NetworkRecord(NamedTuple):
    """The contents of a record, all in range.

    ``network``     the settings of the network, which ``elman.config.NetworkConfig`` has, too; ``settings`` are all
    ``tags``, ``schemes`` (of constraints), ``tasks`` are of each label column, and ``temperatures``, if there are any
    ``of_one``  the shapes of a network's own parameters; ``prefixes`` their names' beginnings, one for each network
    """

    network: NetworkConfig
    settings: dict[str, dict[str, Any]]
    tags: list[list[str]]
    schemes: list[str]
    tasks: list[str]
    temperatures: list[float]
    training: dict[str, Any]
    words: Words
    of_one: Shapes
    prefixes: list[str]

    @property
    def has_grams(self) -> bool:
        """Whether document labels use n-grams."""
        return self.network.text_ngrams != "none" and any(task != TAG for task in self.tasks)


def checked(record: Mapping[str, Any], forms: Forms) -> NetworkRecord:
    """Check the record of a model ``rnn`` or ``linear`` with the forms of its tensors.

    Raises ModelFileError if parts are malformed or do not fit together.
    """
    several, sets = _sets(record.get("tags"))
    network, of_settings = settings(record.get("settings"))
    of_training = training(record.get("training"), network.ensemble)
    if "linear" not in of_training:  # in older files it is not among the settings
        of_settings["training"]["linear_share"] = 0.0
    of_words = words(record, network)
    schemes = _schemes(_columns(record, "constraints", NONE, several, len(sets)), sets)
    tasks = _tasks(record.get("tasks", [TAG] * len(sets)), len(sets))
    of_columns = sets, schemes, tasks, _temperatures(record, several, len(sets))
    found = NetworkRecord(network, of_settings, *of_columns, of_training, of_words, {}, prefixes(network.ensemble))
    form = forms.get(GRAMS)
    if (form is not None) != found.has_grams:
        raise ModelFileError(f"model tensor {GRAMS}: expected {'hashes' if found.has_grams else 'none'}")
    demand(form is None or (form[0] == "int64" and len(form[1]) == 1), f"model tensor {GRAMS}: expected hashes")
    rare = forms.get(RARE)
    fits = rare is None or (rare[0] == "int32" and len(rare[1]) == 1 and network.vocabulary > 0)
    demand(fits, f"model tensor {RARE}: expected hashes, of words that the setting vocabulary left out")
    own = _shapes(found, form[1][0] if form is not None else 0)
    whole = {prefix + name: shape for prefix in found.prefixes for name, shape in own.items()}
    parameters = {name: form for name, form in forms.items() if name not in (GRAMS, RARE)}
    check_forms(whole, parameters, network.dtype)
    return found._replace(of_one=own)


def settings(record: Any) -> tuple[NetworkConfig, dict[str, dict[str, Any]]]:
    """Return the network settings of a trained model, and all settings by section; none may be open."""
    if not isinstance(record, dict) or not all(isinstance(section, dict) for section in record.values()):
        raise ModelFileError("model: expected sections of settings")
    try:
        network, of_training = all_settings.from_record(record)
    except ConfigError as error:
        raise ModelFileError(f"model settings: {error}") from None
    demand(not all_settings.is_open(network, of_training), "model settings: expected none that is left open")
    return cast("NetworkConfig", network), {"network": vars(network), "training": vars(of_training)}


def prefixes(n: int) -> list[str]:
    """Return the prefixes of the tensor names of n networks; a single one has none."""
    return [f"member{member}." for member in range(1, n + 1)] if n > 1 else [""]


def check_forms(shapes: Shapes, forms: Forms, dtype: str) -> None:
    """Raise ModelFileError unless the tensors are these, in float32 or, with two axes, in ``dtype``."""
    for name in sorted(shapes.keys() | forms.keys()):
        wanted, found = shapes.get(name), forms.get(name)
        if wanted is None or found is None or wanted != found[1]:
            expected = "no such tensor" if wanted is None else wanted
            raise ModelFileError(f"model tensor {name}: expected {expected}, found {found[1] if found else 'none'}")
    for name, (found_dtype, shape) in forms.items():
        fits = found_dtype == "float32" or (found_dtype == dtype == "float16" and len(shape) > 1)
        demand(fits, f"model tensor {name}: expected float32, found {found_dtype}")


def _sets(tags: Any) -> tuple[bool, list[list[str]]]:
    """Return whether there are several label columns, and the tags of each."""
    several = isinstance(tags, list) and len(tags) > 0 and all(isinstance(one, list) for one in tags)
    return several, [tags_of(one) for one in (tags if several else [tags])]


def _columns(record: Mapping[str, Any], key: str, default: Any, several: bool, columns: int) -> Any:
    """Return the values of a key by label column: a list, or for a single column a value."""
    if several:
        return record.get(key, [default] * columns)
    return [record.get(key, default)]


def _schemes(schemes: Any, sets: Sequence[Sequence[str]]) -> list[str]:
    """Return the scheme of each label column, checked against its tags."""
    if not isinstance(schemes, list) or len(schemes) != len(sets):
        raise ModelFileError(f"model constraints: expected a list of {len(sets)}, found {shown(schemes)}")
    if schemes == [NONE] * len(sets):
        return schemes
    from elman.models import constraints  # most models have none

    for scheme, tags in zip(schemes, sets, strict=True):
        if scheme not in (NONE, *constraints.SCHEMES):
            raise ModelFileError(f"model constraints: expected bio or bioes, found {shown(scheme)}")
        try:
            if scheme != NONE:
                constraints.check(tags, scheme)
        except ConfigError as error:
            raise ModelFileError(f"model: {error}") from None
    return schemes


def _tasks(found: Any, columns: int) -> list[str]:
    """Return the task of each label column, those of words first."""
    known = (TAG, CLASSIFY, SEVERAL, ANY)
    if not isinstance(found, list) or len(found) != columns or not all(task in known for task in found):
        raise ModelFileError(f"model tasks: expected one for each of {columns} label columns, found {shown(found)}")
    order = [task != TAG for task in found]
    demand(order == sorted(order), "model tasks: expected tags of words before document labels")
    return found


def _temperatures(record: Mapping[str, Any], several: bool, columns: int) -> list[float]:
    if "temperature" not in record:
        return []
    found = _columns(record, "temperature", None, several, columns)
    whole = isinstance(found, list) and len(found) == columns
    if not whole or not all(type(t) is float and COLDEST <= t <= HOTTEST for t in found):
        expected = f"expected {columns}, from {COLDEST:g} to {HOTTEST:g}"
        raise ModelFileError(f"model temperature: {expected}, found {shown(found)}")
    return list(found)


def _shapes(found: NetworkRecord, grams: int) -> Shapes:
    """Return the shapes of one network's parameters, including the decoders'."""
    of_words = [len(tags) for tags, task in zip(found.tags, found.tasks, strict=True) if task == TAG]
    labels = sum(map(len, found.tags)) - sum(of_words)
    known, width = found.words.vectors
    sizes = Sizes(
        words=len(found.words.words) + 1,
        features=len(found.words.features),
        tags=sum(of_words),
        characters=0 if found.words.characters is None else len(found.words.characters[0]) + 1,
        vectors=(len(known) + 1 if width else 0, width),
        labels=labels,
        grams=grams,
    )
    own = shapes.network(found.network, sizes)
    for number, tags in enumerate(of_words, start=1):  # columns of words come first
        own |= shapes.decoder(found.network.decoder, tags, f"output{number}" if number > 1 else "output")
    return own
