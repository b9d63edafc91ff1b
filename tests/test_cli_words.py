"""The command line as its users meet it, in real processes: words, usage, help, JSON, colours, completion, start-up."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore import artifact, names
from sc_neurocore.cli import COMMANDS, FAULT, main
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.parts import PARTS
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.paths import hdl_root

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = (sys.executable, "-m", "sc_neurocore")


def run(*arguments: object, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "100", **variables}
    done = subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    layers = (
        DenseLayer(rng.integers(-15, 16, (6, 4)), rng.integers(-15, 16, 6), 100),
        DenseLayer(rng.integers(-15, 16, (3, 6)), rng.integers(-15, 16, 3), None),
    )
    return artifact.save(Network(16, layers, InputSpec((4,), 256), name="tiny"), tmp_path / "tiny")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.npz"
    x = np.random.default_rng(1).integers(0, 256, (20, 4), dtype=np.uint8)
    np.savez(path, x=x, y=np.arange(20) % 3)
    return path


# --- words ------------------------------------------------------------------------------------------------------------


#: Arguments with a wrong word, all the words that are allowed, and the one that was meant.
WRONG = (
    ("evalute", COMMANDS, "evaluate"),
    ("help biuld", COMMANDS, "build"),
    ("estimate NET --board icebraker", BOARDS, "icebreaker"),
    ("estimate NET --board ulx3s", BOARDS, "ulx3s-12f or ulx3s-85f"),
    ("build NET --out OUT --board arty", BOARDS, "arty-a7"),
    ("build NET --out OUT --design engin", ("engine", *names.DESIGNS), "engine"),
    ("build NET --out OUT --design stream --part lfe5u-85f", PARTS, "lfe5u-25f"),
    ("build NET --out OUT --design stream --part lfe5u-25f --data-width 24", names.DATA_WIDTHS, None),
    ("flash NET --board de10", BOARDS, None),
    ("run NET --board hx8 --port p --data digits", BOARDS, "hx8k"),
    ("virtual-board NET --board orangecrap", BOARDS, "orangecrab"),
    ("evaluate NET --data mnits", names.DATASETS, "mnist"),
    ("evaluate NET --data samples.csv", (*names.DATASETS, ".npz"), None),
    ("evaluate NET --data digits --backend RTL", (*names.BACKENDS, "board"), "rtl"),
    ("evaluate NET --data digits --check goldn", names.CHECKS, "golden"),
    ("evaluate NET --data digits --split testing", names.SPLITS, "test"),
    ("explain NET --backend strem", names.BACKENDS, "stream"),
    ("explain NET --split val", names.SPLITS, "validation"),
    ("train mnist_small --out OUT", names.recipe_files(), "mnist-small"),
    ("train digits --out OUT --device gpu", names.DEVICES, None),
    ("train --data x.npz --out OUT --order nhwc", names.ORDERS, "hwc"),
    ("train --data digit --out OUT", names.DATASETS, "digits"),
    ("import net.nir --framework snn", names.FRAMEWORKS, "snntorch"),
    ("import net.nir --neurons rates", names.NEURONS, "rate"),
    ("compile izikevich --out OUT", (*names.NEURON_MODELS, ".toml"), "izhikevich"),
    ("completion bsh", ("bash", "zsh", "fish"), "bash"),
)


@pytest.mark.parametrize(("arguments", "allowed", "meant"), WRONG)
def test_a_wrong_word_gets_one_line_that_lists_what_is_allowed(
    arguments: str, allowed: tuple[object, ...], meant: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert " must be one of " in said.err
    assert all(str(word) in said.err.partition(", got ")[0] for word in allowed)
    assert said.err.rstrip().endswith(f": did you mean {meant}?") == (meant is not None), said.err
    assert not Path("OUT").exists()


@pytest.mark.parametrize(
    ("arguments", "command", "said"),
    [
        ("evaluate NET --data digits --bakend rtl", "evaluate", "got '--bakend': did you mean --backend?"),
        ("build NET --bord icebreaker --out OUT", "build", "got '--bord': did you mean --board?"),
        ("evaluate NET --dta digits", "evaluate", "got '--dta': did you mean --data?"),
        ("evaluate", "evaluate", "NETWORK, --data must be given"),
        ("evaluate NET OTHER --data digits", "evaluate", "there is no place for 'OTHER'"),
        ("run NET --port", "run", "--port expected one argument"),
        ("explain NET --s test", "explain", "network must be one of "),
        ("train digits --out OUT --e 3 --l 8", "train", "ambiguous option: --l could match --length, --limit"),
        ("--verson", "", "got '--verson': did you mean --version?"),
        ("", "", "a command is missing: one of train, import"),
    ],
)
def test_a_typing_error_gets_the_usage_of_its_command(
    arguments: str, command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    *usage, last = captured.err.splitlines()
    assert captured.out == ""
    assert said in last
    assert last.startswith(f"sc-neurocore {command}".rstrip() + ":")
    if not said.startswith("network must"):
        assert usage[0].startswith(f"usage: sc-neurocore {command or '[-h]'} ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("evaluate NET --data digits --limit few", "--limit must be a whole number of at least 1, got 'few'"),
        ("build NET --out OUT --seed x", "--seed must be a whole number, got 'x'"),
        ("run NET --board hx8k --port p --data digits --clock fast", "--clock must be a number, got 'fast'"),
        ("import net.nir --input-shape 1,x", "--input-shape must be whole numbers of at least 1 with commas"),
        ("train --data x.npz --out OUT --input-range 3", "--input-range must be LOW,HIGH, two numbers, got '3'"),
    ],
)
def test_a_wrong_number_gets_one_line(arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


# --- help -------------------------------------------------------------------------------------------------------------


def test_help_lists_commands_and_documentation() -> None:
    text = run("help").stdout
    assert text == run("--help").stdout
    for name, command in COMMANDS.items():
        assert re.search(rf"^    {name}\b", text, re.MULTILINE)
        assert command.text.split()[0] in text
    assert f"Documentation: {ROOT / 'docs'}\n" in text
    assert str(ROOT / "docs" / "cli.md") in text


def test_help_of_a_command_lists_its_choices(capsys: pytest.CaptureFixture[str]) -> None:
    choices: dict[str, list[object]] = {
        "train": [*names.recipe_files(), *names.DEVICES, *names.ORDERS, ".toml", ".npz"],
        "import": [*names.FRAMEWORKS, *names.NEURONS, *names.DATASETS],
        "evaluate": [*names.BACKENDS, "board", *BOARDS, *names.CHECKS, *names.SPLITS, *names.DATASETS, ".npz"],
        "explain": [*names.BACKENDS, *names.SPLITS, *names.DATASETS],
        "estimate": [*BOARDS],
        "build": [*BOARDS, *PARTS, *names.DESIGNS, *names.DATA_WIDTHS],
        "flash": [*BOARDS],
        "run": [*BOARDS, *names.CHECKS, *names.SPLITS],
        "virtual-board": [*BOARDS],
        "compile": [*names.NEURON_MODELS, ".toml"],
        "completion": ["bash", "zsh", "fish"],
    }
    for name in [*COMMANDS, "help"]:
        assert main(["help", name]) == 0
        text = capsys.readouterr().out
        assert text.startswith(f"usage: sc-neurocore {name} ")
        assert all(str(word) in text for word in choices.get(name, ())), name


# --- JSON -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        "evalute --json",
        "evaluate --json",
        "evaluate NET --data digits --json --bakend rtl",
        "estimate NET --js --board de10",
        "evaluate NOWHERE --data digits --json",
        "train --json --out OUT",
    ],
)
def test_an_error_is_json_too(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    said = capsys.readouterr()
    row = json.loads(said.out)
    assert list(row) == ["error", "exit_code"]
    assert row["exit_code"] == 2
    assert said.err.splitlines()[-1].endswith(row["error"])


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ScError("theta is wrong"), 2, "theta is wrong"),
        (OSError(28, "No space left on device", "/data"), 2, "/data: no space left on device: free some space"),
        (MemoryError("Unable to allocate 3 TiB"), 2, r"not enough memory \(Unable to allocate 3 TiB\)"),
        (ModuleNotFoundError("No module named 'nir'", name="nir"), 2, "this needs nir: pip install nir$"),
        (ModuleNotFoundError("No module", name="sklearn.datasets"), 2, "this needs scikit-learn: pip install sci"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (KeyError("x"), FAULT, "a fault of this program, please report it: KeyError: 'x'"),
    ],
)
def test_every_kind_of_failure_is_json(
    error: BaseException,
    code: int,
    message: str,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(artifact, "load", fail)
    assert main(["estimate", str(saved), "--board", "hx8k", "--json"]) == code
    said = capsys.readouterr()
    row = json.loads(said.out)
    assert row["exit_code"] == code
    assert re.match(message, row["error"])
    assert ("Traceback" in said.err) == (code == FAULT)


def test_doctor_says_what_is_missing_as_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sc_neurocore import doctor

    lacks = doctor.Report((doctor.Finding("Python", "numpy", "missing", "not installed", "pip install numpy"),))
    monkeypatch.setattr(doctor, "examine", lambda: lacks)
    assert main(["doctor", "--json"]) == 1
    row = json.loads(capsys.readouterr().out)
    assert (row["ok"], row["exit_code"]) == (False, 1)
    assert row["error"].endswith("lack numpy")


# --- processes --------------------------------------------------------------------------------------------------------


def test_the_module_is_the_command(saved: Path, samples: Path) -> None:
    done = run("evaluate", saved, "--data", samples, "--backend", "table")  # an earlier name
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"back end +lookup", lines[1])
    assert re.fullmatch(r"accuracy +\d+\.\d\d %", lines[5])
    assert re.fullmatch(r"time +[\d.e-]+ s", lines[7])
    assert re.fullmatch(r"stream length L +16", lines[2])
    assert len({re.match(r".*?  +", line)[0].__len__() for line in lines}) == 1  # type: ignore[index]
    assert "None" not in done.stdout
    # What is compared with takes the most time, and says where it is.
    assert "lookup back end: 20 of 20 images" in done.stderr
    assert "golden model, to compare: 20 of 20 images" in done.stderr
    assert "\033" not in done.stdout + done.stderr


def test_a_missing_package_is_named(saved: Path, samples: Path) -> None:
    code = "import sys; sys.modules['numba'] = None; from sc_neurocore.cli import main; sys.exit(main())"
    arguments = ["evaluate", str(saved), "--data", str(samples), "--json"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout) == {"error": "this needs numba: pip install numba", "exit_code": 2}


def test_hdl_prints_the_folder_of_the_hardware() -> None:
    done = run("hdl", "--path")
    folder = Path(done.stdout.strip())
    assert done.stdout.count("\n") == 1
    assert folder == hdl_root()
    row = json.loads(run("hdl", "--json").stdout)
    assert row["path"] == str(folder)
    assert "rtl/sc_engine.v" in row["rtl"]
    assert all((folder / file).is_file() for file in [*row["rtl"], row["fusesoc"]])
    assert (folder / row["boards"] / "README.md").is_file()


BASH = r"""
set -u
export PATH="$1:$PATH"
eval "$(sc-neurocore completion bash)"
complete -p sc-neurocore >/dev/null || exit 9
while read -r line; do
    line="${line%.}"
    COMP_LINE="$line" COMP_POINT=${#line} COMP_TYPE=9
    read -ra COMP_WORDS <<<"$line"
    [[ "$line" == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _python_argcomplete sc-neurocore "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${COMPREPLY[*]}"
done
"""


def test_bash_completes_commands_options_and_words(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    program = tmp_path / "sc-neurocore"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sc_neurocore "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "mine.npz").touch()
    (tmp_path / "mine.txt").touch()
    asked = {
        "sc-neurocore ev": ["evaluate"],
        "sc-neurocore ": [*COMMANDS, "help"],
        "sc-neurocore build net --board ice": ["icebreaker"],
        "sc-neurocore build net --bo": ["--board", "--boot-flash"],
        "sc-neurocore evaluate net --backend ": [*names.BACKENDS, "board"],
        "sc-neurocore evaluate net --data m": ["mnist", "mine.npz"],
        "sc-neurocore train mnist-sm": ["mnist-small"],
        "sc-neurocore help bu": ["build"],
    }
    lines = "".join(f"{line}.\n" for line in asked)  # the dot keeps a space at the end
    command = [bash, "--norc", "--noprofile", "-c", BASH, "bash", str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    found = [sorted(line.split()) for line in done.stdout.splitlines()]
    assert found == [sorted(words) for words in asked.values()], done.stderr


#: Modules that take longer to import than a start may take, or that only a command's work needs.
SLOWER = "numpy numba torch sklearn scipy matplotlib argcomplete subprocess logging tempfile shutil"
SLOW = f"{SLOWER} dataclasses inspect difflib"


@pytest.mark.parametrize(
    ("arguments", "slow"),
    [
        ("--help", SLOW),
        ("--version", SLOW),
        ("help train", SLOW),
        ("evalute", SLOWER),
        ("help evaluate", SLOWER),
        ("run --help", SLOWER + " tomllib sc_neurocore.hardware.boards"),
        ("build net --board x --out y", SLOWER),
        ("train mnsit --out y --json", SLOWER),
    ],
)
def test_a_start_imports_nothing_slow(arguments: str, slow: str) -> None:
    """The reason why a start takes under 0.15 s, which a test on a busy machine could not measure."""
    code = (
        "import sys\nfrom sc_neurocore.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('modules:', *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments.split()], capture_output=True, text=True, check=True)
    loaded = done.stderr.rpartition("modules: ")[2].split()
    assert "sc_neurocore.cli" in loaded
    assert not set(slow.split()) & set(loaded)
    assert len(loaded) < 130


# --- before the work --------------------------------------------------------------------------------------------------


def test_a_study_asks_for_matplotlib_before_it_measures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import where_sc_pays

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for part in where_sc_pays.PARTS.values():
        monkeypatch.setattr(part, "measure", lambda _: pytest.fail("it measured"))
    with pytest.raises(SystemExit, match=r"error: the study needs matplotlib: pip install matplotlib"):
        where_sc_pays.main(["all", "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("option", "tool"), [("--prove", "sby_tools"), ("--area", "yosys.command")])
def test_a_neuron_asks_for_its_tools_before_it_is_compiled(
    option: str, tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise ScError(f"{tool} is not here")

    monkeypatch.setattr(f"sc_neurocore.compiler.command.{tool}", missing)
    monkeypatch.setattr("sc_neurocore.compiler.command.compile_neuron", lambda _: pytest.fail("it compiled"))
    assert main(["compile", "lif", "--out", str(tmp_path / "lif"), option]) == 2
    assert f"{tool} is not here" in capsys.readouterr().err


def test_a_build_asks_for_fusesoc_before_its_work(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fusesoc", None)
    assert main(["build", str(saved), "--board", "icebreaker", "--out", str(tmp_path / "out")]) == 2
    assert "a build needs fusesoc: pip install fusesoc" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_wrong_data_are_told_before_a_board_is_opened(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(saved), "--board", "icebreaker", "--port", "/dev/nowhere", "--data", str(tmp_path / "none.npz")]
    for command in (["run"], ["evaluate", "--backend", "board"]):
        assert main([*command, *words]) == 2
        assert "none.npz" in capsys.readouterr().err


def test_train_takes_limit_and_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    assert main(["train", "digits", "--out", str(tmp_path / "x"), "--device", "cuda"]) == 2
    assert "device must be 'cpu', got 'cuda'" in capsys.readouterr().err
    short = ["train", "digits", "--out", str(tmp_path / "net"), "--limit", "30", "--epochs", "2", "--json"]
    assert main([*short, "--device", "cpu"]) == 0
    assert json.loads(capsys.readouterr().out)["test_images"] == 30
    assert artifact.load(tmp_path / "net").info["limit"] == 30
