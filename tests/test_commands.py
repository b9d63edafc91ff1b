"""Every command that README and documentation print, in the environment that README makes: long ones shortened.

A command is a line of a block that begins with a program's name, or a span of code in a sentence. Each is taken by one
rule below; a command that no rule takes fails, so a new kind of command needs a rule. Placeholders such as DIR, and
files that a page takes to be there such as my.npz, stand in `place`.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore import artifact, data
from sc_neurocore.cli import COMMANDS, _joined, _parsers, main
from sc_neurocore.hardware.boards import BOARDS, board
from sc_neurocore.hardware.estimate import plan

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest.importorskip("torch")
pytest.importorskip("nir")

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = (
    r"sc-neurocore|make|python3?|pytest|pip|git|apt|cd|export|eval|ls|fusesoc|sby|iceprog|openFPGALoader|sudo|verilator|"
    r"yosys|nextpnr-\w+|curl|wget|docker|ruff|pre-commit|\."
)
#: The changelog tells of commands as they were.
PAGES = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.md")
    if path.name != "CHANGELOG.md" and not {".venv", "build", ".git"} & set(path.relative_to(ROOT).parts)
)


def commands(page: Path) -> list[str]:
    """Return a page's commands in their order, continued lines joined, without comments."""
    found: list[str] = []
    fence: str | None = None
    text = re.sub(r" *\\\n\s*", " ", (ROOT / page).read_text(encoding="utf-8"))
    for line in text.splitlines():
        mark = re.match(r"\s*```(\w*)", line)
        if mark:
            fence = mark[1] if fence is None else None
            continue
        block = fence in {"", "sh", "bash", "console"} if fence is not None else line.startswith("    ")
        if block:
            one = re.match(rf"\s*(?:\$ )?((?:{PROGRAMS}) .*)", line)
            found += re.split(r" && ", one[1]) if one else []
        elif fence is None:
            found += re.findall(rf"`((?:{PROGRAMS}) [^`]+)`", line)
    plain = [re.sub(r"\s+#.*", "", command).strip() for command in found]
    return [command for command in plain if not re.match(r"sc-neurocore [\w-]+: ", command)]  # what a command says


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages take to be there: the clone, samples, networks, a NIR file."""
    folder = tmp_path_factory.mktemp("place")
    for entry in ROOT.iterdir():
        if entry.name not in {"build", ".git"}:
            (folder / entry.name).symlink_to(entry)
    (folder / "build").mkdir()
    digits = data.load("digits")
    x, y = digits.x_train[:300], digits.y_train[:300]
    for name in ("my.npz", "FILE.npz", "birds.npz", "differ.npz"):
        np.savez(folder / name, x=x, y=y)
    np.savez(folder / "mnist-pca.npz", x=np.resize(x, (300, 64)), y=y)
    np.savez(folder / "images.npz", x=np.random.default_rng(0).integers(0, 256, (200, 2, 12, 12), np.uint8), y=y[:200])
    (folder / "path" / "to").mkdir(parents=True)
    shutil.copy(ROOT / "train" / "digits" / "recipe.toml", folder / "path" / "to" / "my.toml")
    shutil.copy(ROOT / "bench" / "nir_cases" / "mnist-snntorch.nir", folder / "net.nir")
    network = artifact.load(ROOT / "train" / "networks" / "digits")
    names = "my-network DIR net mine small other birds NETWORK digits-8 differ images mnist-pca-64"
    for name in names.split():
        artifact.save(network, folder / name)
    artifact.save(artifact.load(ROOT / "train" / "networks" / "mnist-small"), folder / "build" / "mnist_surrogate")
    with pytest.MonkeyPatch.context() as patch:  # this page's example makes the network and the samples of its commands
        patch.chdir(folder)
        assert doctest.testfile(str(ROOT / "docs" / "steps.md"), module_relative=False, encoding="utf-8").failed == 0
    return folder


#: Words that stand for the reader's own.
PLACEHOLDERS = {"BOARD": "icebreaker", "RECIPE": "digits", "FILE": "FILE.npz", "L": "16", "SEED": "1", "…": ""}


def words_of(command: str) -> list[str]:
    """Return a command's words: what stands in [ ] is left out, placeholders are filled in."""
    plain = re.sub(r" \[.*?\](?= |$)", "", command)
    return [word for part in shlex.split(plain) if (word := PLACEHOLDERS.get(part, part))]


