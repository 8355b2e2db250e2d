"""Check the record of recurrent networks before a model is built from it, without NumPy.

``elman.taggers.fast_lines``, ``elman.models.rnn`` and ``elman.taggers.regression`` build their models from the checked
record, so all of them accept the same files. Only the element type and shape of tensors are checked here;
``elman.models.file`` checks that their values are finite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.errors import ConfigError, ModelFileError
from elman.features.word_record import Words, words
from elman.nn import shapes
from elman.nn.shapes import Shapes, Sizes
from elman.settings import from_record, is_open
from elman.utils import validation
from elman.utils.display import shown
from elman.utils.validation import demand

if TYPE_CHECKING:
    from elman.config import NetworkConfig

Forms = Mapping[str, tuple[str, tuple[int, ...]]]
"""The element type (NumPy name) and shape of each tensor."""
COLDEST, HOTTEST = 0.05, 20.0
"""Lowest and highest temperature."""
GRAMS = "grams"
"""Name of the tensor of n-gram hashes, which is not a parameter."""
RARE = "rare"
"""Name of the tensor of hashes of the words that the setting ``vocabulary`` left out; older files have none."""
DICTIONARY = "dictionary.words", "dictionary.sets"
"""Names of the tensors of a dictionary: hashes of its words, and the set of features of each."""
NONE = "none"
WIDEST_GRAPH = 4096
"""Largest width of a word's representation in a graph part."""


class NetworkRecord(NamedTuple):
    """The checked contents of a record.

    ``network``   the network settings; ``settings`` are all settings by section
    ``tags``      the tags of each label column; likewise ``schemes`` (of constraints), ``tasks`` and ``temperatures``
                  (empty if there are none)
    ``of_one``    the shapes of one network's parameters; ``prefixes`` are the prefixes of their names, by network
    ``graph``     the fields of ``elman.models.graph.Graph``; None without a graph part
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
    graph: dict[str, int] | None = None

    @property
    def has_grams(self) -> bool:
        """Whether document labels use n-grams."""
        return self.network.text_ngrams != "none" and any(task != TAG for task in self.tasks)


def checked(record: Mapping[str, Any], forms: Forms) -> NetworkRecord:
    """Check the record of a model ``rnn`` or ``linear`` against the types and shapes of its tensors.

    Raises ModelFileError if parts are malformed or do not fit together.
    """
    several, sets = _sets(record.get("tags"))
    network, of_settings = settings(record.get("settings"))
    of_training = validation.training(record.get("training"), network.ensemble)
    if "linear" not in of_training:  # older files do not have this setting
        of_settings["training"]["linear_share"] = 0.0
    if "naive_bayes" not in record["settings"].get("training", {}):
        of_settings["training"]["naive_bayes"] = 0.0
    of_words = words(record, network)
    schemes = _schemes(_columns(record, "constraints", NONE, several, len(sets)), sets)
    tasks = _tasks(record.get("tasks", [TAG] * len(sets)), len(sets))
    of_columns = sets, schemes, tasks, _temperatures(record, several, len(sets))
    prefix_names = prefixes(network.ensemble)
    of_graph = _graph(record.get("graph"), tasks)
    checked_record = NetworkRecord(network, of_settings, *of_columns, of_training, of_words, {}, prefix_names, of_graph)
    form = forms.get(GRAMS)
    if (form is not None) != checked_record.has_grams:
        raise ModelFileError(f"model tensor {GRAMS}: expected {'hashes' if checked_record.has_grams else 'none'}")
    demand(form is None or (form[0] == "int64" and len(form[1]) == 1), f"model tensor {GRAMS}: expected hashes")
    rare = forms.get(RARE)
    fits = rare is None or (rare[0] == "int32" and len(rare[1]) == 1 and network.vocabulary > 0)
    demand(fits, f"model tensor {RARE}: expected hashes, of words that the setting vocabulary left out")
    _check_dictionary(of_words, [forms.get(name) for name in DICTIONARY])
    of_one = _shapes(checked_record, form[1][0] if form is not None else 0)
    whole = {prefix + name: shape for prefix in checked_record.prefixes for name, shape in of_one.items()}
    parameters = {name: form for name, form in forms.items() if name not in (GRAMS, RARE, *DICTIONARY)}
    check_forms(whole, parameters, network.dtype)
    return checked_record._replace(of_one=of_one)


def _check_dictionary(of_words: Words, found: Sequence[tuple[str, tuple[int, ...]] | None]) -> None:
    """Raise ModelFileError unless the dictionary's tensors are there if there is one, with a set for each word."""
    if of_words.dictionary is None:
        demand(found == [None, None], "model tensor dictionary: expected none")
        return
    types, shapes = zip(*(form or ("none", ()) for form in found), strict=True)
    fits = types == ("int64", "int32") and shapes[0] == shapes[1] and len(shapes[0]) == 1
    demand(fits, "model tensor dictionary: expected hashes, and the set of each")


