"""The light tagger when something fails: in one of several threads, in the midst of a text, or for want of memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import elman
from elman import kernels
from elman.features.affixes import EXTRACT, affixes
from elman.models import file as model_file
from elman.taggers import fast_lines as light, load as loading
from light_models import both, models_in

pytestmark = pytest.mark.filterwarnings("ignore:no dev set")
native = pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return models_in(tmp_path_factory.mktemp("models"))


@native
def test_bytes_that_are_no_text(models: Callable[[str], Path]) -> None:
    _, own = both(models("default"), threads=1)
    with pytest.raises(UnicodeDecodeError):
        list(own.tag_lines([b"the \xff\xfe dogs"]))
    assert next(own.tag_lines([b"the dogs"])).startswith(b"the_")


@native
def test_an_error_of_one_thread_is_not_raised_in_another(models: Callable[[str], Path]) -> None:
    """Threads compute the rows of each other's words."""
    _, own = both(models("default"), threads=1)
    errors: list[Exception] = []
    together = threading.Barrier(16)

    def work(number: int) -> None:
        together.wait()
        for i in range(5):
            words = [f"{number}-{i}-{word}" for word in range(600)]
            text = " ".join(words).encode()
            try:
                if number % 2:
                    assert next(own.tag_lines([text])).count(b"_") == len(words)
                else:
                    with pytest.raises(UnicodeDecodeError):
                        next(own.tag_lines([b"%d-\xff " % number + text]))
            except Exception as error:
                errors.append(error)

    started = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert not errors


NON_ASCII = [f"wört{i} w{i}" for i in range(700)]  # of each of two, Python gives the features
FAILURES = [MemoryError, KeyboardInterrupt, ValueError]


class Fails:
    """``affixes``, which raises an error at one of its calls."""

    def __init__(self, call: int, error: type[BaseException]) -> None:
        self.left, self.error = call, error

    def __call__(self, word: str) -> Any:
        self.left -= 1
        if not self.left:
            raise self.error
        return affixes(word)


@native
@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("call", [1, 2, 200, 256, 257, 600, 700])
def test_an_error_in_the_midst_of_a_text_leaves_nothing_half_done(
    models: Callable[[str], Path], call: int, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXTRACT, "affixes", Fails(call, error))
    whole, own = both(models("default"), threads=1)
    first, second = ("\n".join(lines).encode() for lines in (NON_ASCII, NON_ASCII[350:] + ["x1 Übermut"]))
    with pytest.raises(error):
        list(own.tag_lines([first]))
    for texts in ([second], [first], [first, second, b"the dogs"]):
        assert list(own.tag_lines(texts)) == list(whole.tag_lines(texts))


@native
@pytest.mark.parametrize("call", [1, 3, 50, 256, 300, 700])
def test_an_error_in_one_text_is_not_that_of_others(
    models: Callable[[str], Path], call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for rows that the failing thread had begun computes them itself, and waits for nothing else."""
    whole = loading.load(models("default"), threads=1)
    texts = ["\n".join(NON_ASCII[i * 100 : i * 100 + 400]).encode() for i in range(4)]
    expected = list(whole.tag_lines(texts))
    for _ in range(5):
        monkeypatch.setitem(EXTRACT, "affixes", Fails(call, MemoryError))
        lines = light.line_tagger(model_file.read(models("default")), "auto")
        found: list[bytes | None] = [None] * len(texts)

        def tag(i: int, lines: Any = lines, found: list[bytes | None] = found) -> None:
            with suppress(MemoryError):
                found[i] = light.tag_text(lines, texts[i])

        threads = [threading.Thread(target=tag, args=(i,)) for i in range(len(texts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert found.count(None) == 1
        assert all(one in (None, right) for one, right in zip(found, expected, strict=True))
        assert [light.tag_text(lines, text) for text in texts] == expected


LITTLE_MEMORY = """
import resource, sys
from functools import partial
sys.path.insert(0, sys.argv[1])
from elman.models import file as model_file
from elman.taggers import fast_lines as light
from elman.utils.parallel import Limits, ordered
Limits.address_space = True  # as the command finds out
content = model_file.read(sys.argv[2])
texts = [b"".join(b"w%dz the d%d\\n" % (i % 3000, i) for i in range(j, j + 900)) for j in (0, 500, 4000, 100)]
expected = [light.tag_text(light.line_tagger(content, "auto"), text) for text in texts]
list(ordered(bytes, texts, 2))  # what is loaded for threads
failed = 0
for extra in range(0, 140 << 20, 3 << 19):
    lines = light.line_tagger(content, "auto")
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + extra, -1))
    for threads in (2, 1):
        try:
            assert list(ordered(partial(light.tag_text, lines), texts, threads)) == expected, (extra, threads)
        except MemoryError:
            failed += 1
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    assert [light.tag_text(lines, text) for text in texts] == expected, extra
print(failed)
"""


@native
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere memory is not limited this way")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer takes all addresses there are")
@pytest.mark.parametrize("name", ["default", "two"])
def test_little_memory_gives_the_tags_or_an_error(models: Callable[[str], Path], name: str) -> None:
    """Whatever does not fit: what comes out is right, and so is all that comes later."""
    source = str(Path(elman.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LITTLE_MEMORY, source, str(models(name))],
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert 0 < int(done.stdout) < 180  # with too little in the beginning, and enough in the end
