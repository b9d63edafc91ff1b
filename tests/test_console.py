"""What a terminal or a pipe gets: text that its encoding has, colours where they are wanted, no word once it left."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from machine import cli, environment, keep, refused
from sc_neurocore.network import Network


@pytest.mark.parametrize("unbuffered", [None, "1"])
def test_a_reader_that_goes_away_ends_the_program_in_silence(
    tmp_path: Path, small: Network, unbuffered: str | None
) -> None:
    keep(tmp_path / "net", tmp_path / "samples.npz", small)
    for words in (["estimate", tmp_path / "net", "--board", "icebreaker"], ["doctor"], ["compile", "--help"]):
        done = subprocess.run(
            ["sh", "-c", '"$@" | true', "sh", sys.executable, "-m", "sc_neurocore.cli", *map(str, words)],
            env=environment(PYTHONUNBUFFERED=unbuffered), capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")


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


def on_a_terminal(*arguments: str, **variables: str) -> str:
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", **variables}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "sc_neurocore", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            said += part
        process.wait()
    os.close(ours)
    return said.decode()


def test_colours_are_for_terminals_whose_user_wants_them() -> None:
    said = on_a_terminal("evalute")
    assert said.startswith("\033[31msc-neurocore:\033[0m command must be one of ")
    assert "\033" not in on_a_terminal("evalute", NO_COLOR="1")
    assert "\033" not in on_a_terminal("evalute", TERM="dumb")
    assert "\033[31m" in on_a_terminal("evalute", NO_COLOR="")  # empty is not set
    assert "\033" not in cli("evalute").stderr