def sc_neurocore(words: list[str], place: Path) -> None:
    """Parse the arguments as they are; then run the command, shortened, but for what needs a board."""
    name, rest = words[1], words[2:]
    if name in {"--help", "--version", "help", "COMMAND", "completion"}:
        return
    assert name in COMMANDS
    if not rest and name != "doctor":  # it is only mentioned
        return
    made = {"--out", "--port"}
    out = [w for k, w in enumerate(rest) if k and rest[k - 1] in made]
    args = _parsers([name])[0].parse_args(_joined(words[1:]))
    if "mnist" in " ".join(rest) and not data.at_hand("mnist"):
        return
    short = list(rest)
    if name in {"flash", "run", "virtual-board"}:
        return
    if name == "build":
        if args.board:  # a build is minutes; what fits is decided before
            network = artifact.load(args.network)
            # Raises if the board is too small. `estimate` says more, but knows no engine of networks in steps.
            plan(network, board(args.board), lanes=args.lanes, mac=args.mac)
            if not network.steps:
                assert main(["estimate", str(args.network), "--board", args.board, "--json"]) == 0
        return
    if name == "train":
        short += ["--limit", "120", "--epochs", "1"] if "--epochs" not in rest else ["--limit", "120"]
        if "--epochs" in rest:
            short[short.index("--epochs") + 1] = "1"
    if name in {"evaluate", "explain"}:
        short += ["--limit", "20"]
        if rest[0] in {"DIR", "net"} and "mnist" in rest:
            short[0] = "mnist-small"
    if name in {"explain"} and "--model" in short:  # the float model of a page's own network
        del short[short.index("--model") : short.index("--model") + 2]
    compiled = name == "evaluate" and "rtl" in short and short[0].endswith(("mnist-small", "my-network"))
    if "--backend" in short and not compiled:
        # One compiled network is enough here. `.ci/run` has the others, with all images.
        del short[short.index("--backend") : short.index("--backend") + 2]
    if name == "import" and "--fine-tune" in short:
        short[short.index("--fine-tune") + 1] = "0"
    if name == "compile":
        short = [w for w in short if w not in {"--prove", "--area"}]
    for word in out:
        place_of = place / "made" / re.sub(r"\W+", "-", word)
        shutil.rmtree(place_of, ignore_errors=True)
        short[short.index(word)] = str(place_of)
    # Pages say many things twice.
    text = " ".join([name, *(word for word in short if str(place) not in word)])
    again = place / "made" / re.sub(r"\W+", "-", f"done {text}")
    if again.exists():
        return
    assert main([name, *short]) in ({0, 1} if name == "doctor" else {0})
    again.parent.mkdir(exist_ok=True)
    again.touch()


