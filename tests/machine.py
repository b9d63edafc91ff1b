"""Machines with faults, for tests: full disks, folders that nobody may write, other users, tools that do not work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore import artifact
from sc_neurocore.network import InputSpec, Network

STRANGER = 54321  # a user without a name or home, as in many containers


#: A user for whom permissions count, which they do not for root unless it gives its capabilities up; and a stranger.
USERS = {
    "plain": [["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []],
    "stranger": [
        ["unshare", "--user", f"--map-user={STRANGER}", f"--map-group={STRANGER}"],
        ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"],
    ],
}

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


def keep(folder: Path, samples: Path, network: Network) -> None:
    spec = InputSpec((3,), full_scale=256, dataset="custom")  # as uint8 samples have it
    artifact.save(replace(network, input=spec), folder)
    np.savez(samples, x=np.arange(12, dtype=np.uint8).reshape(4, 3), y=np.array([0, 1, 0, 1]))


GLIBC = r"nextpnr: /lib/libstdc++.so.6: version \`GLIBCXX_3.4.32' not found (required by nextpnr)"


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


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
