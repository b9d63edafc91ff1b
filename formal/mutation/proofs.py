"""Runs one task of a proof on changed RTL, quickly: what sby does in it, in one run of Yosys and up to two of smtbmc.

A mutant costs half a second this way, a third of what sby takes; tests/test_mutate.py holds the scripts to those that
sby writes. Limits are in seconds of processor time, so that a busy machine changes no verdict.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sby_files import ROOT, Proof
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.formal_tools import sby_tools

__all__ = [
    "MODEL",
    "Stopped",
    "Tools",
    "Verdict",
    "copy_sources",
    "failing",
    "proofs_of",
    "run_task",
]

#: What sby appends to a task's script to make the model of `smtbmc`: its steps base, prep and smt2.
MODEL = """\
hierarchy -smtcheck
rename -witness
scc -select; simplemap; select -clear
memory_nordff
async2sync
chformal -assume -early
opt_clean
formalff -setundef -clk2ff -ff2anyinit -hierarchy
chformal -live -fair -cover -remove
opt_clean
check
setundef -undriven -anyseq
opt -fast
rename -witness
opt_clean
hierarchy -smtcheck
delete */t:$print
formalff -assume
dffunmap
stat
write_smt2 -wires design_smt2.smt2
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a task says of a changed design.

    `kind` is one of: "passed"; "claim", a claim a_... fails from reset; "invariant", the proof fails, but no claim was
    seen to fail from reset; "dead", Yosys does not take the design; "late", not decided within the limit.
    """

    kind: str
    task: str
    what: str  # the assertions that fail, or the end of the log
    seconds: float  # of processor time


class Stopped(Exception):
    """The user ended the run."""


class Tools:
    """Starts child processes with a limit of processor time, and ends them all when the user stops."""

    def __init__(self) -> None:
        _, self.environment = sby_tools()
        self.yosys = shlex.split(self.environment["YOSYS"])
        self.smtbmc = shlex.split(self.environment["SMTBMC"])
        self.lock = threading.Lock()
        self.running: set[int] = set()
        self.stopped = False

    def call(
        self, command: list[str], folder: Path, log: str, limit: float, environment: Mapping[str, str] | None = None
    ) -> tuple[int, float]:
        """Run a command; return its exit code (below 0: ended by a signal) and its seconds of processor time."""
        limited = ["/bin/sh", "-c", f'ulimit -t {max(1, round(limit))}; exec "$@"', "sh", *command]
        with (folder / log).open("wb") as out:
            with self.lock:
                if self.stopped:
                    raise Stopped
                process = subprocess.Popen(
                    limited,
                    cwd=folder,
                    env=dict(environment or self.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
                self.running.add(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            with self.lock:
                self.running.discard(process.pid)
                if self.stopped:
                    raise Stopped
        return process.returncode, usage.ru_utime + usage.ru_stime

    def stop(self) -> None:
        """End every child and what it started."""
        with self.lock:
            self.stopped = True
            running = list(self.running)
        for number in running:
            try:
                os.killpg(number, signal.SIGTERM)
            except ProcessLookupError:
                continue


def _failed(log: str) -> tuple[str, ...]:
    """The names of the assertions that fail, without those of the blocks that they are in."""
    return tuple(dict.fromkeys(re.findall(r"Assert failed in \S+: (?:\S+\.)?(\w+)", log)))


def copy_sources(proof: Proof, changed: Mapping[str, str], folder: Path) -> None:
    """Put the files of a proof, some of them with other texts, into `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in proof.files:
        text = changed.get(name)
        (folder / Path(name).name).write_text((ROOT / name).read_text() if text is None else text)


def _model(
    tools: Tools, proof: Proof, task: str, changed: Mapping[str, str], folder: Path, limit: float, early: str = ""
) -> tuple[Verdict | None, float]:
    """Make the model of a task in `folder`: a verdict where Yosys makes none, and the seconds that it took."""
    facts = proof.tasks[task]
    require(facts["engine"] == "smtbmc yices", f"{proof.name}.sby: engine must be smtbmc yices, got {facts['engine']}")
    copy_sources(proof, changed, folder)
    script, prep, rest = facts["script"].partition("prep -top ")
    require(prep, f"{proof.name}.sby: the script of {task} must have a line prep -top ...")
    (folder / "design.ys").write_text(script + early + prep + rest + MODEL)
    code, seconds = tools.call([*tools.yosys, "-ql", "yosys.log", "-s", "design.ys"], folder, "yosys.out", limit)
    if code == 0:
        return None, seconds
    end = (folder / "yosys.out").read_text(errors="replace").strip().splitlines()[-1:]
    late = code in (-signal.SIGXCPU, -signal.SIGKILL, 128 + signal.SIGXCPU, 128 + signal.SIGKILL)
    return Verdict("late" if late else "dead", task, " ".join(end)[:160], seconds), seconds


def _check(
    tools: Tools, folder: Path, name: str, depth: str, options: list[str], limit: float
) -> tuple[str, str, float]:
    """Run smtbmc on the model of `folder`: "passed", "failed", "unsat" or "late", its log, and its seconds."""
    command = [*tools.smtbmc, "-s", "yices", "--presat", "--unroll", *options, "--noprogress", "-t", depth]
    code, seconds = tools.call([*command, "--append", "0", "design_smt2.smt2"], folder, f"{name}.log", limit)
    log = (folder / f"{name}.log").read_text(errors="replace")
    if found := re.search(r"Status: (passed|failed|preunsat)", log, re.IGNORECASE):
        return {"passed": "passed", "failed": "failed", "preunsat": "unsat"}[found[1].lower()], log, seconds
    if seconds < 0.8 * limit and code >= 0 and "Unexpected EOF response from solver" not in log:
        raise ScError(f"{folder}: smtbmc ended with {code}: {log[-300:]}")
    return "late", log, seconds


def run_task(
    tools: Tools,
    proof: Proof,
    task: str,
    changed: Mapping[str, str],
    folder: Path,
    limit: float,
) -> Verdict:
    """Run a prove or hunt task with some files' texts changed, in `folder`, which is emptied first.

    changed: name as in the .sby → text. limit: seconds of processor time for each of its up to three processes.
    Raises ScError for an engine that this does not know, and where the tools themselves fail.
    """
    facts = proof.tasks[task]
    verdict, total = _model(tools, proof, task, changed, folder, limit)
    if verdict:
        return verdict
    runs: list[tuple[str, list[str]]] = [("base", [])]
    if facts["mode"] == "prove":
        runs.append(("step", ["-i"]))
    for name, options in runs:
        status, log, seconds = _check(tools, folder, name, facts["depth"], options, limit)
        total += seconds
        failed = _failed(log)
        if status == "late":
            return Verdict("late", task, f"not decided in {limit:.0f} s", total)
        if status == "unsat":
            return Verdict("invariant", task, "the assumptions contradict one another", total)
        if status == "failed" and name == "step":
            return Verdict("invariant", task, "induction: " + ", ".join(failed), total)
        if status == "failed":
            kind = "claim" if any(x.startswith("a_") for x in failed) else "invariant"
            return Verdict(kind, task, ", ".join(failed), total)
    return Verdict("passed", task, "", total)


def failing(tools: Tools, proof: Proof, task: str, folder: Path, limit: float, depth: int, early: str) -> set[str]:
    """The assertions of a task that fail from reset within `depth` clocks, each by itself.

    early: Yosys commands that change the design before it is optimised. What was found is returned even where the
    limit ends the search. Raises ScError where Yosys does not take the design.
    """
    verdict, _ = _model(tools, proof, task, {}, folder, limit, early)
    require(verdict is None, f"{proof.name} {task}: Yosys fails: {verdict.what if verdict else ''}")
    _, log, _ = _check(tools, folder, "free", str(depth), ["--keep-going"], limit)
    return set(_failed(log))


def proofs_of(file: str, proofs: Mapping[str, Proof]) -> list[Proof]:
    """The proofs that read `file`: the module's own first, then by the number of files that they read."""
    own = Path(file).stem.removesuffix("_source") + "_fv"
    return sorted((p for p in proofs.values() if file in p.files), key=lambda p: (p.name != own, len(p.files), p.name))
