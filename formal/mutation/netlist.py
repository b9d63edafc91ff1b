"""Netlist mutants: one bit of one cell of a module's netlist inverted or stuck, as Yosys' `mutate` draws them.

A syntactic mutant edits what a person wrote; a netlist mutant edits what is built of it: an adder's input bit, the
output of a register, the port of a part. Yosys spreads them over the source lines, the wires and the bits.

A module's netlist depends on its parameters, so a mutant belongs to one task of the module's own proof, and is put into
the design of that task before the modules are joined. It is killed by that task, or by a search for a claim that fails
from reset in the same design; one that passes is compared with the module as it is in that task.
"""

import hashlib
import json
import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path

from sby_files import ROOT, Proof, task_key
from sc_neurocore.errors import require

from .campaign import GLANCE, LIMIT
from .equivalence import same_netlist
from .proofs import Stopped, Tools, copy_sources, proofs_of, run_task
from .results import WORK, append, entries, write_lines

__all__ = [
    "COMMITTED", "COUNT", "LOG", "NetlistMutant", "Outcome", "commit", "draw", "is_fresh", "read", "run", "test",
]  # fmt: skip

COMMITTED = ROOT / "formal" / "netlist.jsonl"
LOG = WORK / "netlist.jsonl"

#: Mutants of a module.
COUNT = 12


@dataclass(frozen=True, slots=True)
class NetlistMutant:
    """One `mutate` command in the design of one task."""

    module: str  # sc_lane
    proof: str  # sc_lane_fv
    task: str  # prove_l4
    command: str  # "mutate -mode inv -module ... -cell ... -port A -portbit 2"
    where: str  # "lines 42, 43; wire sum": where the cell comes from

    @property
    def identity(self) -> str:
        """Module, kind, hash."""
        digest = hashlib.sha256(f"{self.proof}\0{self.task}\0{self.command}".encode()).hexdigest()
        return f"{self.module}-net-{digest[:10]}"

    @property
    def target(self) -> str:
        """The module of the netlist, with its parameters."""
        return re.search(r" -module (\S+)", self.command)[1]  # type: ignore[index]

    def words(self) -> str:
        """What is done, in a few words."""
        words = dict(re.findall(r"-(mode|cell|port|portbit) (\S+)", self.command))
        mode = {"inv": "inverted", "const0": "stuck at 0", "const1": "stuck at 1"}
        done = mode.get(words["mode"], "inverted where another bit is " + words["mode"][-1])
        cell = re.sub(r"\$\d+$", "", words["cell"].lstrip("\\"))
        return f"{cell} {words['port'].lstrip(chr(92))}[{words['portbit']}] {done}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A mutant and its verdict: claim, invariant, dead, equivalent, survived or undecided."""

    mutant: NetlistMutant
    verdict: str
    what: str
    seconds: float
    key: str  # of the task that it was measured with

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps({"id": self.mutant.identity, **asdict(self)}) + "\n"


def read(*paths: Path) -> dict[str, Outcome]:
    """What is known, by identity; a later file's word counts."""
    found = {}
    for path in paths or (COMMITTED,):
        for entry in entries(path, whole=path == COMMITTED):
            entry.pop("id")
            outcome = Outcome(NetlistMutant(**entry.pop("mutant")), **entry)
            found[outcome.mutant.identity] = outcome
    return found


def is_fresh(outcome: Outcome, proofs: Mapping[str, Proof]) -> bool:
    """Whether the task is as it was when the mutant was measured."""
    proof = proofs.get(outcome.mutant.proof)
    return bool(proof and outcome.mutant.task in proof.tasks and task_key(proof, outcome.mutant.task) == outcome.key)


def commit(outcomes: Iterable[Outcome]) -> None:
    """Write the committed file."""
    write_lines(COMMITTED, [o.line() for o in sorted(outcomes, key=lambda o: o.mutant.identity)])


def _halves(script: str) -> tuple[str, str]:
    """A task's script up to the netlists of its modules, which are not joined yet, and the rest of it."""
    head, found, rest = script.partition("\nproc\n")
    if found:
        return head + found, rest
    head, found, rest = script.partition("prep -top ")
    top, _, rest = rest.partition("\n")
    return f"{head}hierarchy -top {top}\nproc\n", f"prep -top {top}\n{rest}"


def _select(module: str) -> str:
    return f"select -set dut A:hdlname=*{module} {module}\n"