def settings(record: Any) -> tuple[NetworkConfig, dict[str, dict[str, Any]]]:
    """Return the network settings of a trained model, and all settings by section.

    Raises ModelFileError if a setting is malformed or still open.
    """
    if not isinstance(record, dict) or not all(isinstance(section, dict) for section in record.values()):
        raise ModelFileError("model: expected sections of settings")
    older = {"linear_share": 0.5, "word_dropout": 0.3}  # what files of older versions leave out and is open today
    try:
        network, of_training = from_record({**record, "training": older | record.get("training", {})})
    except ConfigError as error:
        raise ModelFileError(f"model settings: {error}") from None
    demand(not is_open(network, of_training), "model settings: expected none that is left open")
    return cast("NetworkConfig", network), {"network": vars(network), "training": vars(of_training)}


def prefixes(n: int) -> list[str]:
    """Return the prefixes of the tensor names of n networks; a single one has none."""
    return [f"member{member}." for member in range(1, n + 1)] if n > 1 else [""]


def check_forms(shapes: Shapes, forms: Forms, dtype: str) -> None:
    """Raise ModelFileError unless tensors have these shapes and are float32 or, with two axes, ``dtype``."""
    for name in sorted(shapes.keys() | forms.keys()):
        shape, found = shapes.get(name), forms.get(name)
        if shape is None or found is None or shape != found[1]:
            expected = "no such tensor" if shape is None else shape
            raise ModelFileError(f"model tensor {name}: expected {expected}, found {found[1] if found else 'none'}")
    for name, (found_dtype, found_shape) in forms.items():
        fits = found_dtype == "float32" or (found_dtype == dtype == "float16" and len(found_shape) > 1)
        demand(fits, f"model tensor {name}: expected float32, found {found_dtype}")


def _sets(tags: Any) -> tuple[bool, list[list[str]]]:
    """Return whether there are several label columns, and the tags of each."""
    several = isinstance(tags, list) and len(tags) > 0 and all(isinstance(column, list) for column in tags)
    return several, [validation.tags(column) for column in (tags if several else [tags])]


def _columns(record: Mapping[str, Any], key: str, default: Any, several: bool, columns: int) -> Any:
    """Return a list of a key's values by label column; for a single column the record holds the bare value."""
    if several:
        return record.get(key, [default] * columns)
    return [record.get(key, default)]


def _schemes(schemes: Any, sets: Sequence[Sequence[str]]) -> list[str]:
    """Return the scheme of each label column, checked against its tags."""
    if not isinstance(schemes, list) or len(schemes) != len(sets):
        raise ModelFileError(f"model constraints: expected a list of {len(sets)}, found {shown(schemes)}")
    if schemes == [NONE] * len(sets):
        return schemes
    from elman.models import constraints  # imported late: most models have none

    for scheme, tags in zip(schemes, sets, strict=True):
        if scheme not in (NONE, *constraints.SCHEMES):
            expected = " or ".join(constraints.SCHEMES)
            raise ModelFileError(f"model constraints: expected {expected}, found {shown(scheme)}")
        try:
            if scheme != NONE:
                constraints.check(tags, scheme)
        except ConfigError as error:
            raise ModelFileError(f"model: {error}") from None
    return schemes


def _tasks(found: Any, columns: int) -> list[str]:
    """Return the task of each label column, word columns first."""
    known = (TAG, CLASSIFY, SEVERAL, ANY)
    if not isinstance(found, list) or len(found) != columns or not all(task in known for task in found):
        raise ModelFileError(f"model tasks: expected one for each of {columns} label columns, found {shown(found)}")
    order = [task != TAG for task in found]
    demand(order == sorted(order), "model tasks: expected tags of words before document labels")
    return found


def _graph(found: Any, tasks: Sequence[str]) -> dict[str, int] | None:
    """Return the graph part's column of relations, which labels words, and its widths; None if there is none."""
    if found is None:
        return None
    names = {"column": (0, tasks.count(TAG) - 1), "arcs": (1, WIDEST_GRAPH), "labels": (1, WIDEST_GRAPH)}
    fields = found if isinstance(found, dict) else {}
    in_range = (type(fields.get(name)) is int and low <= fields[name] <= high for name, (low, high) in names.items())
    if fields.keys() != names.keys() or not all(in_range):
        raise ModelFileError(f"model graph: expected a column of relations and widths, found {shown(found)}")
    return dict(fields)


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
    """Return the shapes of one network's parameters, decoders included; ``grams`` is the number of n-grams."""
    of_words = [len(tags) for tags, task in zip(found.tags, found.tasks, strict=True) if task == TAG]
    labels = sum(map(len, found.tags)) - sum(of_words)
    known, width = found.words.vectors
    names, numbers = found.words.token_features or ([], [])
    sizes = Sizes(
        words=len(found.words.words) + 1,
        features=len(found.words.features),
        tags=sum(of_words),
        characters=0 if found.words.characters is None else len(found.words.characters[0]) + 1,
        vectors=(len(known) + 1 if width else 0, width),
        labels=labels,
        grams=grams,
        token_features=(len(names), len(numbers)),
    )
    parameters = shapes.network(found.network, sizes)
    for number, tags in enumerate(of_words, start=1):  # word columns come first
        parameters |= shapes.decoder(found.network.decoder, tags, f"output{number}" if number > 1 else "output")
    if found.graph is not None:
        column, arcs, labels = (found.graph[name] for name in ("column", "arcs", "labels"))
        parameters |= shapes.graph(found.network, shapes.GraphSizes(of_words[column], arcs, labels))
    return parameters
