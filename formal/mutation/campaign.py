"""Takes mutants through the stages: proofs, then equivalence for those that pass them, then benches for the rest."""

import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import zip_longest
from pathlib import Path
from threading import get_ident, local
from typing import Any

from checkout import digest
from sby_files import ROOT, Proof, proof_key, task_key

from .benches import bench_key, run_bench
from .equivalence import compare, elaborate, equivalence_key
from .proofs import Stopped, Tools, Verdict, proofs_of, run_task
from .results import WORK, Record, Results
from .syntactic import Mutant, mutants_of, sample

__all__ = ["COUNT", "LIMIT", "SEED", "choose", "hunt", "is_due", "is_fresh", "prove", "run_stage"]

#: Mutants of one module, and what draws them.
COUNT, SEED = 22, 1

#: Seconds of processor time for each process of a proof, of a search for a claim that fails from reset, and of a short
#: such search.
LIMIT, HUNT_LIMIT, GLANCE = 60.0, 10.0, 6.0


def choose(seed: int, count: int, modules: Iterable[str] = (), root: Path = ROOT) -> list[Mutant]:
    """Up to `count` mutants of each module of rtl/, one of each in turn, so that any beginning is spread evenly."""
    wanted = set(modules)
    files = [path for path in sorted((root / "rtl").glob("*.v")) if not wanted or path.stem in wanted]
    drawn = [sample(mutants_of(path, root), count, seed) for path in files]
    return [mutant for row in zip_longest(*drawn) for mutant in row if mutant is not None]


def _hunts(proof: Proof, task: str = "") -> list[str]:
    """The hunts of a proof, the one at the parameters of `task` first."""
    return sorted(proof.of("hunt"), key=lambda name: name.partition("_")[2] != task.partition("_")[2])


def _result(verdict: str, proof: Proof, done: Verdict, seconds: float) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "by": f"{proof.name} {done.task}",
        "what": done.what,
        "seconds": round(seconds, 2),
        "own": round(done.seconds, 2),
        "key": task_key(proof, done.task),
    }


def prove(
    tools: Tools, mutant: Mutant, text: str, proofs: Mapping[str, Proof], folder: Path, before: str = ""
) -> dict[str, Any]:
    """Try every proof that reads the mutant's file; return the first that fails, as a stage's result.

    Of each proof the first hunt comes first, for a few seconds, since a claim that fails soon after reset is the
    cheapest to find; then the proofs themselves. before: "proof task" that killed it earlier, which is tried at once.
    """
    seconds, late = 0.0, ""
    reading = proofs_of(mutant.file, proofs)
    name, _, task = before.partition(" ")
    if name in proofs and task in proofs[name].tasks:
        done = run_task(tools, proofs[name], task, {mutant.file: text}, folder, LIMIT)
        seconds += done.seconds
        if done.kind == "claim":
            return _result(done.kind, proofs[name], done, seconds)
    for proof in reading:
        for task in (*_hunts(proof)[:1], *proof.proofs):
            hunting = task.startswith("hunt")
            done = run_task(tools, proof, task, {mutant.file: text}, folder, GLANCE if hunting else LIMIT)
            seconds += done.seconds
            if done.kind in ("dead", "claim", "invariant"):
                return _result(done.kind, proof, done, seconds)
            if done.kind == "late" and not hunting:
                late += f"{proof.name} {task}: {done.what}; "
    verdict = "late" if late else "passed"
    if not reading:
        error, seconds = elaborate(tools, mutant, text, folder)
        verdict, late = ("dead", error) if error else ("none", "")
    key = _unkilled_key(mutant, reading)
    return {"verdict": verdict, "by": "", "what": late, "seconds": round(seconds, 2), "key": key}


def _unkilled_key(mutant: Mutant, reading: Sequence[Proof]) -> str:
    """A hash of all that was read for a mutant that no proof kills."""
    return digest(*map(proof_key, reading)) if reading else equivalence_key(mutant)