def make(words: list[str], place: Path) -> None:
    """Ask make what it would do; values of BOARD and NETWORK must be there."""
    given = [word for word in words[1:] if not re.fullmatch(r"\w+=(…|\w+\.\.\.)?", word)]
    if given[:1] == ["-f"]:  # of a build's folder
        return
    done = subprocess.run(["make", "-n", *given], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for key, value in (word.split("=") for word in given if "=" in word):
        assert key != "BOARD" or value in BOARDS
        assert key != "NETWORK" or (ROOT / value).is_dir()


def python(words: list[str], place: Path) -> None:
    """Have the script say what it takes: it is there, is imported, and knows the words that come first."""
    if words[1] == "-m":
        assert words[2] in {"venv", "doctest", "sc_neurocore", "sc_neurocore.hardware.yosys", "pip", "mypy"}, words
        return
    if words[1].startswith("build/"):  # what `compile` wrote; tests/test_compiler.py runs it
        return
    script = ROOT / words[1]
    assert script.is_file(), script
    steps = [word for word in words[2:] if re.fullmatch(r"[a-z][a-z-]*", word)]
    options = [word for word in words[2:] if word.startswith("--")]
    text = script.read_text(encoding="utf-8")
    if "argparse" not in text and "parser" not in text:  # it takes no words, so to ask it for help would run it
        compile(text, str(script), "exec")
        assert not steps
        assert not options
        return
    said = helps(script) + (helps(script, steps[0]) if steps and words[2] == steps[0] else "")
    for option in options:
        assert option in said, option


def helps(script: Path, *step: str) -> str:
    """Return what a script, or one of its steps, says to --help."""
    out = io.StringIO()
    before = sys.argv[:], sys.path[:]
    sys.argv = [str(script), *step, "--help"]
    sys.path.insert(0, str(script.parent))
    try:
        with redirect_stdout(out), pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv, sys.path[:] = before
    assert not ended.value.code, f"{script} {step}: {ended.value.code}"
    return out.getvalue()


def pytest_(words: list[str], place: Path) -> None:
    """See that the tests are there."""
    file, _, test = next(word for word in words[1:] if not word.startswith("-")).partition("::")
    path = ROOT / file
    assert path.exists(), path
    if test:
        assert f"def {test.partition('[')[0]}(" in path.read_text()
    if "-k" in words:
        assert re.search(rf"def test_\w*{words[words.index('-k') + 1]}", path.read_text())


def pip(words: list[str], place: Path) -> None:
    """See that what is to be installed is among the packages that the project pins, or is an extra of its own."""
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    if words[1] == "wheel":  # of the project; tests/test_package.py makes one
        assert words[-1] == "."
        return
    for word in words[2:]:
        own = re.fullmatch(r"\.\[(.+)\]", word)
        if own:
            assert set(own[1].split(",")) <= set(extras)
        elif not word.startswith("-") and word != "constraints.txt":
            assert word in pinned, word


def fusesoc(words: list[str], place: Path) -> None:
    """Ask FuseSoC for the core, and see that it has the target."""
    if words[1:3] == ["library", "add"]:
        return
    core = next(word for word in words if word.startswith("::"))
    if core == "::sc_stream_system":  # of a build's folder
        return
    target = words[words.index("--target") + 1] if "--target" in words else "default"
    assert re.search(rf"^  {target}:", (ROOT / "fusesoc.core").read_text(), re.MULTILINE), target


def sby(words: list[str], place: Path) -> None:
    """See that the proof has the task."""
    file = next(word for word in words if word.endswith(".sby"))
    assert re.search(rf"^{words[-1]}\b", (ROOT / file).read_text(), re.MULTILINE)


def ruff(words: list[str], place: Path) -> None:
    """See that make calls it so, too: `ruff check .`, and `ruff format .` with or without `--check`."""
    assert words[1] in {"check", "format"}
    assert set(words[2:]) <= {"--check", "."}
    assert f"ruff {words[1]} " in (ROOT / "Makefile").read_text()


def pre_commit(words: list[str], place: Path) -> None:
    """See that it is told how to be set up; its hooks are in tests/test_contributing.py."""
    assert words == ["pre-commit", "install"]
    assert (ROOT / ".pre-commit-config.yaml").is_file()


def machine(words: list[str], place: Path) -> None:
    """Take what is the machine's: packages of Debian, tools of boards, the shell."""
    packages = {"git", "g++", "make", "python3-venv"}
    assert words[0] != "apt" or set(words[2:]) <= packages


RULES: dict[str, Callable[[list[str], Path], None]] = {
    "sc-neurocore": sc_neurocore,
    "make": make,
    "python": python,
    "python3": python,
    "pytest": pytest_,
    "pip": pip,
    "fusesoc": fusesoc,
    "sby": sby,
    "ruff": ruff,
    "pre-commit": pre_commit,
    **dict.fromkeys(("apt", "git", "cd", "export", "eval", "ls", "iceprog", "openFPGALoader", "."), machine),
}


def on_pages() -> list[str]:
    """Return every command once, with the page on which it comes first."""
    first: dict[str, Path] = {}
    for page in PAGES:
        for command in commands(page):
            first.setdefault(command, page)
    return [f"{page}: {command}" for command, page in first.items()]


@pytest.mark.parametrize("item", on_pages())
def test_a_command_of_the_pages_runs(item: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = item.partition(": ")[2]
    if "SC_NEUROCORE_DATA" in os.environ:
        monkeypatch.setenv("SC_NEUROCORE_DATA", os.path.abspath(os.environ["SC_NEUROCORE_DATA"]))
    monkeypatch.chdir(place)
    words = words_of(command)
    assert words[0] in RULES, f"no rule for {command!r}"
    RULES[words[0]](words, place)


def test_commands_are_found_where_they_stand(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text with `make demo` and `python` alone.\n\n    sc-neurocore run x \\\n        --port y  # now\n    . a/b\n"
        "```python\npip install no\n```\n```sh\n$ pytest tests/a.py && make x\n```\n"
    )
    assert commands(page) == ["make demo", "sc-neurocore run x --port y", ". a/b", "pytest tests/a.py", "make x"]
    assert len(on_pages()) > 100
    assert os.sep not in RULES
