"""Builds the wheels of a release and checks, line by line, what is promised of it, and prints a table.

    python packaging/release_check.py                    all checks
    python packaging/release_check.py --only bare,demo   checks whose names begin so
    python packaging/release_check.py --list

The exit status is 1 if a check failed, and 3 if none failed but one could not be done here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import bare
import checking
from checking import DIST, ROOT, WORK, Check, CheckFailedError, NotPossibleError, command, inside
from targets import PLATFORMS, PYTHONS, RUN

NARROW = 80
QUICK = ("-m", "not slow", "-n", "auto", "--dist", "loadfile")
TREE = "tests src docs benchmarks packaging .ci pyproject.toml mkdocs.yml Makefile CMakeLists.txt README.md DESIGN.md"
PAGES = "CHANGELOG.md CONTRIBUTING.md SECURITY.md CITATION.cff LICENSE"
"""What the tests read of the sources."""


def all_wheels() -> str:
    shutil.rmtree(DIST, ignore_errors=True)
    command(sys.executable, ROOT / "packaging" / "wheels.py", allowed=(0, 1))
    expected = {f"{python.tag}-{one.tag}" for python in PYTHONS for one in PLATFORMS} | {"py3-none-any"}
    names = {file.stem.split("-", 2)[2]: file for file in DIST.glob("*.whl")}
    if missing := sorted(expected - names.keys()):
        raise CheckFailedError(f"not built: {', '.join(missing)}")
    if not list(DIST.glob("*.tar.gz")):
        raise CheckFailedError("no sdist")
    for file in names.values():
        about_wheel(file)
    largest = max(file.stat().st_size for file in names.values()) / 1e6
    if largest > 5:
        raise CheckFailedError(f"the largest wheel has {largest:.2f} MB")
    return f"{len(names)} wheels and the sdist; the largest has {largest:.2f} MB"


def cibuildwheel() -> str:
    names = []
    for system in ("linux", "macos", "windows"):
        output = command(
            sys.executable, "-m", "cibuildwheel", "--print-build-identifiers", f"--platform={system}", ROOT
        )
        names += output.split()
    pythons = {name.split("-")[0] for name in names}
    if pythons != {"cp311", "cp312", "cp314t"}:
        raise CheckFailedError(f"builds {', '.join(sorted(pythons))}")
    return f"{len(names)} builds; not run, since it needs containers"


def about_wheel(file: Path) -> None:
    """Check that a wheel has its module, its licences and its bill of materials."""
    import lief

    lief.logging.disable()
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        modules = [archive.read(name) for name in names if "/_native." in name and name.endswith((".so", ".pyd"))]
    pure = file.name.endswith("none-any.whl")
    has_module = len(modules) == 1
    for module in modules:
        parsed = lief.parse(list(module))
        found = [] if parsed is None else [getattr(one, "name", one) for one in parsed.exported_functions]
        if not any("PyInit__native" in name for name in found):
            raise CheckFailedError(f"{file.name}: its module has no PyInit__native")
    vendored = [name for name in names if "/licenses/vendored/" in name]
    if has_module == pure or bool(vendored) == pure:
        raise CheckFailedError(f"{file.name}: module {has_module}, {len(vendored)} licences of what is compiled in")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        raise CheckFailedError(f"{file.name}: no licence")


def bills() -> str:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator, parts = JsonStrictValidator(SchemaVersion.V1_6), set()
    for file in sorted(DIST.glob("*.whl")):
        with zipfile.ZipFile(file) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/sboms/elman.cdx.json"))
            text = archive.read(name).decode()
        if error := validator.validate_str(text):
            raise CheckFailedError(f"{file.name}: {error}")
        parts |= {part["name"] for part in json.loads(text)["components"]}
    return f"valid in each wheel: {', '.join(sorted(parts))}"


def reproducible() -> str:
    again, sources = WORK / "again", WORK / "sources"
    for folder in (again, sources):
        shutil.rmtree(folder, ignore_errors=True)
    command("git", "clone", "--quiet", ROOT, sources)
    only = f"sdist,pure,{platform_here()},linux-aarch64,windows-x86_64"
    options = ("--only", only, "--pythons", "cp311-cp311,cp312-abi3", "--to", again)
    # the libraries of each system, which Zig compiles once, are what takes time
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(ROOT / "build" / "wheels" / "zig-cache")}
    command(sys.executable, sources / "packaging" / "wheels.py", *options, environment=environment)
    files = sorted(again.iterdir())
    if different := [file.name for file in files if file.read_bytes() != (DIST / file.name).read_bytes()]:
        raise CheckFailedError(f"other bytes: {', '.join(different)}")
    return f"{len(files)} files are the same, built from a clone in another folder"


def platform_here() -> str:
    return next(one.name for one in PLATFORMS if one.checked == RUN)


def manylinux() -> str:
    files = sorted(DIST.glob("*manylinux*.whl"))
    for file in files:
        output = " ".join(command(sys.executable, "-m", "auditwheel", "show", file).split())
        consistent = re.search(r'consistent with the following platform tag: "manylinux_2_(\d+)_\w+"', output)
        if consistent is None or int(consistent[1]) > 28:
            raise CheckFailedError(f"{file.name}: {output[-500:]}")
    return f"auditwheel accepts {len(files)} wheels as manylinux_2_28"


def installed_size() -> str:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    house, venv = checking.wheelhouse(python, ""), WORK / "size"
    shutil.rmtree(venv, ignore_errors=True)
    command(sys.executable, "-m", "venv", venv)
    site = next((venv / "lib").glob("python*")) / "site-packages"
    tools, start = {path.name for path in site.iterdir()}, time.monotonic()
    environment = {"PATH": str(venv / "bin"), "CC": "false", "CXX": "false"}
    options = ("--no-index", f"--find-links={house}", "--quiet")
    command(venv / "bin" / "pip", "install", *options, checking.wheel_for(python), environment=environment)
    seconds = time.monotonic() - start
    size = sum(checking.folder_size(path) for path in site.iterdir() if path.name not in tools)
    if size > 90 or seconds > 15:
        raise CheckFailedError(f"{size:.1f} MB, {seconds:.1f} s")
    return f"{size:.1f} MB, {seconds:.1f} s, from a folder of wheels"


def in_bare_system() -> str:
    root = checking.bare_system("3.11")
    checking.install_inside(root, "3.11", "test,demo")
    tree = root / "srv" / "elman"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    there = f"{TREE} {PAGES}".split()
    archive = subprocess.run(["git", "-C", ROOT, "archive", "HEAD", *there], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
    if shutil.which("c++", path=f"{root}/usr/bin") or shutil.which("cc", path=f"{root}/usr/bin"):
        raise CheckFailedError("the bare system has a compiler")
    if "native" not in inside(root, "/opt/elman/bin/elman", "info"):
        raise CheckFailedError("the native kernels are not in use")
    start = time.monotonic()
    # the folder is that of the tests, since what they test is the installed package
    tests = shlex.join(("/opt/elman/bin/pytest", "-p", "no:cacheprovider", *QUICK))
    script = f"cd /srv/elman && exec {tests}"
    environment = {"ELMAN_TEST_INSTALLED": "1", "ELMAN_TEST_PROFILE": "quick", "LC_ALL": "C.UTF-8"}
    output = inside(root, "sh", "-c", script, **environment)
    seconds = time.monotonic() - start
    if seconds > 180:
        raise CheckFailedError(f"the quick tests took {seconds:.0f} s")
    return f"{output.strip().splitlines()[-1]} (Debian bookworm, no compiler)"


def whole_suite() -> str:
    pytest = tested_venv() / "bin" / "pytest"
    options = ("-p", "no:cacheprovider", "-n", "auto", "--dist", "loadfile")
    output = command(pytest, *options, environment=test_environment())
    return output.strip().splitlines()[-1]


def tested_venv() -> Path:
    """Return an environment with the wheel that fits here, and what its tests need."""
    venv = WORK / "venv"
    wheel = checking.wheel_for(f"{sys.version_info.major}.{sys.version_info.minor}")
    stamp, state = venv / "wheel", hashlib.sha256(wheel.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != state:
        shutil.rmtree(venv, ignore_errors=True)
        command(sys.executable, "-m", "venv", venv)
        command(venv / "bin" / "pip", "install", "--quiet", f"{wheel}[test,demo]")
        stamp.write_text(state)
    return venv


def test_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CI")}
    return {**kept, "ELMAN_TEST_INSTALLED": "1", "ELMAN_TEST_PROFILE": "usual", "ELMAN_TEST_FIGURES": "0"}


def other_processor() -> str:
    output = command(sys.executable, ROOT / "packaging" / "kernel_test.py", "neon")
    return f"{output.count(' ok')} checks of the kernels for NEON under qemu-aarch64, {output.strip().splitlines()[-1]}"


def first_hour(python: str) -> str:
    environment = {"LC_ALL": "POSIX", "TERM": "xterm", "PATH": "/usr/bin:/bin", "HOME": "/root"}
    if python in bare.SUITES:
        root = checking.bare_system(python)
        checking.install_inside(root, python, "demo", "/opt/demo")
        variables = [f"{name}={value}" for name, value in environment.items()]
        start = 'cd /root && PATH="/opt/demo/bin:$PATH" exec elman demo'
        line = [*bare.APART, f"--root={root}", "env", "-i", *variables, "sh", "-c", start]
    else:
        binaries = demo_in_venv(python)
        line = [*bare.OFFLINE, "sh", "-c", f'cd "{binaries.parent}" && PATH="{binaries}:$PATH" exec elman demo']
    lines = checking.on_terminal(line, environment | {"PATH": os.environ["PATH"]})
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "\n".join(lines))
    shown = [part.split("\r")[-1] for part in text.split("\n")]
    if wide := [line for line in shown if len(line) > NARROW]:
        raise CheckFailedError(f"wider than {NARROW} columns: {wide[0]}")
    return f"done, {len(shown)} lines"


def demo_in_venv(python: str) -> Path:
    """Install the wheel and its demo for a Python that is installed here, and return the folder of its commands."""
    from headers import programs

    working = [one for one in programs(python) if not subprocess.run([one, "-c", ""], capture_output=True).returncode]
    if not working:
        raise NotPossibleError(f"no Python {python} here")
    venv, house = WORK / f"demo-{python}", checking.wheelhouse(python, "demo")
    shutil.rmtree(venv, ignore_errors=True)
    command(working[0], "-m", "venv", venv)
    pip = (venv / "bin" / "pip", "install", "--quiet", "--no-index", f"--find-links={house}")
    command(*pip, f"{checking.wheel_for(python)}[demo]")
    return venv / "bin"


def smoke() -> str:
    root = checking.bare_system("3.13")
    checking.install_inside(root, "3.13", "", "/opt/smoke")
    shutil.copy(ROOT / "packaging" / "smoke.sh", root / "root" / "smoke.sh")
    output = inside(root, "sh", "/root/smoke.sh", PATH="/opt/smoke/bin:/usr/bin:/bin")
    return f"{output.strip().splitlines()[-1]} (Debian trixie, no network)"


def service(script: str) -> str:
    venv = tested_venv()
    done = subprocess.run(
        [venv / "bin" / "python", ROOT / "packaging" / "service" / script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    if done.returncode == 2:
        raise NotPossibleError(done.stdout.strip().splitlines()[-1])
    lines = [line for line in checking.checked(script, done).splitlines() if line.startswith("ok")]
    sizes = [line.removeprefix("ok").strip() for line in lines if " MB" in line]
    return "; ".join([f"{len(lines)} checks passed", *sizes[:1]])


def pytests(*tests: str) -> Callable[[], str]:
    """Return a check that runs some tests on the installed wheel."""

    def run() -> str:
        options = ("-p", "no:cacheprovider", *tests)
        output = command(tested_venv() / "bin" / "pytest", *options, environment=test_environment())
        return output.strip().splitlines()[-1]

    return run


def checksums() -> str:
    release = ROOT / "packaging" / "release.py"
    command(sys.executable, release, "checksums", DIST)
    return command(sys.executable, release, "verify", DIST).strip().splitlines()[-1]


def version() -> str:
    tag = command("git", "tag", "--points-at", "HEAD").split()
    if not tag:
        return "HEAD carries no tag: not a release; the versions' agreement is tested by `papers`"
    return command(sys.executable, ROOT / "packaging" / "release.py", "version", "--tag", tag[0]).strip()


PAPERS = ("tests/packaging", "tests/test_citation.py", "tests/test_changelog.py", "tests/test_contributing.py")
PROMISES = ("tests/models/test_versions.py", "tests/models/test_golden_bytes.py", "tests/test_public_names.py")
CHECKS = {
    "wheels": Check("make wheels: all, and the sdist", "each <= 5 MB", all_wheels),
    "cibuildwheel": Check("cibuildwheel's configuration", "read, the same Pythons", cibuildwheel),
    "bills": Check("SBOM", "valid CycloneDX 1.6", bills),
    "manylinux": Check("auditwheel", "manylinux_2_28", manylinux),
    "size": Check("pip install with dependencies", "<= 90 MB, <= 15 s", installed_size),
    "bare": Check("quick tests in a bare system", "<= 180 s, no compiler", in_bare_system),
    "neon": Check("aarch64 kernels", "C++ test under qemu", other_processor),
    "demo-3.11": Check("elman demo, Python 3.11", "offline, 80 x 24, POSIX", lambda: first_hour("3.11")),
    "demo-3.12": Check("elman demo, Python 3.12", "offline, 80 x 24, POSIX", lambda: first_hour("3.12")),
    "demo-3.13": Check("elman demo, Python 3.13", "offline, 80 x 24, POSIX", lambda: first_hour("3.13")),
    "demo-3.14": Check("elman demo, Python 3.14", "offline, 80 x 24, POSIX", lambda: first_hour("3.14")),
    "smoke": Check("smoke test, as Debian's", "all steps", smoke),
    "container": Check("Containerfile", "<= 150 MB, read-only", lambda: service("try_containerfile.py")),
    "unit": Check("systemd unit", "boots, not as root", lambda: service("try_unit.py")),
    "reproducible": Check("two builds", "the same bytes", reproducible),
    "suite": Check("whole tests, installed wheel", "all pass", whole_suite),
    "papers": Check("version, changelog, signing, unit", "all pass", pytests(*PAPERS)),
    "promises": Check("model files, public names", "all pass", pytests(*PROMISES)),
    "checksums": Check("SHA256SUMS", "written and verified", checksums),
    "version": Check("version by tag", "tag = version", version),
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="first letters of names, separated by commas")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    table = WORK / "table.json"
    parser.add_argument("--results", type=Path, default=table, metavar="FILE", help="the table as JSON (%(default)s)")
    options = parser.parse_args(argv)
    if options.list:
        print(*CHECKS, sep="\n")
        return 0
    starts = tuple(options.only.split(",")) if options.only else ("",)
    WORK.mkdir(parents=True, exist_ok=True)
    rows = [row_of(name, check) for name, check in CHECKS.items() if name.startswith(starts)]
    show(rows)
    commit = command("git", "rev-parse", "--short=8", "HEAD").strip()
    about = {"commit": commit, "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"}
    options.results.write_text(json.dumps({**about, "checks": rows}, indent=1) + "\n")
    states = {row["state"] for row in rows}
    return 1 if "failed" in states else 3 if "not possible here" in states else 0


def row_of(name: str, check: Check) -> dict[str, str | float]:
    """Run a check and return its row."""
    print(f"{name} ...", flush=True)
    start = time.monotonic()
    try:
        state, reached = "ok", check.run()
    except CheckFailedError as error:
        state, reached = "failed", str(error)
    except NotPossibleError as error:
        state, reached = "not possible here", str(error)
    except (OSError, subprocess.SubprocessError) as error:
        state, reached = "failed", f"{type(error).__name__}: {error}"
    seconds = round(time.monotonic() - start, 1)
    print(f"{name}: {state}, {seconds} s: {reached}", flush=True)
    return {
        "name": name,
        "check": check.name,
        "asked": check.asked,
        "state": state,
        "reached": reached,
        "seconds": seconds,
    }


def show(rows: Sequence[dict[str, str | float]]) -> None:
    """Print the table."""
    print()
    for row in rows:
        first = str(row["reached"]).splitlines()[0] if row["reached"] else ""
        print(f"{row['check']!s:34} {row['asked']!s:24} {row['state']!s:8} {row['seconds']:6} s  {first}")
    print(f"{sum(float(row['seconds']) for row in rows):.0f} s")


if __name__ == "__main__":
    sys.exit(main())