def hunt(
    tools: Tools, mutant: Mutant, text: str, red: Mapping[str, Any], proofs: Mapping[str, Proof], folder: Path
) -> dict[str, Any]:
    """Of a proof that fails, but not by a claim, search a claim that fails from reset; `red` is the proof's result.

    The verdict is "claim" or "none": none within the depth of the hunts and the limit of time.
    """
    name, task = red["by"].split()
    proof, seconds = proofs[name], 0.0
    for other in _hunts(proof, task):
        done = run_task(tools, proof, other, {mutant.file: text}, folder, HUNT_LIMIT)
        seconds += done.seconds
        if done.kind == "claim":
            return _result("claim", proof, done, seconds)
    keys = digest(*(task_key(proof, other) for other in proof.of("hunt")))
    return {"verdict": "none", "by": "", "what": "", "seconds": round(seconds, 2), "key": keys}


def _is_current(record: Record, stage: str, proofs: Mapping[str, Proof]) -> bool:
    """Whether a stage's result is of the files as they are."""
    result, mutant = record.stages[stage], record.mutant
    if stage == "equivalence":
        return bool(result["key"] == equivalence_key(mutant))
    if stage == "bench":
        return bool(result["key"] == bench_key(mutant))
    if result["by"]:
        name, task = result["by"].split()
        return name in proofs and task in proofs[name].tasks and result["key"] == task_key(proofs[name], task)
    if stage == "hunt":
        name, _ = record.stages["proof"]["by"].split()
        hunts = proofs[name].of("hunt") if name in proofs else []
        return bool(result["key"] == digest(*(task_key(proofs[name], task) for task in hunts)))
    return bool(result["key"] == _unkilled_key(mutant, proofs_of(mutant.file, proofs)))


def is_fresh(record: Record, proofs: Mapping[str, Proof]) -> bool:
    """Whether all that the verdict rests on was measured on the files as they are."""
    if record.kill:
        return _is_current(record, "hunt" if record.word("hunt") == "claim" else "proof", proofs)
    return all(_is_current(record, stage, proofs) for stage in record.stages)


def is_due(record: Record | None, stage: str, proofs: Mapping[str, Proof]) -> bool:
    """Whether a stage has to be run for a mutant, or to be run again."""
    if stage == "proof":
        return record is None or stage not in record.stages or not _is_current(record, stage, proofs)
    if record is None or "proof" not in record.stages:
        return False
    if stage in record.stages and _is_current(record, stage, proofs):
        return False
    proof = record.word("proof")
    if stage == "hunt":
        return proof == "invariant"
    if stage == "equivalence":
        # Where no proof looks, the bench is cheaper than a comparison of the whole design.
        looked = proof in ("passed", "late") or (proof == "none" and record.word("bench") == "passed")
        return looked and not record.argued
    return record.verdict in ("survived", "undecided")


def run_stage(stage: str, todo: Sequence[Mutant], results: Results, proofs: Mapping[str, Proof], jobs: int) -> bool:
    """Take mutants through one stage, `jobs` at a time, and keep what comes out. Returns whether all was done."""
    tools, threads = Tools(), local()
    start, done = time.monotonic(), 0

    def one(mutant: Mutant) -> dict[str, Any]:
        if not hasattr(threads, "folder"):
            threads.folder = WORK / "runs" / f"{os.getpid()}-{get_ident()}"
        folder = threads.folder
        record = results.records.get(mutant.identity)
        text = mutant.apply((ROOT / mutant.file).read_text(encoding="utf-8"))
        try:
            if stage == "proof":
                return prove(tools, mutant, text, proofs, folder, record.kill.get("by", "") if record else "")
            if stage == "equivalence":
                return compare(tools, mutant, text, folder)
            if stage == "bench":
                return run_bench(tools, mutant, text, folder)
            assert record is not None
            return hunt(tools, mutant, text, record.stages["proof"], proofs, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(one, mutant): mutant for mutant in todo}
        try:
            for future in as_completed(futures):
                mutant, result = futures[future], future.result()
                results.add(mutant, stage, result)
                done += 1
                words = " ".join(filter(None, (result["verdict"], result["by"], result["what"])))
                spent = time.monotonic() - start
                print(f"{stage} {done} of {len(todo)}, {spent:.0f} s: {mutant.identity} {words}", file=sys.stderr)
        except (KeyboardInterrupt, Stopped):
            return False
        finally:
            if done < len(todo):
                for future in futures:
                    future.cancel()
                tools.stop()
    return True