def draw(tools: Tools, module: str, proofs: Mapping[str, Proof], count: int, seed: int) -> list[NetlistMutant]:
    """Draw up to `count` mutants of a module, in turn from each proving task of its first proof, if it has one."""
    reading = proofs_of(f"rtl/{module}.v", proofs)
    if not reading:
        return []
    proof = reading[0]
    each = -(-count // len(proof.proofs))
    drawn = []
    for task in proof.proofs:
        folder = WORK / "netlist" / f"draw-{module}"
        shutil.rmtree(folder, ignore_errors=True)
        copy_sources(proof, {}, folder)
        head, _ = _halves(proof.tasks[task]["script"])
        listing = f"{_select(module)}mutate -list {each} -seed {seed} -o list.txt @dut\n"
        (folder / "draw.ys").write_text(head + listing)
        code, _ = tools.call([*tools.yosys, "-ql", "log", "-s", "draw.ys"], folder, "out", LIMIT)
        require(code == 0, f"{proof.name} {task}: Yosys draws no mutants: {(folder / 'out').read_text()[-200:]}")
        # A clock is left alone: the proofs know one clock, whose edges are their steps.
        lines = [x for x in (folder / "list.txt").read_text().splitlines() if not re.search(r" -port (CLK|clk) ", x)]
        drawn.append([_parse(line, module, proof.name, task) for line in lines])
        shutil.rmtree(folder)
    return [m for row in zip_longest(*drawn) for m in row if m][:count]


def _parse(line: str, module: str, proof: str, task: str) -> NetlistMutant:
    command = re.sub(r" -(src|wire|wirebit) \S+", "", line)
    lines = sorted({int(number) for number in re.findall(rf"-src {module}\.v:(\d+)\.", line)})
    wire = re.search(r" -wire (\S+)", line)
    where = ("lines " if len(lines) > 1 else "line ") + ", ".join(map(str, lines)) if lines else ""
    return NetlistMutant(module, proof, task, command, "; ".join(filter(None, [where, wire and f"wire {wire[1]}"])))


def _with(proof: Proof, mutant: NetlistMutant) -> Proof:
    """The proof with two tasks: the mutant's own, and a search for claims in the same design, both mutated."""
    facts = proof.tasks[mutant.task]
    head, rest = _halves(facts["script"])
    script = f"{head}{mutant.command}\n{rest}"
    hunts = [proof.tasks[task] for task in proof.of("hunt")]
    deepest = max((int(hunt["depth"]) for hunt in hunts), default=int(facts["depth"]))
    cut = "delete c:i_*\n" if any("delete c:i_*" in hunt["script"] for hunt in hunts) else ""
    hunt = {**facts, "mode": "bmc", "depth": str(deepest), "script": script + cut}
    return replace(proof, tasks={"hunt": hunt, mutant.task: {**facts, "script": script}})


def test(tools: Tools, mutant: NetlistMutant, proofs: Mapping[str, Proof], folder: Path) -> Outcome:
    """Search a claim that fails, run the task, compare what passes; each process has a limit of processor time."""
    proof = _with(proofs[mutant.proof], mutant)
    key, seconds, late = task_key(proofs[mutant.proof], mutant.task), 0.0, ""
    for task, limit in (("hunt", GLANCE), (mutant.task, LIMIT)):
        done = run_task(tools, proof, task, {}, folder, limit)
        seconds += done.seconds
        if done.kind in ("claim", "invariant", "dead"):
            return Outcome(mutant, done.kind, done.what, round(seconds, 2), key)
        late = done.what if done.kind == "late" else ""
    shutil.rmtree(folder, ignore_errors=True)
    copy_sources(proof, {}, folder)
    head, _ = _halves(proofs[mutant.proof].tasks[mutant.task]["script"])
    way, used = same_netlist(tools, head, mutant.target, mutant.command, folder)
    verdict = "equivalent" if way else "undecided" if late else "survived"
    return Outcome(mutant, verdict, way or late, round(seconds + used, 2), key)


def run(modules: Iterable[str], proofs: Mapping[str, Proof], count: int, seed: int, jobs: int) -> bool:
    """Go on with the netlist mutants of some modules: what was measured with the task as it is, is not repeated.

    Returns whether all was done.
    """
    tools, done, start = Tools(), 0, time.monotonic()
    found = read(COMMITTED, LOG)

    def one(mutant: NetlistMutant) -> Outcome:
        folder = WORK / "netlist" / mutant.identity
        try:
            return test(tools, mutant, proofs, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            # Drawing takes no time beside testing, so that all are known before the first is tested.
            drawn = list(pool.map(lambda module: draw(tools, module, proofs, count, seed), modules))
            todo = [m for row in zip_longest(*drawn) for m in row if m]
            todo = [m for m in todo if m.identity not in found or not is_fresh(found[m.identity], proofs)]
            futures = [pool.submit(one, mutant) for mutant in todo]
            for future in as_completed(futures):
                outcome = future.result()
                append(LOG, outcome.line())
                done += 1
                said = f"{outcome.mutant.identity} {outcome.verdict} {outcome.what}".rstrip()
                print(f"netlist {done} of {len(todo)}, {time.monotonic() - start:.0f} s: {said}", file=sys.stderr)
        except (KeyboardInterrupt, Stopped):
            return False
        finally:
            # What is not done is not begun, whatever ended this.
            pool.shutdown(wait=False, cancel_futures=True)
            tools.stop()
    return True
